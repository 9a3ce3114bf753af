from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.db.tables.assignments import assignments
from app.db.tables.organizations import organization_settings
from app.db.tables.tickets import comments, tickets
from app.db.transaction import transaction
from app.domain.events import EventType
from app.domain.refusals import Forbidden, InvalidTransition, NotFound, ReopenWindowClosed, StaleVersion
from app.domain.tickets import TicketStatus
from app.services.assignments.job_step import StepCommand
from app.services.assignments.pause_work import pause_work
from app.services.assignments.start_travel import start_travel
from app.services.deleting import Delete
from app.services.perform import Written
from app.services.tickets.close_ticket import close_ticket
from app.services.tickets.delete_ticket import delete_ticket
from app.services.tickets.reopen_ticket import reopen_ticket
from app.services.tickets.resolve_ticket import resolve_ticket
from app.services.tickets.ticket_action import TicketAction
from app.services.tickets.transition_ticket import TransitionTicket, transition_ticket
from tests.services.scene import Clock, Scene

S = TicketStatus


async def move(scene: Scene, ticket_id: UUID, to: TicketStatus, by: str = "dispatcher", **values: Any) -> Written:
    command = TransitionTicket(ticket_id=ticket_id, to=to, **values)
    return await transition_ticket(scene.writer, scene.actor(by), command)


async def job_in(scene: Scene, status: str) -> UUID:
    """Return Ann's job in this status."""
    if status == "ASSIGNED":
        return await scene.job("ann")
    if status in {"ACCEPTED", "EN_ROUTE"}:
        job_id = await scene.accepted("ann")
        if status == "EN_ROUTE":
            await start_travel(scene.writer, scene.actor("ann"), StepCommand(assignment_id=job_id))
        return job_id
    job_id = await scene.started("ann")
    if status == "PAUSED":
        await pause_work(scene.writer, scene.actor("ann"), StepCommand(assignment_id=job_id))
    return job_id


FOLLOWS = [
    (to, before, after)
    for to, by_status in {
        "OPEN": dict.fromkeys(("ASSIGNED", "ACCEPTED", "EN_ROUTE", "IN_PROGRESS", "PAUSED"), "CANCELLED"),
        "CANCELLED": dict.fromkeys(("ASSIGNED", "ACCEPTED", "EN_ROUTE", "IN_PROGRESS", "PAUSED"), "CANCELLED"),
        "PENDING_INFO": {"ASSIGNED": "ASSIGNED", "EN_ROUTE": "EN_ROUTE", "IN_PROGRESS": "PAUSED", "PAUSED": "PAUSED"},
        "PENDING_PARTS": {"ACCEPTED": "ACCEPTED", "IN_PROGRESS": "PAUSED"},
        "IN_PROGRESS": {"ACCEPTED": "IN_PROGRESS", "EN_ROUTE": "IN_PROGRESS"},
        "RESOLVED": {
            "ASSIGNED": "CANCELLED", "ACCEPTED": "CANCELLED", "EN_ROUTE": "CANCELLED", "IN_PROGRESS": "COMPLETED",
            "PAUSED": "COMPLETED",
        },
    }.items()
    for before, after in by_status.items()
]  # fmt: skip


@pytest.mark.parametrize(("to", "before", "after"), FOLLOWS)
async def test_the_job_follows_its_ticket(scene: Scene, to: str, before: str, after: str) -> None:
    job_id = await job_in(scene, before)
    ticket_id = (await scene.ticket_of(job_id)).id

    written = await move(scene, ticket_id, S(to))

    job, ticket = await scene.row(assignments, job_id), await scene.row(tickets, ticket_id)
    assert (ticket.status, job.status) == (to, after)
    told = [event.type for event in await scene.events(written)]
    assert (told[0].startswith("JOB_"), told[-1]) == (after != before, EventType.COMMENT_ADDED)


async def test_a_resolved_tickets_job_has_succeeded_and_nobody_said_its_hours(scene: Scene, clock: Clock) -> None:
    job_id = await scene.started("ann")
    ticket_id = (await scene.ticket_of(job_id)).id
    clock.pass_by(minutes=30)

    command = TicketAction(ticket_id=ticket_id, notes="By telephone.")
    written = await resolve_ticket(scene.writer, scene.actor("dispatcher"), command)

    job, ticket = await scene.row(assignments, job_id), await scene.row(tickets, ticket_id)
    assert (job.outcome, job.time_spent_hours, job.worked_seconds) == ("SUCCESS", None, 1800)
    assert (ticket.resolution_notes, ticket.resolved_at) == ("By telephone.", clock.at)
    assert [event.type for event in await scene.events(written)] == [
        EventType.JOB_COMPLETED,
        EventType.TICKET_RESOLVED,
        EventType.COMMENT_ADDED,
    ]


async def test_a_ticket_that_waits_goes_on_with_its_job(scene: Scene) -> None:
    job_id = await scene.started("ann")
    ticket_id = (await scene.ticket_of(job_id)).id
    await move(scene, ticket_id, S.PENDING_PARTS)

    written = await move(scene, ticket_id, S.IN_PROGRESS)

    assert (await scene.row(assignments, job_id)).status == "IN_PROGRESS"
    assert (await scene.events(written))[0].type is EventType.JOB_RESUMED


async def test_work_does_not_begin_on_a_job_that_nobody_took_on(scene: Scene) -> None:
    job_id = await scene.job("ann")
    ticket_id = (await scene.ticket_of(job_id)).id

    with pytest.raises(InvalidTransition) as refused:
        await move(scene, ticket_id, S.IN_PROGRESS)

    assert "accepted first" in refused.value.message
    assert refused.value.current_assignment_id == job_id


