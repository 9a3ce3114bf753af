"""Loads the example organisations into a migrated database.

The benchmark organisation stands beside the others. Its users are in `users.BENCHMARK_USERS`:
`fieldgraph token --user bench-dispatcher` gives a token for it.
"""

import asyncio
import gc
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from heapq import heappop, heappush
from random import Random
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.engine import open_engine
from app.db.founding import insert_organization
from app.db.journal import Journal, Rows, write
from app.db.ratings import count_ratings
from app.db.tables.customers import parts
from app.db.tables.families import TABLES
from app.db.tables.log import event_heads
from app.db.tables.tickets import ticket_counters
from app.db.transaction import system_transaction, transaction
from app.demo.charters import BENCHMARK, DEMO, OTHER, SMALL_BENCHMARK
from app.demo.company import Charter, Company, found
from app.demo.desk import Desk
from app.demo.ids import Ids, chance
from app.demo.life import Life
from app.demo.openings import open_for_bookings
from app.demo.plots import Plot, benchmark_plots, demo_plots, small_plots
from app.demo.whereabouts import report_locations

Progress = Callable[[str, int, int], None]
Deal = Callable[[Company, Random], Iterable[Plot]]

BENCHMARK_TICKETS = 100_000
# So that the two organisations share the rows nine to one.
_TIMES_SMALLER = 9
_FEWEST_BENCHMARK = 20
_SMALL_TICKETS = 30
_HOURLY_RATE = Decimal("72.50")
_YEAR = timedelta(days=365)
# Founding takes hours of the organisation's own time, and comes before the first ticket.
_FOUNDED_BEFORE = timedelta(days=4)
_CHUNK = 20_000
_AHEAD = 1
_TIMEOUT_SECONDS = 600


class AlreadyLoaded(Exception):
    """The organisation is in the database already; nothing was changed."""

    def __init__(self, organization_id: UUID) -> None:
        super().__init__(f"the example organisation {organization_id} is in the database already")
        self.organization_id = organization_id


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """An organisation to load: `stage` names it to whoever watches, `tickets` is how many it will have."""

    stage: str
    charter: Charter
    tickets: int
    deal: Deal


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunk:
    """Rows to write, and how many tickets began before they were whole."""

    rows: Rows
    begun: int


async def is_empty(url: str) -> bool:
    """Tell whether the database has no organisation with a log."""
    engine = open_engine(url, size=1)
    try:
        async with system_transaction(engine) as connection:
            logs = await connection.scalar(sa.select(sa.func.count()).select_from(event_heads))
    finally:
        await engine.dispose()
    return logs == 0


async def load_demo(url: str, *, tickets: int = 400, now: datetime, progress: Progress) -> None:
    """Load both demo organisations with a year of history that ends at `now` (aware).

    Equal `tickets` and `now` give equal rows. All or nothing: one transaction. `progress` hears
    the stage, how many tickets are done, and of how many.

    Raises:
        AlreadyLoaded: the demo organisations are there.
        ValueError: too few `tickets` to show every state, or `now` without a time zone.
    """
    await _load(
        url,
        [
            _Order(
                stage="demo",
                charter=DEMO,
                tickets=tickets,
                deal=lambda company, dice: demo_plots(company, dice, tickets, _YEAR),
            ),
            _Order(
                stage="second organisation",
                charter=OTHER,
                tickets=_SMALL_TICKETS,
                deal=lambda _, dice: small_plots(dice, _SMALL_TICKETS, _YEAR),
            ),
        ],
        now,
        progress,
    )


