"""The log and its clocks: replayed they are the same, and tickets that had none get theirs from it."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from app.db import sla
from app.db.tables.organizations import organization_settings
from app.db.tables.sla import sla_clocks
from app.db.transaction import transaction
from app.domain.events import Event
from app.domain.promises import Keeper, turns_of
from app.domain.sla import DEFAULT_TARGETS, SlaClock, SlaPolicy, SlaState
from app.domain.tickets import TicketPriority, TicketStatus
from app.services.assignments.accept_assignment import accept_assignment
from app.services.assignments.job_step import StepCommand
from app.services.service_levels.start_clocks import start_clocks
from app.services.tickets.reopen_ticket import reopen_ticket
from app.services.tickets.ticket_action import TicketAction
from tests.services.promising import RESOLUTION, RESPONSE, clocks, metric_of, move, server, settle, told
from tests.services.scene import MORNING, Clock, Scene
from tests.world import make_world


@pytest.fixture
async def scene(engine: AsyncEngine, clock: Clock) -> Scene:
    """An organisation that promises what the settings say."""
    return Scene(engine=engine, world=await make_world(engine, promises=True), clock=clock)


async def test_the_log_says_what_every_clock_showed(scene: Scene, clock: Clock) -> None:
    """Replay the log through the rules: the clocks come out as they are stored, each of their events too."""
    ticket_id = await scene.ticket(by="customer", priority=TicketPriority.P3)
    clock.pass_by(minutes=20)
    await scene.finish(await scene.job(ticket_id=ticket_id))
    clock.pass_by(hours=1)
    await reopen_ticket(scene.writer, scene.actor("customer"), TicketAction(ticket_id=ticket_id, notes="Again."))
    clock.pass_by(minutes=5)
    await move(scene, ticket_id, TicketStatus.PENDING_INFO)
    clock.pass_by(minutes=50)
    await move(scene, ticket_id, TicketStatus.OPEN)
    clock.pass_by(hours=47)
    await settle(scene, ticket_id)
    await move(scene, ticket_id, TicketStatus.CANCELLED)

    async with transaction(scene.engine, scene.world.organization_id) as connection:
        policy = await sla.policy_in_force(connection, scene.world.organization_id, DEFAULT_TARGETS, clock())
        stored = {row.id: row for row in await connection.execute(sa.select(sla_clocks))}
    assert policy is not None
    replayed, events = replay(await scene.events(), policy, ticket_id)

    as_stored = {(row.metric, row.generation): sla.clock_of(row._asdict()) for row in stored.values()}
    assert {key: comparable(each) for key, each in replayed.items()} == {
        key: comparable(each) for key, each in as_stored.items()
    }
    assert len(as_stored) == 3
    assert events == [(event.type, metric_of(event)) for event in await told(scene)]


def comparable(each: SlaClock) -> SlaClock:
    return replace(each, id=UUID(int=0))


def replay(
    log: list[Event], policy: SlaPolicy, ticket_id: UUID
) -> tuple[dict[tuple[str, int], SlaClock], list[tuple[str, str]]]:
    changes: dict[UUID, list[Event]] = {}
    for event in log:
        if event.ticket_id == ticket_id:
            changes.setdefault(event.change_id, []).append(event)
    current: list[SlaClock] = []
    every: dict[tuple[str, int], SlaClock] = {}
    steps: list[tuple[str, str]] = []
    priority = TicketPriority.P3
    for events in changes.values():
        at = events[0].recorded_at
        keeper = Keeper(current, policy, priority, new_id=uuid7, at=at)
        turns = turns_of(events, actor_id=events[0].actor_id, by_staff=True)
        for turn in turns:
            keeper.follow(turn)
        if not turns:
            keeper.pass_time()
        current = keeper.clocks
        every |= {(tick.after.metric, tick.after.generation): tick.after for tick in keeper.ticks}
        steps += [(tick.type, tick.after.metric.value) for tick in keeper.ticks if tick.type is not None]
    return every, steps


async def test_tickets_that_were_there_before_get_the_clocks_that_their_log_gives_them(
    scene: Scene, clock: Clock
) -> None:
    await scene.alter(organization_settings, sla_enabled=False)
    waiting, answered = [await scene.ticket(by="customer", priority=TicketPriority.P1) for _ in range(2)]
    done = await scene.ticket()
    await move(scene, waiting, TicketStatus.OPEN)
    await move(scene, done, TicketStatus.CANCELLED)
    clock.pass_by(minutes=30)
    job_id = await scene.job(ticket_id=answered)
    await accept_assignment(scene.writer, scene.actor("ann"), StepCommand(assignment_id=job_id))
    await move(scene, waiting, TicketStatus.PENDING_PARTS)
    clock.pass_by(minutes=50)
    before = len(await scene.events())
    await scene.alter(organization_settings, sla_enabled=True)

    started = [await start_clocks(scene.writer, server(scene)) for _ in range(2)]

    assert started == [2, 0]
    assert {metric: each.state for metric, each in (await clocks(scene, waiting)).items()} == {
        RESPONSE: SlaState.BREACHED,
        RESOLUTION: SlaState.PAUSED,
    }
    response = (await clocks(scene, answered))[RESPONSE]
    assert (response.state, response.met_at) == (SlaState.MET, MORNING + timedelta(minutes=30))
    assert await clocks(scene, done) == {}
    assert [event.type for event in (await scene.events())[before:]] == ["SLA_STARTED"] * 4
    # What was over by then is shown and not told again.
    assert await settle(scene, waiting) is None


async def test_where_nothing_is_promised_no_clock_is_started(scene: Scene) -> None:
    await scene.alter(organization_settings, sla_enabled=False)
    await scene.ticket()

    assert await start_clocks(scene.writer, server(scene)) == 0