async def test_work_does_not_begin_where_the_technician_is_at_work(scene: Scene) -> None:
    await scene.started("ann")
    ticket_id = (await scene.ticket_of(await scene.accepted("ann"))).id

    with pytest.raises(InvalidTransition) as refused:
        await move(scene, ticket_id, S.IN_PROGRESS)

    assert "at work on another" in refused.value.message


@pytest.mark.parametrize("to", ["ASSIGNED", "ESCALATED", "OPEN", "CLOSED"])
async def test_what_is_reached_otherwise_or_not_at_all_is_refused(scene: Scene, to: str) -> None:
    ticket_id = await scene.ticket()
    await move(scene, ticket_id, S.OPEN)

    with pytest.raises(InvalidTransition) as refused:
        await move(scene, ticket_id, S(to))

    assert not {"ASSIGNED", "ESCALATED"} & set(refused.value.allowed) or to == "CLOSED"


async def test_who_may_move_what(scene: Scene) -> None:
    job_id = await scene.started("ann")
    ticket_id = (await scene.ticket_of(job_id)).id

    for name in ("bob", "customer"):
        with pytest.raises((Forbidden, NotFound)):
            await move(scene, ticket_id, S.PENDING_INFO, by=name)
    await move(scene, ticket_id, S.PENDING_INFO, by="ann")
    assert (await scene.row(tickets, ticket_id)).status == "PENDING_INFO"


async def test_a_customer_cancels_their_own_and_nothing_else(scene: Scene) -> None:
    ticket_id = await scene.ticket("customer")

    with pytest.raises(Forbidden):
        await move(scene, ticket_id, S.OPEN, by="customer")
    await move(scene, ticket_id, S.CANCELLED, by="customer", note="It works again.")

    said = await scene.rows(comments, comments.c.ticket_id == ticket_id)
    assert {(each.body, each.internal, each.system_generated) for each in said} == {
        ("Status: NEW → CANCELLED", False, True),
        ("It works again.", False, False),
    }


async def test_what_staff_says_when_moving_stays_among_colleagues(scene: Scene) -> None:
    ticket_id = await scene.ticket()

    await move(scene, ticket_id, S.OPEN, note="Looks easy.")

    said = await scene.rows(comments, comments.c.ticket_id == ticket_id, ~comments.c.system_generated)
    assert [(each.body, each.internal) for each in said] == [("Looks easy.", True)]


async def test_a_stale_version_moves_nothing(scene: Scene) -> None:
    ticket_id = await scene.ticket()

    with pytest.raises(StaleVersion):
        await move(scene, ticket_id, S.OPEN, expected_version=9)

    assert (await scene.row(tickets, ticket_id)).status == "NEW"


async def closed(scene: Scene) -> UUID:
    """Return a ticket that was done by Ann and closed."""
    job_id = await scene.completed("ann")
    ticket_id: UUID = (await scene.ticket_of(job_id)).id
    await close_ticket(scene.writer, scene.actor("ann"), TicketAction(ticket_id=ticket_id, notes="Done."))
    return ticket_id


async def test_a_closed_ticket_comes_back_within_the_window(scene: Scene, clock: Clock) -> None:
    ticket_id = await closed(scene)
    clock.pass_by(days=7)

    await reopen_ticket(scene.writer, scene.actor("dispatcher"), TicketAction(ticket_id=ticket_id, notes="Again."))

    ticket = await scene.row(tickets, ticket_id)
    assert (ticket.status, ticket.resolved_at, ticket.closed_at) == ("REOPENED", None, None)


async def test_and_not_after_it(scene: Scene, clock: Clock) -> None:
    ticket_id = await closed(scene)
    closed_at = clock.at
    clock.at += timedelta(days=7, seconds=1)

    with pytest.raises(ReopenWindowClosed) as refused:
        await reopen_ticket(scene.writer, scene.actor("dispatcher"), TicketAction(ticket_id=ticket_id))
    assert (refused.value.closed_at, refused.value.days) == (closed_at, 7)

    async with transaction(scene.engine, scene.world.organization_id) as connection:
        await connection.execute(sa.update(organization_settings).values(reopen_window_days=8))
    await reopen_ticket(scene.writer, scene.actor("dispatcher"), TicketAction(ticket_id=ticket_id))
    assert (await scene.row(tickets, ticket_id)).status == "REOPENED"


async def test_a_resolved_ticket_comes_back_at_any_time(scene: Scene, clock: Clock) -> None:
    ticket_id = (await scene.ticket_of(await scene.completed("ann"))).id
    clock.pass_by(days=400)

    await reopen_ticket(scene.writer, scene.actor("dispatcher"), TicketAction(ticket_id=ticket_id))

    assert (await scene.row(tickets, ticket_id)).status == "REOPENED"


async def test_a_deleted_ticket_is_gone_and_so_is_its_job(scene: Scene) -> None:
    job_id = await scene.started("ann")
    ticket_id = (await scene.ticket_of(job_id)).id
    for name in ("dispatcher", "ann"):
        with pytest.raises(Forbidden):
            await delete_ticket(scene.writer, scene.actor(name), Delete(id=ticket_id))

    written = await delete_ticket(scene.writer, scene.actor("admin"), Delete(id=ticket_id))

    assert written.ids == {"deleted_ticket": ticket_id}
    assert (await scene.row(assignments, job_id)).status == "CANCELLED"
    events = await scene.events(written)
    assert [event.type for event in events] == [EventType.JOB_CANCELLED, EventType.TICKET_DELETED]
    assert (events[-1].before is not None, events[-1].after) == (True, None)
    with pytest.raises(NotFound):
        await delete_ticket(scene.writer, scene.actor("admin"), Delete(id=ticket_id))
