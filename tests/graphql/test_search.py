"""Finding tickets by their words: both ways of reading, and what nobody may learn from it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.embedded.server import EmbeddedServer
from app.db.engine import open_engine
from app.db.tables.tickets import comments, tickets
from app.db.transaction import transaction
from schema.ids import global_id
from tests.database import database
from tests.serving import Served, serving, token
from tests.world import BEFORE, World, make_world

pytestmark = pytest.mark.asyncio(loop_scope="module")

ODD = (
    "!!",
    "🙂",
    "' OR 1=1 --",
    "a & b | !c <-> d:*",
    "\\",
    '"',
    "(((",
    ":*",
    "the of",
    "%",
    "\ue000x\ue001",
    "x" * 200,
)
SEARCH = """
query Find($search: String, $filter: TicketFilter, $orderBy: [TicketOrder!], $first: Int, $after: String) {
  tickets(search: $search, filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } edges { cursor snippet node { title } }
  }
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A database with a few tickets, served by the way that compiles reads and by the other."""

    engine: AsyncEngine
    world: World
    other: World
    planned: Served
    ordinary: Served

    async def find(self, who: str, search: str | None, world: World | None = None, **more: Any) -> dict[str, Any]:
        """Return the answer, which both ways must give."""
        bearer = token(world or self.world, who)
        variables = {"search": search, **more}
        first, second = [await each.ask(bearer, SEARCH, variables) for each in (self.planned, self.ordinary)]
        assert first == second
        return first

    async def titles(self, who: str, search: str | None, world: World | None = None, **more: Any) -> list[str]:
        """Return the titles that are found, and that both counts say the same."""
        answer = await self.find(who, search, world, **more)
        page = answer["data"]["tickets"]
        found = [edge["node"]["title"] for edge in page["edges"]]
        assert page["totalCount"] == len(found)
        return found


async def ticket(engine: AsyncEngine, world: World, title: str, description: str, **values: Any) -> UUID:
    """Insert a ticket and return its key."""
    row = {
        "organization_id": world.organization_id,
        "ticket_number": f"TKT-{title}",
        "title": title,
        "description": description,
        "status": "NEW",
        "priority": "P3",
        "category": "INCIDENT",
        "requester_id": world.users["customer"],
        "created_at": BEFORE,
        "updated_at": BEFORE,
        **values,
    }
    async with transaction(engine, world.organization_id) as connection:
        key: UUID = (await connection.execute(sa.insert(tickets).values(row).returning(tickets.c.id))).scalar_one()
    return key


async def comment(engine: AsyncEngine, world: World, ticket_id: UUID, body: str, *, internal: bool) -> UUID:
    """Insert a comment and return its key."""
    row = {
        "organization_id": world.organization_id,
        "ticket_id": ticket_id,
        "author_id": world.users["dispatcher"],
        "body": body,
        "internal": internal,
        "system_generated": False,
        "created_at": BEFORE,
        "updated_at": BEFORE,
    }
    async with transaction(engine, world.organization_id) as connection:
        key: UUID = (await connection.execute(sa.insert(comments).values(row).returning(comments.c.id))).scalar_one()
    return key


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ground(database_server: EmbeddedServer, database_template: str) -> AsyncIterator[Ground]:
    async with database(database_server, database_template) as url:
        engine = open_engine(url, size=3)
        world, other = await make_world(engine), await make_world(engine, "Elsewhere")
        pump = await ticket(engine, world, "Größe der Pumpe", "It leaks <b>badly</b> & drips, at the café's door.")
        await comment(engine, world, pump, "Brought a new gasket.", internal=False)
        await comment(engine, world, pump, "Customer is a nuisance <script>alert(1)</script>.", internal=True)
        await ticket(engine, world, "Boiler", "The pumpe next to it hums.", priority="P1")
        await ticket(engine, world, "Gone", "A pumpe of the past.", deleted_at=BEFORE)
        await ticket(engine, world, "Hidden", "A pumpe of others.", requester_id=world.users["stranger"])
        await ticket(engine, other, "Theirs", "Their pumpe leaks at the café.")
        async with serving(url) as planned, serving(url, read_plans=False) as ordinary:
            yield Ground(engine=engine, world=world, other=other, planned=planned, ordinary=ordinary)
        await engine.dispose()


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("pumpe", ["Größe der Pumpe", "Boiler", "Hidden"]),
        ("PUMPE GROS", ["Größe der Pumpe"]),
        ("grosse pum", ["Größe der Pumpe"]),
        ("cafe leaks", ["Größe der Pumpe"]),
        ("pum leaks", []),
        ("pumpe gasket", ["Größe der Pumpe"]),
        ("nuisance", ["Größe der Pumpe"]),
        ("absent", []),
    ],
)
async def test_every_word_must_be_in_the_ticket_and_the_last_may_be_begun(
    ground: Ground, search: str, found: list[str]
) -> None:
    titles = await ground.titles("dispatcher", search)

    assert sorted(titles) == sorted(found)
    assert titles[:1] == found[:1]


async def test_another_organisation_finds_its_own_alone(ground: Ground) -> None:
    assert await ground.titles("dispatcher", "pumpe", ground.other) == ["Theirs"]


async def test_what_is_internal_is_neither_matched_nor_ranked_nor_shown_nor_counted_for_customers(
    ground: Ground,
) -> None:
    staff = await ground.find("dispatcher", "nuisance")
    customer = await ground.find("customer", "nuisance")
    beside = (await ground.find("customer", "pumpe nuis"))["data"]["tickets"]
    word = await ticket(ground.engine, ground.world, "Quiet", "Something rattles.")
    before = (await ground.find("customer", "rattles"))["data"]["tickets"]
    await comment(ground.engine, ground.world, word, "rattles rattles rattles", internal=True)
    after = (await ground.find("customer", "rattles"))["data"]["tickets"]
    told = (await ground.find("dispatcher", "rattles"))["data"]["tickets"]

    assert staff["data"]["tickets"]["totalCount"] == 1
    assert customer["data"]["tickets"] == {
        "totalCount": 0,
        "pageInfo": {"hasNextPage": False, "endCursor": None},
        "edges": [],
    }
    assert beside["totalCount"] == 0
    # The cursor holds the rank: a secret word changes neither it nor what is shown.
    assert before == after
    assert told["edges"][0]["cursor"] != after["edges"][0]["cursor"]


async def test_snippets_are_escaped_and_their_hits_marked(ground: Ground) -> None:
    said = (await ground.find("dispatcher", "nuisance"))["data"]["tickets"]["edges"][0]["snippet"]
    written = (await ground.find("customer", "bad cafe"))["data"]["tickets"]
    described = (await ground.find("customer", "cafe bad"))["data"]["tickets"]["edges"][0]["snippet"]

    assert "<mark>nuisance</mark>" in said
    assert "<script" not in said
    assert written["totalCount"] == 0
    assert described.count("<mark>") == described.count("</mark>") == 2
    assert "&amp;" in described
    assert "<b>" not in described


async def test_without_a_search_there_is_no_snippet(ground: Ground) -> None:
    edges = (await ground.find("dispatcher", None))["data"]["tickets"]["edges"]

    assert {edge["snippet"] for edge in edges} == {None}
    assert [edge["node"]["title"] for edge in edges] == await ground.titles("dispatcher", "  ")


async def test_a_search_can_be_narrowed_ordered_and_paged(ground: Ground) -> None:
    urgent = await ground.titles("dispatcher", "pumpe", filter={"priority": ["P1"]})
    mine = await ground.titles(
        "dispatcher",
        "pumpe",
        filter={"requesterId": {"eq": global_id("User", ground.world.users["stranger"])}},
    )
    by_priority = await ground.titles("dispatcher", "pumpe", orderBy=[{"field": "PRIORITY"}])
    found, cursor = [], None
    for _ in range(3):
        page = (await ground.find("dispatcher", "pumpe", first=1, after=cursor))["data"]["tickets"]
        found += [edge["node"]["title"] for edge in page["edges"]]
        cursor = page["pageInfo"]["endCursor"]

    assert urgent == by_priority[:1] == ["Boiler"]
    assert mine == ["Hidden"]
    assert found == await ground.titles("dispatcher", "pumpe")
    assert not page["pageInfo"]["hasNextPage"]


@pytest.mark.parametrize(
    "search",
    ODD,
)
async def test_operators_and_odd_characters_are_nothing_but_text(ground: Ground, search: str) -> None:
    assert await ground.titles("dispatcher", search) == []


@pytest.mark.parametrize("search", ["x" * 201, "a " * 5_000, "pump\x00"])
async def test_what_no_text_can_have_is_refused(ground: Ground, search: str) -> None:
    answer = await ground.find("dispatcher", search)

    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_changed_words_are_found_and_former_ones_are_not(ground: Ground) -> None:
    key = await ticket(ground.engine, ground.world, "Former", "Nothing yet.")
    said = await comment(ground.engine, ground.world, key, "zebra", internal=False)
    async with transaction(ground.engine, ground.world.organization_id) as connection:
        await connection.execute(sa.update(tickets).where(tickets.c.id == key).values(title="Latter"))
    assert await ground.titles("dispatcher", "former") == []
    assert await ground.titles("customer", "latter zebra") == ["Latter"]

    async with transaction(ground.engine, ground.world.organization_id) as connection:
        await connection.execute(sa.update(comments).where(comments.c.id == said).values(internal=True))
    assert await ground.titles("customer", "zebra") == []
    assert await ground.titles("dispatcher", "zebra") == ["Latter"]

    async with transaction(ground.engine, ground.world.organization_id) as connection:
        await connection.execute(sa.update(comments).where(comments.c.id == said).values(deleted_at=BEFORE))
    assert await ground.titles("dispatcher", "zebra") == []


async def test_two_comments_at_once_are_both_found(ground: Ground) -> None:
    key = await ticket(ground.engine, ground.world, "Busy", "Two people write on it.")
    first_said, may_end = asyncio.Event(), asyncio.Event()
    statement = sa.insert(comments).values(
        organization_id=ground.world.organization_id,
        ticket_id=key,
        author_id=ground.world.users["dispatcher"],
        body=sa.bindparam("said"),
        internal=False,
        system_generated=False,
        created_at=BEFORE,
        updated_at=BEFORE,
    )

    async def first() -> None:
        async with transaction(ground.engine, ground.world.organization_id) as connection:
            await connection.execute(statement, {"said": "quagga"})
            first_said.set()
            await may_end.wait()

    async def second() -> None:
        await first_said.wait()
        async with transaction(ground.engine, ground.world.organization_id) as connection:
            await connection.execute(statement, {"said": "okapi"})

    both = [asyncio.create_task(first()), asyncio.create_task(second())]
    done, _ = await asyncio.wait(both, timeout=0.5)
    # The second waits for the words of the first.
    assert not done
    may_end.set()
    await asyncio.gather(*both)

    assert await ground.titles("customer", "quagga okapi") == ["Busy"]
