"""The short form of `make bench-search`: pages equal to a plain reckoning, and the plans that keep it fast."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.db.embedded.server import EmbeddedServer
from app.db.engine import driver_of, open_engine
from app.db.transaction import Mode, transaction
from app.domain.tickets import TicketPriority, TicketStatus
from app.reads.entities import TICKET
from app.reads.filters import TicketFilter, conditions_of
from app.reads.lists import load_list
from app.reads.orders import read_cursor
from app.reads.pages import Placed
from app.reads.reader import Reader
from app.reads.searching import BEST_FIRST
from app.reads.slots import Apart
from benchmarks.explaining import explained
from benchmarks.lists import NEWEST_FIRST
from benchmarks.search import fill
from tests.database import database
from tests.world import World, make_world

pytestmark = pytest.mark.asyncio(loop_scope="module")

TICKETS = 1500
SEARCHES = ("w0001 w0002", "w0000", "w0003 w01", "w0010 w0300", "w0700 w0", "w9999", "w0000 w0001 w0002 w0004")
OPEN_AND_URGENT = TicketFilter(
    status=(TicketStatus.NEW, TicketStatus.OPEN), priority=(TicketPriority.P1, TicketPriority.P2)
)
FILTERS = (None, OPEN_AND_URGENT, TicketFilter(status=(TicketStatus.CLOSED,)))

# What is said on a ticket, gathered anew for each: no kept words, no index, no function that finds.
_RECKONED = """
    SELECT t.id, round(1000000 * ts_rank_cd(t.words, asked.query, 1))::bigint AS relevance
    FROM (SELECT search_query($2) AS query) AS asked, (
        SELECT id, status, priority, ticket_words(title, description, (
            SELECT string_agg(body, ' ' ORDER BY created_at DESC, id DESC) FROM comments
            WHERE organization_id = $1 AND ticket_id = tickets.id AND deleted_at IS NULL AND (NOT internal OR $3)
        )) AS words
        FROM tickets WHERE organization_id = $1 AND deleted_at IS NULL
    ) AS t
    WHERE t.words @@ asked.query AND ($4::text[] IS NULL OR t.status = ANY ($4))
        AND ($5::text[] IS NULL OR t.priority = ANY ($5))
    ORDER BY relevance DESC, id DESC
