"""While others write, boards are loaded and followed: in the end each is what it would be anew.

The second test shows that the first can fail: there the cursor is read in another look than the rows.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle
from random import Random
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.db.log import head
from app.db.tables.organizations import organization_settings
from app.db.tables.people import technician_territories
from app.db.transaction import Mode, transaction
from resolvers import cursors
from schema.execution.answers import Way
from schema.ids import global_id
from tests.journeys.boards import FOLLOW, LOAD, KeptBoard, narrowed, shown
from tests.journeys.operations import EVENTS
from tests.journeys.people import Person, Stream
from tests.journeys.stage import Stage, job_for, ticket_for
from tests.sameness.asking import noted_ways
from tests.serving import serving
from tests.world import World

WRITERS = 4
ROUNDS = 10
FOLLOWERS = 16
LAST = "P4"
TECHNICIANS = ["ann", "bob", "cleo", "dan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What became of one board: as it was kept, as it is anew, and what was told meanwhile.

    `replayed` were told before the stream was live; `logged` are the ids of the events that the log has
    behind the cursor.
    """

    filter: dict[str, Any]
    kept: dict[str, Any]
    anew: dict[str, Any]
    told: list[dict[str, Any]]
    replayed: int
    logged: list[str]

    @property
    def events(self) -> list[str]:
        """The ids of the events that were told, in order."""
        return [message["id"] for message in self.told if message["__typename"].endswith("Event")]


@dataclass(slots=True, kw_only=True)
class Office:
    """A served organisation in which people write at once."""

    stage: Stage
    dispatcher: Person
    lead: Person
    technicians: dict[str, Person]
    rounds: list[asyncio.Event] = field(default_factory=lambda: [asyncio.Event() for _ in range(WRITERS * ROUNDS)])

    def boards(self) -> list[dict[str, Any]]:
        """Return the filters that followers have, which all show what Ann does in the centre."""
        world = self.stage.world
        centre = [global_id("Territory", world.territory_id)]
        return [
            narrowed(),
            narrowed(technicianIds=[self.stage.technician("ann")]),
            narrowed(teamIds=[global_id("Team", world.teams["north"])], includeUnassigned=False),
            narrowed(territoryIds=centre),
        ]

    async def write(self, chance: Random) -> None:
        """Take some tickets through some of what may become of them."""
        for _ in range(ROUNDS):
            next(each for each in self.rounds if not each.is_set()).set()
            await asyncio.sleep(chance.uniform(0, 0.4))
            where = {"territoryId": global_id("Territory", self.stage.world.territory_id)}
            priority = chance.choice(("P1", "P2", "P3"))
            ticket = await ticket_for(self.dispatcher, priority=priority, **(where if chance.random() < 0.6 else {}))
            # Whoever rejects a ticket does not get it back.
            for turn, name in enumerate(chance.sample(TECHNICIANS, chance.choice((0, 1, 1, 2)))):
                job = await job_for(self.dispatcher, self.stage, name, ticket)
                await self._work(chance, self.technicians[name], job, last=turn == 1)

    async def _work(self, chance: Random, technician: Person, job: str, *, last: bool) -> None:
        if not last or chance.random() < 0.3:
            await technician.do("rejectAssignment", assignmentId=job, rejectionReason="Ill.")
            return
        if chance.random() < 0.6:
            await technician.do("acceptAssignment", assignmentId=job)
            await technician.do("startWork", assignmentId=job)
        else:
            return
        if chance.random() < 0.5:
            outcome = chance.choice(("SUCCESS", "PARTS_REQUIRED"))
            await technician.do("completeAssignment", assignmentId=job, outcome=outcome, timeSpentHours=1)

    async def end(self) -> None:
        """Do something that every board shows, and that is like nothing else that is done."""
        where = {"territoryId": global_id("Territory", self.stage.world.territory_id)}
        await job_for(self.dispatcher, self.stage, "ann", await ticket_for(self.dispatcher, priority=LAST, **where))

    async def follow(self, filter_: dict[str, Any], due: int, pause: float, loaded: asyncio.Semaphore) -> Followed:
        """Load a board in the midst of a round, say so, and after a pause follow it to the end."""
        await self.rounds[due].wait()
        told = (await self.lead.ask(LOAD, filter=filter_))["dispatchBoard"]
        loaded.release()
        board = KeptBoard.loaded(told)
        # Somebody's browser needs a moment too.
        await asyncio.sleep(pause)
        async with self.lead.following(FOLLOW, filter=filter_, after=told["eventCursor"]) as stream:
            messages = [message async for message in _to_the_end(stream)]
        kinds = [message["__typename"] for message in messages]
        for message in messages:
            board.apply(message)
        anew = (await self.lead.ask(LOAD, filter=filter_))["dispatchBoard"]
        logged = (await self.lead.ask(EVENTS, after=told["eventCursor"], first=500))["events"]
        assert logged["hasMore"] is False
        return Followed(
            filter=filter_,
            kept=board.shown(),
            anew=shown(anew),
            told=messages,
            replayed=kinds.index("StreamReady"),
            logged=[event["id"] for event in logged["events"]],
        )


