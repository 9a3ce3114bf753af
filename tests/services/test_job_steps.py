from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.db.tables.assignments import assignment_parts, assignments
from app.db.tables.customers import parts
from app.db.tables.tickets import tickets
from app.domain.assignments import AssignmentOutcome, AssignmentStatus
from app.domain.events import EventType
from app.domain.refusals import ClockSkew, Forbidden, Invalid, InvalidTransition, NotFound, Refusal, StaleVersion
from app.domain.tickets import TicketStatus
from app.services.assignments.accept_assignment import accept_assignment
from app.services.assignments.complete_assignment import complete_assignment
from app.services.assignments.job_step import StepCommand
from app.services.assignments.pause_work import pause_work
from app.services.assignments.record_arrival import record_arrival
from app.services.assignments.reject_assignment import RejectAssignment, reject_assignment
from app.services.assignments.resume_work import resume_work
from app.services.assignments.start_travel import start_travel
from app.services.assignments.start_work import start_work
from app.services.perform import Written
from app.services.tickets.escalate_ticket import EscalateTicket, escalate_ticket
from tests.services.scene import Clock, Scene, report, seals
from tests.world import make_world


async def accept(scene: Scene, job_id: UUID, by: str = "ann", **values: Any) -> Written:
    return await accept_assignment(scene.writer, scene.actor(by), StepCommand(assignment_id=job_id, **values))


async def reject(scene: Scene, job_id: UUID, by: str = "ann", **values: Any) -> Written:
    command = RejectAssignment(assignment_id=job_id, **{"rejection_reason": "far away", **values})
    return await reject_assignment(scene.writer, scene.actor(by), command)


async def start(scene: Scene, job_id: UUID, by: str = "ann", **values: Any) -> Written:
    return await start_work(scene.writer, scene.actor(by), StepCommand(assignment_id=job_id, **values))


async def complete(scene: Scene, job_id: UUID, by: str = "ann", **values: Any) -> Written:
    return await complete_assignment(scene.writer, scene.actor(by), report(job_id, **values))


async def travel(scene: Scene, job_id: UUID, by: str = "ann", **values: Any) -> Written:
    return await start_travel(scene.writer, scene.actor(by), StepCommand(assignment_id=job_id, **values))


async def arrive(scene: Scene, job_id: UUID, by: str = "ann", **values: Any) -> Written:
    return await record_arrival(scene.writer, scene.actor(by), StepCommand(assignment_id=job_id, **values))


async def pause(scene: Scene, job_id: UUID, by: str = "ann", **values: Any) -> Written:
    return await pause_work(scene.writer, scene.actor(by), StepCommand(assignment_id=job_id, **values))


async def resume(scene: Scene, job_id: UUID, by: str = "ann", **values: Any) -> Written:
    return await resume_work(scene.writer, scene.actor(by), StepCommand(assignment_id=job_id, **values))


STEPS: dict[str, Callable[..., Awaitable[Written]]] = {
    "accept": accept,
    "reject": reject,
    "travel": travel,
    "arrive": arrive,
    "start": start,
    "pause": pause,
    "resume": resume,
    "complete": complete,
}


async def test_accepting_moves_the_job_alone(scene: Scene, clock: Clock) -> None:
    job_id = await scene.job("ann")
    clock.pass_by(minutes=1)

    written = await accept(scene, job_id)
    job, ticket = await scene.row(assignments, job_id), await scene.ticket_of(job_id)
    (event,) = await scene.events(written)

    assert written.ids == {"assignment": job_id, "ticket": ticket.id}
    assert (job.status, job.accepted_at, job.version) == (AssignmentStatus.ACCEPTED, clock.at, 2)
    assert (ticket.status, ticket.version) == (TicketStatus.ASSIGNED, 2)
    assert (event.type, event.subject_id, event.version) == (EventType.JOB_ACCEPTED, job_id, 2)
    assert event.before == event.after
    assert {each.field: (each.old, each.new) for each in event.changes} == {
        "status": ("ASSIGNED", "ACCEPTED"),
        "accepted_at": (None, clock.at.isoformat()),
    }


