"""What front ends and phones send is answered by one statement each, and answers and statements are as committed.

`make generate` renews both, and so does RENEW_GOLDENS=1: read the difference before it is committed.
"""

import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from app.db.embedded.server import EmbeddedServer
from app.domain.people import Actor
from app.domain.policy import visibility_class
from schema.build import executable, schema
from schema.execution.documents import Documents
from schema.execution.planning import Plans
from tests.database import database
from tests.sameness.asking import Asked
from tests.sameness.golden import (
    FOLDER,
    Golden,
    Plainland,
    answer_text,
    goldens,
    plainland,
    planned,
    queries_in_readme,
    statement_text,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

_RENEW = "RENEW_GOLDENS" in os.environ
_EVERY = [pytest.param(golden, id=golden.name) for golden in goldens()]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def land(database_server: EmbeddedServer, database_template: str) -> AsyncIterator[Plainland]:
    with pytest.MonkeyPatch.context() as patch:
        async with database(database_server, database_template) as url, plainland(url, patch) as made:
            yield made


@pytest.mark.parametrize("golden", _EVERY)
async def test_the_answer_is_as_committed_and_the_same_both_ways(land: Plainland, golden: Golden) -> None:
    replies = await land.ask(golden.viewer, land.asked(golden))

    assert planned(replies)
    assert not replies.differ
    assert b'"errors"' not in replies.planned.body
    _hold(golden, "json", answer_text(replies))


@pytest.mark.parametrize("golden", _EVERY)
async def test_the_statement_is_as_committed(land: Plainland, golden: Golden) -> None:
    asked, viewer = land.asked(golden), land.viewer(golden.viewer)
    actor = Actor(organization_id=land.organisation.id, user_id=None, roles=viewer.roles)
    document = Documents(executable()).read(asked.query)
    plans = Plans(schema())
    plan = plans.find(plans.ask(document, None, asked.variables), visibility_class(actor))

    _hold(golden, "sql", statement_text(plan))


@pytest.mark.parametrize("query", list(queries_in_readme()))
async def test_what_the_readme_reads_is_planned(land: Plainland, query: str) -> None:
    replies = await land.ask("dispatcher", Asked(query=query))

    assert planned(replies)
    assert not replies.differ


async def test_every_file_belongs_to_an_operation() -> None:
    names = {golden.name for golden in goldens()}

    assert len(names) >= 15
    assert {path.stem for path in FOLDER.iterdir()} == names
    assert len(list(queries_in_readme())) >= 1


def _hold(golden: Golden, kind: str, text: str) -> None:
    file = golden.file(kind)
    if _RENEW:
        file.write_text(text)
    assert file.read_text() == text