async def _to_the_end(stream: Stream) -> AsyncIterator[dict[str, Any]]:
    """Yield messages until the stream is live and has told the last event of what ends a race."""
    live = ended = False
    while not (live and ended):
        message = await stream.next()
        yield message
        live |= message["__typename"] == "StreamReady"
        ended |= message.get("type") == "TICKET_STATUS_CHANGED" and message["ticket"]["priority"] == LAST


@asynccontextmanager
async def office(database_url: str, engine: AsyncEngine, world: World, *, plans: bool) -> AsyncIterator[Office]:
    """Serve the small organisation, where Ann and Cleo work in the centre."""
    async with transaction(engine, world.organization_id) as connection:
        for name in ("ann", "cleo"):
            key = {"technician_id": world.technicians[name], "territory_id": world.territory_id}
            values = {"organization_id": world.organization_id, **key}
            await connection.execute(sa.insert(technician_territories).values(values))
        # Several writers share a technician, and none asks the others.
        await connection.execute(sa.update(organization_settings).values(one_job_in_progress=False))
    settings = {"read_plans": plans, "max_cost": 100_000, "max_sockets_per_user": 100, "max_sockets_per_ip": 100}
    async with serving(database_url, **settings) as served, AsyncExitStack() as leaving:
        stage = Stage(served=served, engine=engine, world=world, leaving=leaving)
        yield Office(
            stage=stage,
            dispatcher=await stage.enter("dispatcher"),
            lead=await stage.enter("lead"),
            technicians={name: await stage.enter(name) for name in TECHNICIANS},
        )


async def race(office: Office, seed: int) -> list[Followed]:
    """Let some write and others load and follow, until nothing happens any more."""
    chance = Random(seed)
    loaded = asyncio.Semaphore(0)
    filters: Iterator[dict[str, Any]] = cycle(office.boards())
    async with asyncio.TaskGroup() as tasks:
        following = [
            tasks.create_task(
                office.follow(next(filters), number * WRITERS * ROUNDS // FOLLOWERS, chance.uniform(0, 0.3), loaded)
            )
            for number in range(FOLLOWERS)
        ]
        await asyncio.gather(*(office.write(Random(f"{seed} {number}")) for number in range(WRITERS)))
        for _ in range(FOLLOWERS):
            await loaded.acquire()
        await office.end()
    return [task.result() for task in following]


@pytest.mark.parametrize("way", list(Way))
async def test_a_board_that_is_followed_from_its_cursor_becomes_what_it_is_anew(
    database_url: str, engine: AsyncEngine, world: World, monkeypatch: pytest.MonkeyPatch, way: Way
) -> None:
    noted = noted_ways(monkeypatch)
    async with office(database_url, engine, world, plans=way is Way.PLAN) as here:
        followed = await race(here, seed=1)

    print(f"{way}: {told_of(followed)}")  # noqa: T201  # shown when it fails
    assert way in noted
    assert len(followed) == FOLLOWERS
    assert wrong(followed) == []
    for each in followed:
        # No gap and nothing twice: of the whole board all events, of a part some, in their order.
        logged = iter(each.logged)
        assert all(event in logged for event in each.events)
        assert each.filter != narrowed() or each.events == each.logged
    # It was a race: boards were loaded in between, and much happened afterwards.
    assert len({len(each.logged) for each in followed}) > FOLLOWERS // 2
    assert any(message["__typename"] == "RemovedFromView" for each in followed for message in each.told)
    assert any(each.replayed for each in followed)


async def test_a_cursor_of_another_look_than_the_rows_loses_events(
    database_url: str, engine: AsyncEngine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def later(_connection: AsyncConnection, organization_id: UUID) -> int:
        await asyncio.sleep(0.2)
        async with transaction(engine, organization_id, mode=Mode.READ) as connection:
            return await head(connection, organization_id)

    monkeypatch.setattr(cursors, "head", later)
    async with office(database_url, engine, world, plans=False) as here:
        followed = await race(here, seed=1)

    print(told_of(followed))  # noqa: T201  # shown when it fails
    assert wrong(followed) != []


def wrong(followed: list[Followed]) -> list[Followed]:
    """Return the boards that came to be something else than they are anew."""
    return [each for each in followed if each.kept != each.anew]


def told_of(followed: list[Followed]) -> str:
    """Return the figures of a race."""
    events, replayed = sum(len(each.events) for each in followed), sum(each.replayed for each in followed)
    return f"{len(followed)} boards, {events} events told, {replayed} of them replayed, {len(wrong(followed))} wrong"
