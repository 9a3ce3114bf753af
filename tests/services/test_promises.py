"""Clocks of tickets as the services move them, and what the log tells of it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from app.db import sla
from app.db.tables.organizations import organization_settings
from app.db.tables.sla import business_calendars, sla_policies
from app.db.tables.tickets import tickets
from app.db.transaction import transaction
from app.domain.events import CLOCK, EventType
from app.domain.people import EventSource
from app.domain.promises import alarming
from app.domain.sla import DEFAULT_TARGETS, SlaState, SlaTarget
from app.domain.tickets import TicketPriority, TicketStatus
from app.jobs import promises as sweep
from app.services.assignments.accept_assignment import accept_assignment
from app.services.assignments.job_step import StepCommand
from app.services.comments.add_comment import AddComment, add_comment
from app.services.service_levels import settle_sla as settling
from app.services.service_levels.settle_sla import SettleSla, settle_sla
from app.services.situations import read_ticket
from app.services.tickets.create_ticket import create_ticket
from app.services.tickets.reopen_ticket import reopen_ticket
from app.services.tickets.resolve_ticket import resolve_ticket
from app.services.tickets.ticket_action import TicketAction
from app.services.tickets.update_ticket import UpdateTicket, update_ticket
from tests.services.promising import RESOLUTION, RESPONSE, clocks, metric_of, move, promise, settle, shown, told
from tests.services.scene import MORNING, Clock, Scene, new_ticket
from tests.world import make_world, writer_for


@pytest.fixture
async def scene(engine: AsyncEngine, clock: Clock) -> Scene:
    """An organisation that promises what the settings say."""
    return Scene(engine=engine, world=await make_world(engine, promises=True), clock=clock)


async def test_a_new_ticket_is_promised_what_its_priority_asks_for(scene: Scene) -> None:
    ticket_id = await scene.ticket(priority=TicketPriority.P2)
    found = await clocks(scene, ticket_id)

    assert {metric: each.due_at for metric, each in found.items()} == {
        RESPONSE: MORNING + timedelta(hours=4),
        RESOLUTION: MORNING + timedelta(hours=12),
    }
    assert await shown(scene, ticket_id) == (SlaState.RUNNING, MORNING + timedelta(hours=4))
    assert [event.type for event in await scene.events()] == ["TICKET_CREATED", "SLA_STARTED", "SLA_STARTED"]


async def test_an_organisation_that_promises_nothing_has_no_clocks(scene: Scene) -> None:
    await scene.alter(organization_settings, sla_enabled=False)
    ticket_id = await scene.ticket()

    assert await clocks(scene, ticket_id) == {}
    assert await told(scene) == []


@pytest.mark.parametrize("how", ["accept", "comment", "start"])
async def test_an_answer_meets_the_first_response(scene: Scene, clock: Clock, how: str) -> None:
    ticket_id = await scene.ticket(by="customer")
    clock.pass_by(minutes=10)
    if how == "comment":
        await add_comment(scene.writer, scene.actor("dispatcher"), AddComment(ticket_id=ticket_id, body="On our way."))
    elif how == "accept":
        job_id = await scene.job(ticket_id=ticket_id)
        await accept_assignment(scene.writer, scene.actor("ann"), StepCommand(assignment_id=job_id))
    else:
        await move(scene, ticket_id, TicketStatus.OPEN)
        job_id = await scene.job(ticket_id=ticket_id)
        await scene.finish(job_id)
    response = (await clocks(scene, ticket_id))[RESPONSE]

    assert (response.state, response.met_at) == (SlaState.MET, MORNING + timedelta(minutes=10))


@pytest.mark.parametrize(("by", "internal"), [("dispatcher", True), ("customer", False)])
async def test_what_nobody_is_answered_by_does_not_count(scene: Scene, by: str, internal: bool) -> None:
    ticket_id = await scene.ticket(by="customer")
    await add_comment(scene.writer, scene.actor(by), AddComment(ticket_id=ticket_id, body="Hm.", internal=internal))

    assert (await clocks(scene, ticket_id))[RESPONSE].state is SlaState.RUNNING


async def test_nobody_answers_themselves(scene: Scene) -> None:
    ticket_id = await scene.ticket(by="dispatcher")
    await add_comment(scene.writer, scene.actor("dispatcher"), AddComment(ticket_id=ticket_id, body="Also this."))

    assert (await clocks(scene, ticket_id))[RESPONSE].state is SlaState.RUNNING


async def test_waiting_for_the_customer_stops_the_resolution(scene: Scene, clock: Clock) -> None:
    ticket_id = await scene.ticket(priority=TicketPriority.P1)
    await move(scene, ticket_id, TicketStatus.OPEN)
    clock.pass_by(minutes=30)
    await move(scene, ticket_id, TicketStatus.PENDING_INFO)
    paused = (await clocks(scene, ticket_id))[RESOLUTION]
    clock.pass_by(minutes=20)
    await move(scene, ticket_id, TicketStatus.OPEN)

    assert (paused.state, paused.due_at) == (SlaState.PAUSED, None)
    assert (await clocks(scene, ticket_id))[RESOLUTION].due_at == MORNING + timedelta(hours=4, minutes=20)
    events = await told(scene, EventType.SLA_PAUSED, EventType.SLA_RESUMED)
    assert [event.type for event in events] == ["SLA_PAUSED", "SLA_RESUMED"]


async def test_another_priority_is_due_at_another_time(scene: Scene, clock: Clock) -> None:
    ticket_id = await scene.ticket(priority=TicketPriority.P4)
    clock.pass_by(minutes=30)
    command = UpdateTicket(ticket_id=ticket_id, expected_version=1, given=("priority",), priority=TicketPriority.P1)
    await update_ticket(scene.writer, scene.actor("dispatcher"), command)
    found = await clocks(scene, ticket_id)

    assert {each.generation for each in found.values()} == {2}
    assert found[RESOLUTION].due_at == MORNING + timedelta(hours=4)
    assert len(await told(scene, EventType.DUE_DATE_CHANGED)) == 4


async def test_a_reopened_ticket_is_owed_a_resolution_again(scene: Scene, clock: Clock) -> None:
    ticket_id = await scene.ticket(priority=TicketPriority.P1)
    await move(scene, ticket_id, TicketStatus.OPEN)
    await resolve_ticket(scene.writer, scene.actor("dispatcher"), TicketAction(ticket_id=ticket_id, notes="Done."))
    met = await shown(scene, ticket_id)
    clock.pass_by(hours=10)
    await reopen_ticket(scene.writer, scene.actor("dispatcher"), TicketAction(ticket_id=ticket_id, notes="Again."))

    assert met == (SlaState.MET, None)
    assert await shown(scene, ticket_id) == (SlaState.RUNNING, MORNING + timedelta(hours=14))


async def test_time_is_told_once_each(scene: Scene, clock: Clock) -> None:
    ticket_id = await scene.ticket(priority=TicketPriority.P1)
    for minutes in (45, 1, 8, 6, 200):
        clock.pass_by(minutes=minutes)
        await settle(scene, ticket_id)
        assert await settle(scene, ticket_id) is None
    alerts = await told(scene, EventType.SLA_WARNING, EventType.SLA_BREACHED)

    assert [(event.type, metric_of(event), event.source) for event in alerts] == [
        ("SLA_WARNING", "FIRST_RESPONSE", "SYSTEM"),
        ("SLA_WARNING", "FIRST_RESPONSE", "SYSTEM"),
        ("SLA_BREACHED", "FIRST_RESPONSE", "SYSTEM"),
        ("SLA_BREACHED", "RESOLUTION", "SYSTEM"),
    ]
    assert (await shown(scene, ticket_id))[0] == SlaState.BREACHED


async def test_many_workers_tell_once(scene: Scene, clock: Clock) -> None:
    await asyncio.gather(*(scene.ticket(priority=TicketPriority.P1) for _ in range(5)))
    clock.pass_by(hours=5)
    await asyncio.gather(*(sweep.settle_due(scene.writer, {}) for _ in range(4)))

    assert len(await told(scene, EventType.SLA_BREACHED)) == 10
    assert await sweep.settle_due(scene.writer, {}) == 0


async def test_without_the_ticket_s_lock_a_breach_told_twice_is_stopped_by_its_key(
    scene: Scene, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket_id = await scene.ticket(priority=TicketPriority.P1)
    clock.pass_by(hours=5)
    together = asyncio.Barrier(2)
    promised = sla.promised

    async def unlocked(change: Any, id_: UUID) -> Any:
        return await read_ticket(change, id_)

    async def at_once(*args: Any) -> Any:
        found = await promised(*args)
        await together.wait()
        return found

    monkeypatch.setattr(settling, "lock_ticket", unlocked)
    monkeypatch.setattr(sla, "promised", at_once)
    results = await asyncio.gather(settle(scene, ticket_id), settle(scene, ticket_id), return_exceptions=True)

    assert sum(isinstance(each, IntegrityError) for each in results) == 1
    assert len(await told(scene, EventType.SLA_BREACHED)) == 2


async def test_a_ticket_that_cannot_be_settled_keeps_no_other_waiting(
    scene: Scene, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = await scene.ticket(priority=TicketPriority.P1), await scene.ticket(priority=TicketPriority.P1)
    clock.pass_by(hours=5)
    real = settle_sla

    async def failing(writer: Any, actor: Any, command: SettleSla) -> Any:
        if command.ticket_id == bad:
            raise IntegrityError("spoiled", None, ValueError())
        return await real(writer, actor, command)

    monkeypatch.setattr(sweep, "settle_sla", failing)
    set_aside: dict[Any, Any] = {}
    await sweep.settle_due(scene.writer, set_aside)
    again = await sweep.settle_due(scene.writer, set_aside)
    monkeypatch.setattr(sweep, "settle_sla", real)
    clock.pass_by(minutes=2)
    await sweep.settle_due(scene.writer, set_aside)

    assert again == 0
    assert (await shown(scene, good))[0] == (await shown(scene, bad))[0] == SlaState.BREACHED


async def test_a_breach_escalates_where_the_policy_says_so(scene: Scene, clock: Clock) -> None:
    await promise(scene, auto_escalate_on_breach=True)
    ticket_id, nobodys = await scene.ticket(priority=TicketPriority.P1), await scene.ticket(priority=TicketPriority.P1)
    await scene.assign(ticket_id, "ann")
    clock.pass_by(hours=2)
    await sweep.settle_due(scene.writer, {})
    events = [event for event in await scene.events() if event.source is EventSource.SYSTEM]

    of_one = [event.type for event in events if event.ticket_id == ticket_id]
    assert of_one == ["JOB_ESCALATED", "JOB_ASSIGNED", "TICKET_ESCALATED", "SLA_BREACHED"]
    assert len({event.change_id for event in events if event.ticket_id == ticket_id}) == 1
    assert [event.type for event in events if event.ticket_id == nobodys] == ["SLA_BREACHED"]


async def test_a_breach_at_the_top_tier_is_told_and_escalates_nothing(scene: Scene, clock: Clock) -> None:
    await promise(scene, auto_escalate_on_breach=True)
    ticket_id = await scene.ticket(priority=TicketPriority.P1)
    await scene.assign(ticket_id, "ann")
    for _ in range(2):
        await scene.escalate(ticket_id)
    clock.pass_by(hours=2)
    await sweep.settle_due(scene.writer, {})

    events = [event for event in await scene.events() if event.source is EventSource.SYSTEM]
    assert [event.type for event in events] == ["SLA_BREACHED"]


async def test_other_settings_make_another_version_and_leave_what_was_promised(scene: Scene) -> None:
    first = await scene.ticket(priority=TicketPriority.P1)
    shorter = {**DEFAULT_TARGETS, TicketPriority.P1: SlaTarget(response_minutes=5, resolution_minutes=10)}
    writer = replace(writer_for(scene.engine, clock=scene.clock), targets=shorter)
    made = await asyncio.gather(
        *(create_ticket(writer, scene.actor("dispatcher"), new_ticket(priority=TicketPriority.P1)) for _ in range(4))
    )
    async with transaction(scene.engine, scene.world.organization_id) as connection:
        revisions = list(await connection.scalars(sa.select(sla_policies.c.revision).order_by(sla_policies.c.revision)))

    assert revisions == [1, 2]
    assert (await clocks(scene, first))[RESPONSE].target_minutes == 60
    assert {(await clocks(scene, each.ids["ticket"]))[RESPONSE].target_minutes for each in made} == {5}


async def test_hours_are_counted_by_the_policys_calendar(scene: Scene) -> None:
    calendar_id = uuid7()
    async with transaction(scene.engine, scene.world.organization_id) as connection:
        await connection.execute(
            sa.insert(business_calendars).values(
                organization_id=scene.world.organization_id,
                id=calendar_id,
                name="Office",
                time_zone="Europe/Amsterdam",
                weekly={day: [["09:00", "17:00"]] for day in ("MON", "TUE", "WED", "THU", "FRI")},
                holidays=[MORNING.date() + timedelta(days=1)],
                created_at=MORNING,
            )
        )
    await promise(scene, calendar_id=calendar_id)
    ticket_id = await scene.ticket(priority=TicketPriority.P2)
    found = await clocks(scene, ticket_id)

    # It is Monday, 10:00 in Amsterdam, and Tuesday is a holiday: seven hours today, five on Wednesday.
    assert found[RESPONSE].due_at == MORNING + timedelta(hours=4)
    assert found[RESOLUTION].due_at == MORNING + timedelta(days=2, hours=4)


async def test_a_breach_that_another_change_tells_escalates_too(scene: Scene, clock: Clock) -> None:
    await promise(scene, auto_escalate_on_breach=True)
    ticket_id = await scene.ticket(priority=TicketPriority.P4)
    job_id = await scene.job(ticket_id=ticket_id)
    await accept_assignment(scene.writer, scene.actor("ann"), StepCommand(assignment_id=job_id))
    clock.pass_by(hours=6)
    version = (await scene.row(tickets, ticket_id)).version
    raised = UpdateTicket(
        ticket_id=ticket_id, expected_version=version, given=("priority",), priority=TicketPriority.P1
    )
    await update_ticket(scene.writer, scene.actor("dispatcher"), raised)
    breached = await told(scene, EventType.SLA_BREACHED)
    await sweep.settle_due(scene.writer, {})
    again = await sweep.settle_due(scene.writer, {})

    # Whoever raised the priority told the breach; the worker passes the ticket on, once.
    assert [event.source for event in breached] == [EventSource.API]
    assert [event.type for event in await scene.events() if event.source is EventSource.SYSTEM] == [
        "JOB_ESCALATED",
        "JOB_ASSIGNED",
        "TICKET_ESCALATED",
    ]
    assert again == 0


async def test_a_comment_that_nothing_waits_for_moves_no_clock(scene: Scene, clock: Clock) -> None:
    ticket_id = await scene.ticket(by="customer", priority=TicketPriority.P1)
    await add_comment(scene.writer, scene.actor("dispatcher"), AddComment(ticket_id=ticket_id, body="On our way."))
    clock.pass_by(hours=5)
    before = await clocks(scene, ticket_id)
    await add_comment(scene.writer, scene.actor("dispatcher"), AddComment(ticket_id=ticket_id, body="Still on it."))

    assert await clocks(scene, ticket_id) == before
    assert await told(scene, EventType.SLA_BREACHED) == []


async def test_where_nobody_ever_works_nothing_is_ever_due(scene: Scene) -> None:
    calendar_id = uuid7()
    async with transaction(scene.engine, scene.world.organization_id) as connection:
        never = {"name": "Never", "time_zone": "UTC", "weekly": {}, "created_at": MORNING}
        key = {"organization_id": scene.world.organization_id, "id": calendar_id}
        await connection.execute(sa.insert(business_calendars).values(**key, **never))
    await promise(scene, calendar_id=calendar_id)
    ticket_id = await scene.ticket(priority=TicketPriority.P1)

    assert await shown(scene, ticket_id) == (SlaState.RUNNING, None)


async def test_an_alert_ends_when_its_clock_gives_way(scene: Scene, clock: Clock) -> None:
    ticket_id = await scene.ticket(priority=TicketPriority.P1)
    clock.pass_by(hours=5)
    await settle(scene, ticket_id)
    lowered = UpdateTicket(ticket_id=ticket_id, expected_version=1, given=("priority",), priority=TicketPriority.P4)
    written = await update_ticket(scene.writer, scene.actor("dispatcher"), lowered)
    ended = [event for event in await scene.events(written) if event.kind == CLOCK and alarming(event)]

    assert [event.type for event in ended] == ["DUE_DATE_CHANGED"] * 2
    assert (await shown(scene, ticket_id))[0] == SlaState.RUNNING


async def test_a_clock_that_stands_is_breached_by_a_shorter_target_and_escalates(scene: Scene, clock: Clock) -> None:
    await promise(scene, auto_escalate_on_breach=True)
    ticket_id = await scene.ticket(priority=TicketPriority.P4)
    job_id = await scene.job(ticket_id=ticket_id)
    await accept_assignment(scene.writer, scene.actor("ann"), StepCommand(assignment_id=job_id))
    clock.pass_by(hours=6)
    await move(scene, ticket_id, TicketStatus.PENDING_PARTS)
    version = (await scene.row(tickets, ticket_id)).version
    raised = UpdateTicket(
        ticket_id=ticket_id, expected_version=version, given=("priority",), priority=TicketPriority.P1
    )
    await update_ticket(scene.writer, scene.actor("dispatcher"), raised)
    await sweep.settle_due(scene.writer, {})

    assert [event.type for event in await scene.events() if event.source is EventSource.SYSTEM] == [
        "JOB_ESCALATED",
        "JOB_ASSIGNED",
        "TICKET_ESCALATED",
        "SLA_RESUMED",
    ]
    assert await sweep.settle_due(scene.writer, {}) == 0