async def test_rejecting_frees_the_ticket(scene: Scene, clock: Clock) -> None:
    job_id = await scene.accepted("ann")
    clock.pass_by(minutes=1)

    written = await reject(scene, job_id, rejection_reason=" far away ")
    job, ticket = await scene.row(assignments, job_id), await scene.ticket_of(job_id)
    of_job, of_ticket = await scene.events(written)

    assert (job.status, job.rejection_reason, job.rejected_at) == (AssignmentStatus.REJECTED, "far away", clock.at)
    assert (ticket.status, ticket.version) == (TicketStatus.OPEN, 3)
    assert (of_job.type, of_ticket.type) == (EventType.JOB_REJECTED, EventType.TICKET_STATUS_CHANGED)
    ann = scene.world.technicians["ann"]
    assert [each.technician_id if each else None for each in (of_job.before, of_job.after)] == [ann, ann]
    assert [each.technician_id if each else None for each in (of_ticket.before, of_ticket.after)] == [ann, None]
    assert of_ticket.after is not None
    assert of_ticket.after.team_id is None


async def test_starting_puts_job_and_ticket_in_progress(scene: Scene, clock: Clock) -> None:
    job_id = await scene.accepted("ann")
    clock.pass_by(minutes=1)

    written = await start(scene, job_id)
    job, ticket = await scene.row(assignments, job_id), await scene.ticket_of(job_id)

    assert (job.status, job.started_at) == (AssignmentStatus.IN_PROGRESS, clock.at)
    assert ticket.status == TicketStatus.IN_PROGRESS
    assert [each.type for each in await scene.events(written)] == [
        EventType.JOB_STARTED,
        EventType.TICKET_STATUS_CHANGED,
    ]


@pytest.mark.parametrize(
    ("outcome", "job_status", "ticket_status", "told_as"),
    [
        (
            AssignmentOutcome.SUCCESS,
            AssignmentStatus.COMPLETED,
            TicketStatus.RESOLVED,
            [EventType.JOB_COMPLETED, EventType.TICKET_RESOLVED],
        ),
        (
            AssignmentOutcome.FAILED,
            AssignmentStatus.FAILED,
            TicketStatus.OPEN,
            [EventType.JOB_FAILED, EventType.TICKET_STATUS_CHANGED],
        ),
        (
            AssignmentOutcome.PARTS_REQUIRED,
            AssignmentStatus.FAILED,
            TicketStatus.PENDING_PARTS,
            [EventType.JOB_FAILED, EventType.TICKET_STATUS_CHANGED],
        ),
        (
            AssignmentOutcome.CUSTOMER_UNAVAILABLE,
            AssignmentStatus.FAILED,
            TicketStatus.PENDING_INFO,
            [EventType.JOB_FAILED, EventType.TICKET_STATUS_CHANGED],
        ),
    ],
)
async def test_what_came_of_a_job_decides_where_its_ticket_goes(
    scene: Scene,
    clock: Clock,
    outcome: AssignmentOutcome,
    job_status: AssignmentStatus,
    ticket_status: TicketStatus,
    told_as: list[EventType],
) -> None:
    job_id = await scene.started("ann")
    clock.pass_by(hours=1)

    written = await complete(
        scene, job_id, outcome=outcome, time_spent_hours=Decimal("1.255"), actions_taken=" New seal. ", notes=""
    )
    job, ticket = await scene.row(assignments, job_id), await scene.ticket_of(job_id)

    assert (job.status, job.outcome, job.completed_at) == (job_status, outcome, clock.at)
    assert (job.time_spent_hours, job.actions_taken, job.notes) == (Decimal("1.26"), "New seal.", None)
    succeeded = outcome is AssignmentOutcome.SUCCESS
    assert ticket.status == ticket_status
    assert (ticket.resolved_at, ticket.resolution_notes) == ((clock.at, "New seal.") if succeeded else (None, None))
    assert [each.type for each in await scene.events(written)] == told_as