async def load_benchmark(url: str, *, tickets: int = BENCHMARK_TICKETS, now: datetime, progress: Progress) -> None:
    """Load the benchmark organisation, a ninth of it as another, and bring the planner's statistics up to date.

    200 technicians; 100,000 tickets and, as for any multiple of twenty, half as many again
    assignments and twice as many comments, with their events, in one transaction. Memory stays
    bounded. Statistics are gathered only where the login owns the tables.

    Raises:
        AlreadyLoaded: the benchmark organisation is there.
        ValueError: `now` has no time zone.
    """
    few = max(_FEWEST_BENCHMARK, tickets // _TIMES_SMALLER // _FEWEST_BENCHMARK * _FEWEST_BENCHMARK)
    orders = [
        _Order(
            stage="benchmark",
            charter=BENCHMARK,
            tickets=tickets,
            deal=lambda _, dice: benchmark_plots(dice, tickets, _YEAR),
        ),
        _Order(
            stage="small benchmark",
            charter=SMALL_BENCHMARK,
            tickets=few,
            deal=lambda _, dice: benchmark_plots(dice, few, _YEAR),
        ),
    ]
    await _load(url, orders, now, progress)


async def _load(url: str, orders: Iterable[_Order], now: datetime, progress: Progress) -> None:
    if now.tzinfo is None:
        raise ValueError("now must have a time zone")
    now = now.astimezone(UTC)
    orders = list(orders)
    engine = open_engine(url, size=1)
    collects = gc.isenabled()
    # Nothing here makes cycles, and looking for them costs a tenth of the time.
    gc.disable()
    try:
        first = orders[0].charter.organization_id
        async with transaction(engine, first, timeout_seconds=_TIMEOUT_SECONDS) as connection:
            for order in orders:
                await _fill(connection, order, now, progress)
        # As the login itself: only the owner of a table may analyse it.
        async with engine.connect() as plain:
            await plain.execute(sa.text(f"ANALYZE {', '.join(TABLES)}"))
    finally:
        if collects:
            gc.enable()
        await engine.dispose()


async def _fill(connection: AsyncConnection, order: _Order, now: datetime, progress: Progress) -> None:
    charter = order.charter
    begin = now - _YEAR - _FOUNDED_BEFORE
    await _register(connection, charter, begin)
    seed = f"{charter.organization_id} {order.tickets} {now.isoformat()}"
    dice, journal = chance(seed), Journal(charter.organization_id, Ids(seed))
    company = found(charter, journal, dice, begin)
    on_shelf = dict(company.parts)
    desk = Desk(company, journal, dice)
    lives = (Life(desk, plot, dice, now=now) for plot in order.deal(company, dice))
    chunks: asyncio.Queue[_Chunk | None] = asyncio.Queue(maxsize=_AHEAD)
    # The database works on one chunk while a thread invents the next ones.
    async with asyncio.TaskGroup() as group:
        group.create_task(_invent(_live(lives), journal, chunks))
        while (chunk := await chunks.get()) is not None:
            await write(connection, chunk.rows)
            progress(order.stage, chunk.begun, order.tickets)
    changed = [part for number, part in company.parts.items() if part is not on_shelf[number]]
    for part in changed:
        await connection.execute(
            sa.update(parts)
            .where(parts.c.organization_id == part.organization_id, parts.c.id == part.id)
            .values(stock=part.stock, version=part.version, updated_at=part.updated_at)
        )
    await count_ratings(connection, charter.organization_id)
    for year, last_number in desk.last_numbers.items():
        counter = {"organization_id": charter.organization_id, "year": year, "last_number": last_number}
        await connection.execute(sa.insert(ticket_counters).values(counter))
    head = {
        "organization_id": charter.organization_id,
        "position": journal.position,
        "recorded_at": journal.recorded_at,
    }
    await connection.execute(sa.insert(event_heads).values(head))
    await report_locations(connection, charter.organization_id, now)
    if charter in (DEMO, OTHER):
        # What is measured is measured without.
        await open_for_bookings(connection, charter.organization_id, now)


async def _register(connection: AsyncConnection, charter: Charter, at: datetime) -> None:
    """Begin to see this organisation and insert it.

    Guard: the primary key; a second loader waits here for the first and is then refused.
    """
    organization_id = charter.organization_id
    settings = {
        "app.organization_id": str(organization_id),
        # Foreign keys are checked by plans made while the tables are almost empty, and kept.
        "enable_seqscan": "off",
    }
    for name, value in settings.items():
        await connection.execute(sa.select(sa.func.set_config(name, value, sa.true())))
    zone = charter.region.time_zone
    if not await insert_organization(connection, organization_id, charter.name, zone, at, hourly_rate=_HOURLY_RATE):
        raise AlreadyLoaded(organization_id)


async def _invent(happening: Iterator[int], journal: Journal, chunks: "asyncio.Queue[_Chunk | None]") -> None:
    while (begun := await asyncio.to_thread(_go_on_until_full, happening, journal)) is not None:
        await chunks.put(_Chunk(rows=journal.take(), begun=begun))
    await chunks.put(None)


def _go_on_until_full(happening: Iterator[int], journal: Journal) -> int | None:
    """Let things happen until there is a chunk to write; return how many tickets began, None at the end."""
    last = None
    for begun in happening:
        last = begun
        if journal.waiting >= _CHUNK:
            break
    return last


def _live(lives: Iterable[Life]) -> Iterator[int]:
    """Let everything happen in the order of its moments; yield, after each change, how many began."""
    waiting: list[tuple[datetime, int, Iterator[datetime]]] = []
    begun = 0
    for life in lives:
        while waiting and waiting[0][0] <= life.born:
            _go_on(waiting)
            yield begun
        run = life.run()
        begun += 1
        heappush(waiting, (next(run), begun, run))
    while waiting:
        _go_on(waiting)
        yield begun


def _go_on(waiting: list[tuple[datetime, int, Iterator[datetime]]]) -> None:
    _, number, run = heappop(waiting)
    following = next(run, None)
    if following is not None:
        heappush(waiting, (following, number, run))
