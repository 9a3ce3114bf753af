"""Operations as front ends and phones send them, with their answers and statements as committed.

An operation's file begins with comments: what it is for, `viewer:` who asks, and `variables:` as JSON.
In these, `Ticket#7` stands for the id of the seventh ticket of the plain organisation, counted from 0.
"""

import json
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.db.engine import open_engine
from app.reads.plans import Plan
from schema.execution.answers import Way
from tests.sameness.asking import Asked, Replies, Servers, both_servers
from tests.sameness.loading import fix_log, load
from tests.sameness.organisation import Organisation, named
from tests.sameness.viewers import Viewer, viewers_of
from tests.sameness.vocabulary import PLAIN

FOLDER = Path(__file__).parents[1] / "graphql" / "operations"
README = Path(__file__).parents[2] / "README.md"

_TICKETS = 24
_NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_ROW = re.compile(r"([A-Z][A-Za-z]+)#(\d+)")


@dataclass(frozen=True, slots=True)
class Golden:
    """A committed operation: the folder's files of one name."""

    name: str

    @property
    def text(self) -> str:
        """The operation as it stands in its file."""
        return (FOLDER / f"{self.name}.graphql").read_text()

    @property
    def viewer(self) -> str:
        """Who asks, by the name of the organisation's people."""
        return self._told("viewer") or ""

    @property
    def variables(self) -> dict[str, Any]:
        """The variables, with rows still named by their numbers."""
        found: dict[str, Any] = json.loads(self._told("variables") or "{}")
        return found

    def file(self, kind: str) -> Path:
        """Return where its answer (json) or its statement (sql) is committed."""
        return FOLDER / f"{self.name}.{kind}"

    def _told(self, what: str) -> str | None:
        found = re.search(rf"(?m)^# {what}: (.+)$", self.text)
        return None if found is None else found[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plainland:
    """The plain organisation, served both ways."""

    servers: Servers
    organisation: Organisation
    viewers: Sequence[Viewer]

    def viewer(self, name: str) -> Viewer:
        """Return the person of this name, with all their roles."""
        return next(each for each in self.viewers if each.name.split()[0] == name)

    def asked(self, golden: Golden) -> Asked:
        """Return the request, rows by their ids."""
        return Asked(query=golden.text, variables=_with_ids(golden.variables, self.organisation))

    async def ask(self, name: str, asked: Asked) -> Replies:
        """Ask both servers as the person of this name."""
        return await self.servers.ask(self.viewer(name), asked)


@asynccontextmanager
async def plainland(url: str, patch: pytest.MonkeyPatch) -> AsyncIterator[Plainland]:
    """Fill a migrated database, the same every time, and serve it both ways until the block ends."""
    engine = open_engine(url, size=3)
    organisation = named("Plainland", PLAIN)
    await fix_log(engine)
    await load(engine, organisation, many=_TICKETS, now=_NOW)
    await engine.dispose()
    async with both_servers(url, patch) as servers:
        yield Plainland(servers=servers, organisation=organisation, viewers=list(viewers_of(organisation)))


def goldens() -> Iterator[Golden]:
    """Yield the committed operations by name."""
    return (Golden(path.stem) for path in sorted(FOLDER.glob("*.graphql")))


def answer_text(replies: Replies) -> str:
    """Return a response as it is committed."""
    return json.dumps(json.loads(replies.planned.body), indent=2, ensure_ascii=False) + "\n"


def statement_text(plan: Plan) -> str:
    """Return a statement as it is committed, after its parameters' names."""
    names = "".join(f"-- ${number} {name}\n" for number, name in enumerate(plan.names, start=1))
    return f"{names}{plan.sql.rstrip()}\n"


def queries_in_readme() -> Iterator[str]:
    """Yield the documents of the README's requests that only read."""
    for body in re.findall(r"-d '(\{\"query\":.+?\})'", README.read_text(), re.DOTALL):
        query = json.loads(body)["query"]
        if not query.lstrip().startswith("mutation"):
            yield query


def planned(replies: Replies) -> bool:
    """Tell whether one statement wrote the response."""
    return replies.way is Way.PLAN


def _with_ids(value: Any, organisation: Organisation) -> Any:
    match value:
        case str() if found := _ROW.fullmatch(value):
            return organisation.id_of(found[1], int(found[2]))
        case dict():
            return {name: _with_ids(each, organisation) for name, each in value.items()}
        case list():
            return [_with_ids(each, organisation) for each in value]
        case _:
            return value