async def test_used_parts_are_noted_priced_and_taken_from_stock(scene: Scene) -> None:
    job_id = await scene.started("ann")
    lines = (seals(2), seals(1, cost=Decimal("3.5")), seals(4, part_number="HOSE-9", part_name="Hose"))

    written = await complete(scene, job_id, parts_used=lines)
    rows = sorted(await scene.rows(assignment_parts), key=lambda row: row.line)
    part = await scene.row(parts, scene.world.part_id)
    event = (await scene.events(written))[-1]

    assert [(row.part_id, row.quantity, row.cost, row.currency) for row in rows] == [
        (part.id, 2, Decimal("9.00"), "EUR"),
        (part.id, 1, Decimal("3.50"), "EUR"),
        (None, 4, None, None),
    ]
    assert (part.stock, part.version) == (7, 2)
    assert (event.kind, event.type, event.subject_id, event.version) == ("Part", EventType.RECORD_CHANGED, part.id, 2)
    assert [(each.field, each.old, each.new) for each in event.changes] == [("stock", 10, 7)]
    assert event.after is not None
    assert event.after.internal


async def test_stock_may_fall_below_zero(scene: Scene) -> None:
    await complete(scene, await scene.started("ann"), parts_used=(seals(12),))

    assert (await scene.row(parts, scene.world.part_id)).stock == -2


async def test_a_report_that_cannot_be_right_is_refused_by_name(scene: Scene) -> None:
    job_id = await scene.started("ann")
    cases: list[tuple[dict[str, Any], tuple[str, ...]]] = [
        ({"outcome": AssignmentOutcome.ESCALATED}, ("outcome",)),
        ({"time_spent_hours": Decimal("-0.01")}, ("timeSpentHours",)),
        ({"time_spent_hours": Decimal(1000)}, ("timeSpentHours",)),
        ({"time_spent_hours": Decimal("NaN")}, ("timeSpentHours",)),
        ({"diagnosis": "x" * 20_001}, ("diagnosis",)),
        ({"parts_used": (seals(1),) * 101}, ("partsUsed",)),
        ({"parts_used": (seals(1), seals(0))}, ("partsUsed", "1", "quantity")),
        ({"parts_used": (seals(1, part_number=" "),)}, ("partsUsed", "0", "partNumber")),
        ({"parts_used": (seals(1, part_name="x" * 201),)}, ("partsUsed", "0", "partName")),
        ({"parts_used": (seals(1, cost=Decimal("0.001")),)}, ("partsUsed", "0", "cost")),
        ({"parts_used": (seals(1, cost=Decimal(-1)),)}, ("partsUsed", "0", "cost")),
    ]
    before = len(await scene.events())

    for values, field in cases:
        with pytest.raises(Invalid) as refused:
            await complete(scene, job_id, **values)
        assert (values, refused.value.field) == (values, field)
    assert len(await scene.events()) == before
    assert (await scene.row(assignments, job_id)).status == AssignmentStatus.IN_PROGRESS


@pytest.mark.parametrize("name", STEPS)
async def test_a_step_is_the_technicians_own_on_the_row_they_saw_at_a_time_that_can_be(
    scene: Scene, clock: Clock, name: str
) -> None:
    other = Scene(engine=scene.engine, world=await make_world(scene.engine, "Nachbarn"), clock=clock)
    job_id = await (scene.started("ann") if name == "complete" else scene.job("ann"))
    version = (await scene.row(assignments, job_id)).version
    cases: list[tuple[dict[str, Any], type[Refusal], tuple[str, ...] | None]] = [
        ({"job_id": uuid4()}, NotFound, ("assignmentId",)),
        ({"job_id": await other.job("ann")}, NotFound, ("assignmentId",)),
        ({"job_id": job_id, "by": "customer"}, NotFound, ("assignmentId",)),
        ({"job_id": job_id, "by": "bob"}, Forbidden, None),
        ({"job_id": job_id, "by": "admin"}, Forbidden, None),
        ({"job_id": job_id, "expected_version": version + 1}, StaleVersion, ("expectedVersion",)),
        ({"job_id": job_id, "occurred_at": clock.at + timedelta(minutes=5, seconds=1)}, ClockSkew, ("occurredAt",)),
        ({"job_id": job_id, "occurred_at": clock.at - timedelta(minutes=5, seconds=1)}, ClockSkew, ("occurredAt",)),
    ]
    before = len(await scene.events())

    for values, refusal, field in cases:
        with pytest.raises(refusal) as refused:
            await STEPS[name](scene, **values)
        assert (values, refused.value.field) == (values, field)
    with pytest.raises(NotFound) as missing:
        await STEPS[name](scene, uuid4())

    assert missing.value.kind == "job"
    assert len(await scene.events()) == before


