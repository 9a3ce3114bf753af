"""Jobs that change hands, are called off, rated, or only rehearsed."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.db.tables.assignments import assignments
from app.db.tables.organizations import escalation_tiers
from app.db.tables.people import technicians
from app.db.tables.tickets import tickets
from app.domain.assignments import AssignmentStatus
from app.domain.events import EventType
from app.domain.impact import Impact
from app.domain.refusals import Forbidden, Invalid, InvalidTransition, NotEligible, NotFound, Refusal, StaleVersion
from app.services.assignments.assign_ticket import AssignTicket, assign_ticket
from app.services.assignments.cancel_assignment import CancelAssignment, cancel_assignment
from app.services.assignments.rate_assignment import RateAssignment, rate_assignment
from app.services.assignments.reassign_ticket import ReassignTicket, reassign_ticket
from app.services.perform import Rehearsed, Written
from app.services.tickets.escalate_ticket import EscalateTicket, escalate_ticket
from tests.services.scene import Clock, Scene


async def reassign(scene: Scene, job_id: UUID, to: str = "bob", by: str = "dispatcher", **values: Any) -> Written:
    technician_id = scene.world.technicians.get(to, uuid4())
    plain = {"assignment_id": job_id, "technician_id": technician_id, "reason_note": "nearer"}
    return await reassign_ticket(scene.writer, scene.actor(by), ReassignTicket(**{**plain, **values}))


async def cancel(scene: Scene, job_id: UUID, by: str = "dispatcher", **values: Any) -> Written:
    command = CancelAssignment(**{"assignment_id": job_id, "reason": "not needed", **values})
    return await cancel_assignment(scene.writer, scene.actor(by), command)


async def rate(scene: Scene, job_id: UUID, by: str = "customer", **values: Any) -> Written:
    command = RateAssignment(**{"assignment_id": job_id, "rating": 5, **values})
    return await rate_assignment(scene.writer, scene.actor(by), command)


def impact_of(rehearsed: Rehearsed) -> Impact:
    """Return what a rehearsal says of a technician."""
    assert isinstance(rehearsed.told, Impact)
    return rehearsed.told


async def test_a_job_under_way_goes_to_another_technician_at_the_same_tier(scene: Scene, clock: Clock) -> None:
    job_id = await scene.started("ann")
    clock.pass_by(minutes=20)

    written = await reassign(scene, job_id)
    old = await scene.row(assignments, job_id)
    new = await scene.row(assignments, written.ids["assignment"])
    ticket = await scene.ticket_of(job_id)

    assert written.ids == {"assignment": new.id, "previous_assignment": job_id, "ticket": ticket.id}
    assert (old.status, old.ended_at, old.worked_seconds) == (AssignmentStatus.REASSIGNED, clock.at, 1200)
    assert (new.status, new.sequence, new.previous_id, new.tier_level) == (AssignmentStatus.ASSIGNED, 2, job_id, 1)
    assert (new.technician_id, new.reason, new.reason_note) == (
        scene.world.technicians["bob"],
        "REASSIGNMENT",
        "nearer",
    )
    assert ticket.status == "ASSIGNED"
    assert [each.type for each in await scene.events(written)] == [
        EventType.JOB_REASSIGNED,
        EventType.JOB_ASSIGNED,
        EventType.TICKET_STATUS_CHANGED,
    ]


async def test_where_the_ticket_stays_as_it_is_nothing_is_told_of_it(scene: Scene) -> None:
    job_id = await scene.job("ann")
    before = await scene.ticket_of(job_id)

    written = await reassign(scene, job_id)

    assert (await scene.ticket_of(job_id)).version == before.version
    assert [each.type for each in await scene.events(written)] == [EventType.JOB_REASSIGNED, EventType.JOB_ASSIGNED]


async def test_reassigning_is_refused_with_what_the_client_needs_to_go_on(scene: Scene) -> None:
    job_id, ended = await scene.job("ann"), await scene.completed("bob")
    before = len(await scene.events())
    cases: list[tuple[dict[str, Any], type[Refusal], tuple[str, ...] | None]] = [
        ({"to": "ann"}, Invalid, ("technicianId",)),
        ({"reason_note": " "}, Invalid, ("reasonNote",)),
        ({"to": "nobody"}, NotFound, ("technicianId",)),
        ({"assignment_id": uuid4()}, NotFound, ("assignmentId",)),
        ({"by": "customer"}, NotFound, ("assignmentId",)),
        ({"by": "ann"}, Forbidden, None),
        # Their own team's, but not to somebody of another.
        ({"by": "cleo", "to": "bob"}, Forbidden, None),
        ({"expected_version": 7}, StaleVersion, ("expectedVersion",)),
        ({"assignment_id": ended, "to": "ann"}, InvalidTransition, None),
    ]
    for values, kind, field in cases:
        with pytest.raises(kind) as refused:
            await reassign(scene, **{"job_id": job_id, **values})
        assert refused.value.field == field, values
    await scene.change(technicians, scene.world.technicians["bob"], active=False)
    with pytest.raises(NotEligible):
        await reassign(scene, job_id, override_warnings=True)

    assert len(await scene.events()) == before
    await reassign(scene, job_id, "cleo", by="cleo")


async def test_a_late_reassignment_names_the_job_that_took_its_place(scene: Scene) -> None:
    first = await scene.job("ann")
    second = (await reassign(scene, first)).ids["assignment"]

    for act in (reassign, cancel):
        with pytest.raises(InvalidTransition) as refused:
            await act(scene, first, **({"to": "cleo"} if act is reassign else {}))
        assert refused.value.current_assignment_id == second


async def test_a_job_is_called_off_and_its_ticket_is_open_again(scene: Scene, clock: Clock) -> None:
    job_id = await scene.started("ann")
    clock.pass_by(minutes=5)

    written = await cancel(scene, job_id, reason=" not needed ")
    job, ticket = await scene.row(assignments, job_id), await scene.ticket_of(job_id)

    assert (job.status, job.cancelled_at, job.cancellation_reason) == ("CANCELLED", clock.at, "not needed")
    assert (job.ended_at, job.worked_seconds, ticket.status) == (clock.at, 300, "OPEN")
    assert [each.type for each in await scene.events(written)] == [
        EventType.JOB_CANCELLED,
        EventType.TICKET_STATUS_CHANGED,
    ]
    with pytest.raises(InvalidTransition):
        await cancel(scene, job_id)


async def test_only_whoever_may_assign_calls_a_job_off(scene: Scene) -> None:
    for by, kind in (("customer", NotFound), ("bob", Forbidden), ("dan", Forbidden)):
        with pytest.raises(kind):
            await cancel(scene, await scene.job("ann"), by)
    with pytest.raises(Invalid):
        await cancel(scene, await scene.job("ann"), reason="")
    for by in ("ann", "cleo", "dispatcher", "manager"):
        await cancel(scene, await scene.job("ann"), by)


async def test_the_requester_rates_a_completed_job_once(scene: Scene, clock: Clock) -> None:
    ticket_id = await scene.ticket("customer")
    job_id = (await scene.assign(ticket_id)).ids["assignment"]
    with pytest.raises(InvalidTransition):
        await rate(scene, job_id)
    await scene.finish(job_id)
    clock.pass_by(hours=1)
    for wrong, field in (({"rating": 6}, "rating"), ({"rating": 0}, "rating"), ({"feedback": "x" * 2001}, "feedback")):
        with pytest.raises(Invalid) as refused:
            await rate(scene, job_id, **wrong)
        assert refused.value.field == (field,)
    for by in ("dispatcher", "ann", "admin"):
        with pytest.raises(Forbidden):
            await rate(scene, job_id, by)

    written = await rate(scene, job_id, feedback=" Quick. ")
    job = await scene.row(assignments, job_id)
    (event,) = await scene.events(written)

    assert (job.customer_rating, job.customer_feedback, job.rated_at) == (5, "Quick.", clock.at)
    assert (event.type, job.version) == (EventType.JOB_RATED, event.version)
    with pytest.raises(InvalidTransition):
        await rate(scene, job_id, rating=1)


async def test_a_rehearsal_tells_what_would_come_of_it_and_leaves_no_trace(scene: Scene) -> None:
    where: dict[str, Any] = {"latitude": 52.0, "longitude": 5.0}
    for name, home in (("ann", (52.0, 5.1)), ("bob", (52.0, 6.0)), ("cleo", (52.0, 5.5))):
        at = {"home_latitude": home[0], "home_longitude": home[1]}
        await scene.change(technicians, scene.world.technicians[name], **at)
    offered, waiting = await scene.ticket(**where), await scene.ticket(**where)
    job_id = await scene.job("ann", offered)
    before = [await scene.row(tickets, each) for each in (offered, waiting)], await scene.rows(assignments)
    events = await scene.events()
    dispatcher = scene.actor("dispatcher")
    ann, bob, cleo = (scene.world.technicians[name] for name in ("ann", "bob", "cleo"))

    command = AssignTicket(ticket_id=waiting, technician_id=ann, dry_run=True, idempotency_key="k")
    climb = EscalateTicket(ticket_id=offered, reason="too hard", dry_run=True)
    with pytest.raises(Rehearsed) as assigned:
        await assign_ticket(scene.writer, dispatcher, command)
    with pytest.raises(Rehearsed) as moved:
        await reassign(scene, job_id, dry_run=True)
    with pytest.raises(Rehearsed) as climbed:
        await escalate_ticket(scene.writer, dispatcher, climb)
    with pytest.raises(Forbidden):
        await reassign(scene, job_id, by="ann", dry_run=True)

    first, second, third = (impact_of(each.value) for each in (assigned, moved, climbed))
    assert (first.technician_id, first.tier_level, first.active_jobs, first.warnings) == (ann, 1, 1, ())
    assert first.distance is not None
    assert (first.distance.source, 8 < first.distance.km < 10) == ("GREAT_CIRCLE", True)
    assert first.travel_minutes_delta == first.distance.minutes
    assert (second.technician_id, third.technician_id, third.tier_level) == (bob, cleo, 2)
    assert second.distance is not None
    assert second.travel_minutes_delta == second.distance.minutes - first.distance.minutes
    after = [await scene.row(tickets, each) for each in (offered, waiting)], await scene.rows(assignments)
    assert (after, await scene.events()) == (before, events)
    # Its key is as good as new.
    await scene.assign(waiting, idempotency_key="k")


async def test_an_offer_stands_as_long_as_its_tier_or_the_settings_say(scene: Scene, clock: Clock) -> None:
    async def offered(**values: Any) -> timedelta | None:
        job = await scene.row(assignments, await scene.job("ann", await scene.ticket(**values)))
        return None if job.accept_by is None else job.accept_by - clock.at

    assert await offered() is None
    await scene.settle(offer_accept_minutes=60)
    assert await offered() == timedelta(minutes=60)
    await scene.settle(urgent_accept_minutes=15)
    assert (await offered(), await offered(priority="P1")) == (timedelta(minutes=60), timedelta(minutes=15))
    await scene.alter(escalation_tiers, escalation_tiers.c.level == 1, accept_within_minutes=10)
    assert (await offered(), await offered(priority="P1")) == (timedelta(minutes=10), timedelta(minutes=10))