"""
_MATCHED = """
    EXPLAIN SELECT kept.ticket_id FROM ticket_search AS kept
    WHERE kept.organization_id = (SELECT current_organization()) AND kept.staff_words @@ search_query('w0010 w0300')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Two organisations full of words; `owner` sees everything, as no application does."""

    engine: AsyncEngine
    world: World


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ground(database_server: EmbeddedServer, database_template: str) -> AsyncIterator[Ground]:
    async with database(database_server, database_template) as url:
        engine = open_engine(url, size=3)
        world, other = await make_world(engine), await make_world(engine, "Elsewhere")
        await fill(engine, world, TICKETS, commented=True)
        await fill(engine, other, TICKETS // 10, commented=True)
        async with engine.connect() as connection:
            # A seventh is the customer's, and one in thirty is gone.
            await connection.execute(
                sa.text(
                    "UPDATE tickets SET requester_id = :customer WHERE substr(ticket_number, 5)::integer % 7 = 0"
                    " AND organization_id = :organization"
                ),
                {"customer": world.users["customer"], "organization": world.organization_id},
            )
            await connection.execute(
                sa.text("UPDATE tickets SET deleted_at = now() WHERE substr(ticket_number, 5)::integer % 30 = 1")
            )
            await connection.execute(sa.text("VACUUM ANALYZE tickets, comments, ticket_search"))
        yield Ground(engine=engine, world=world)
        await engine.dispose()


async def reckoned(ground: Ground, search: str, wanted: TicketFilter | None, who: str) -> list[tuple[UUID, int]]:
    """Return what must be found, in order, with its rank."""
    words = [
        None if each is None else [str(one) for one in each]
        for each in ((None, None) if wanted is None else (wanted.status, wanted.priority))
    ]
    async with ground.engine.connect() as connection:
        driver = await driver_of(connection)
        rows = await driver.fetch(_RECKONED, ground.world.organization_id, search, who != "customer", *words)
        own = await driver.fetch(
            "SELECT id FROM tickets WHERE organization_id = $1 AND requester_id = $2",
            ground.world.organization_id,
            ground.world.users["customer"],
        )
    theirs = {row["id"] for row in own}
    return [(row["id"], row["relevance"]) for row in rows if who != "customer" or row["id"] in theirs]


async def paged(
    ground: Ground, search: str, wanted: TicketFilter | None, who: str, *, size: int
) -> tuple[list[tuple[UUID, int]], int]:
    """Return what is found page by page, with the ranks of its cursors, and how many are counted."""
    reader = Reader(ground.engine, ground.world.actor(who))
    found: list[tuple[UUID, int]] = []
    place: Any = None
    while True:
        page = await load_list(
            reader, TICKET, BEST_FIRST, Placed(size, place=place), *conditions_of(wanted), search=search
        )
        for edge in page.edges:
            rank, key = read_cursor(BEST_FIRST, edge.cursor)
            found.append((key, rank))
        if not page.has_next_page:
            break
        place = Apart(read_cursor(BEST_FIRST, page.edges[-1].cursor))
    count = await page.count()
    await reader.close()
    return found, count


@pytest.mark.parametrize("who", ["dispatcher", "customer"])
@pytest.mark.parametrize("wanted", FILTERS, ids=["everything", "open and urgent", "closed"])
async def test_pages_join_to_what_a_plain_reckoning_finds(
    ground: Ground, wanted: TicketFilter | None, who: str
) -> None:
    sizes = random.Random(20261127)
    hits = 0
    for search in SEARCHES:
        expected = await reckoned(ground, search, wanted, who)
        found, count = await paged(ground, search, wanted, who, size=sizes.choice((7, 30, 100)))
        assert (found, count) == (expected, len(expected)), search
        hits += len(expected)
    assert hits > 10


async def test_words_are_matched_by_their_index(ground: Ground) -> None:
    async with transaction(ground.engine, ground.world.organization_id, mode=Mode.READ) as connection:
        driver = await driver_of(connection)
        await driver.execute("RESET ROLE; SET LOCAL ROLE fieldgraph_search")
        plan = "\n".join(row[0] for row in await driver.fetch(_MATCHED))

    assert "Bitmap Index Scan on ticket_search_by_words" in plan
    assert "Seq Scan" not in plan


async def test_only_what_filters_let_through_is_ranked_and_nothing_is_scanned_whole(ground: Ground) -> None:
    reader = Reader(ground.engine, ground.world.actor("dispatcher"))

    async def page(_connection: AsyncConnection) -> Any:
        return await load_list(
            reader, TICKET, BEST_FIRST, Placed(20), *conditions_of(OPEN_AND_URGENT), search="w0001 w0002"
        )

    async with transaction(ground.engine, ground.world.organization_id, mode=Mode.READ) as connection:
        plan = await explained(ground.engine, connection, page)
    await reader.close()
    expected = await reckoned(ground, "w0001 w0002", OPEN_AND_URGENT, "dispatcher")
    (words,) = [at for at, line in enumerate(plan) if "ticket_search_pkey" in line]

    assert "Seq Scan" not in "\n".join(plan)
    assert f"loops={len(expected)})" in plan[words]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [(None, "tickets_by_creation"), (TicketFilter(status=(TicketStatus.OPEN,)), "tickets_at_status")],
)
async def test_a_list_reads_its_page_off_an_index(ground: Ground, wanted: TicketFilter | None, index: str) -> None:
    reader = Reader(ground.engine, ground.world.actor("dispatcher"))

    async def page(_connection: AsyncConnection) -> Any:
        return await load_list(reader, TICKET, NEWEST_FIRST, Placed(20), *conditions_of(wanted))

    async with transaction(ground.engine, ground.world.organization_id, mode=Mode.READ) as connection:
        plan = "\n".join(await explained(ground.engine, connection, page))
    await reader.close()

    assert f"Index Scan Backward using {index}" in plan
    assert "Sort" not in plan
    assert "Seq Scan" not in plan