async def test_the_job_of_a_deleted_ticket_is_not_found(scene: Scene) -> None:
    job_id = await scene.job("ann")
    await scene.change(tickets, (await scene.ticket_of(job_id)).id, deleted_at=scene.clock())

    with pytest.raises(NotFound) as missing:
        await accept(scene, job_id)

    assert (missing.value.kind, missing.value.field) == ("job", ("assignmentId",))


async def test_a_phones_time_stamps_the_job_and_the_server_keeps_its_own(scene: Scene, clock: Clock) -> None:
    job_id = await scene.job("ann")
    assigned = clock.at
    clock.pass_by(hours=3)

    await accept(scene, job_id, occurred_at=assigned + timedelta(hours=1))
    await start(scene, job_id, occurred_at=assigned + timedelta(minutes=57))
    written = await complete(scene, job_id, occurred_at=clock.at + timedelta(minutes=4))
    job, ticket = await scene.row(assignments, job_id), await scene.ticket_of(job_id)
    events = await scene.events(written)

    assert job.accepted_at == assigned + timedelta(hours=1)
    assert job.started_at == job.accepted_at
    assert job.completed_at == clock.at + timedelta(minutes=4)
    assert {each.occurred_at for each in events} == {job.completed_at}
    assert {each.recorded_at for each in events} == {clock.at}
    assert ticket.resolved_at == clock.at


async def test_an_accept_that_comes_too_late_names_the_job_that_took_its_place(scene: Scene) -> None:
    job_id = await scene.job("ann")
    ticket = await scene.ticket_of(job_id)
    escalated = await escalate_ticket(
        scene.writer, scene.actor("dispatcher"), EscalateTicket(ticket_id=ticket.id, reason="too hard")
    )

    with pytest.raises(InvalidTransition) as refused:
        await accept(scene, job_id)

    assert (refused.value.current, refused.value.to, refused.value.allowed) == ("ESCALATED", "ACCEPTED", ())
    assert refused.value.current_assignment_id == escalated.ids["assignment"]


async def test_a_step_that_the_life_cycle_lacks_names_those_it_has(scene: Scene) -> None:
    job_id = await scene.job("ann")

    with pytest.raises(InvalidTransition) as refused:
        await start(scene, job_id)
    await accept(scene, job_id)
    with pytest.raises(InvalidTransition) as again:
        await accept(scene, job_id)

    assert refused.value.allowed == ("ACCEPTED", "REJECTED", "ESCALATED", "REASSIGNED", "CANCELLED")
    assert again.value.current_assignment_id is None


async def test_on_the_way_only_an_absent_customer_can_be_reported(scene: Scene) -> None:
    job_id = await scene.accepted("ann")
    await scene.change(assignments, job_id, status=AssignmentStatus.EN_ROUTE, en_route_at=scene.clock())

    with pytest.raises(Invalid) as refused:
        await complete(scene, job_id, outcome=AssignmentOutcome.FAILED)
    await complete(scene, job_id, outcome=AssignmentOutcome.CUSTOMER_UNAVAILABLE)

    assert refused.value.field == ("outcome",)
    assert (await scene.ticket_of(job_id)).status == TicketStatus.PENDING_INFO


async def test_rejecting_needs_a_reason(scene: Scene) -> None:
    job_id = await scene.job("ann")

    for reason in (" ", "x" * 2_001):
        with pytest.raises(Invalid) as refused:
            await reject(scene, job_id, rejection_reason=reason)
        assert refused.value.field == ("rejectionReason",)


async def test_each_write_raises_the_version_by_one(scene: Scene) -> None:
    job_id = await scene.completed("ann")

    assert (await scene.row(assignments, job_id)).version == 4
    assert (await scene.ticket_of(job_id)).version == 4
