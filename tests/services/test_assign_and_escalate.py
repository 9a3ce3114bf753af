from typing import Any
from uuid import uuid4

import pytest

from app.db.tables.assignments import assignments
from app.db.tables.people import technicians
from app.db.tables.tickets import tickets
from app.domain.assignments import AssignmentOutcome, AssignmentReason, AssignmentStatus, AssignmentType
from app.domain.events import Concerned, EventType
from app.domain.people import Role
from app.domain.refusals import (
    AlreadyAssigned,
    Forbidden,
    Invalid,
    InvalidTransition,
    NoActiveAssignment,
    NotEligible,
    NotFound,
    Refusal,
    StaleVersion,
    TopTierReached,
)
from app.domain.tickets import TicketStatus
from app.services.assignments.reject_assignment import RejectAssignment, reject_assignment
from app.services.perform import Written
from app.services.tickets.escalate_ticket import NOTE, EscalateTicket, escalate_ticket
from app.services.tickets.ticket_fields import NeededSkill
from tests.services.scene import Clock, Scene
from tests.world import make_world


async def escalate(scene: Scene, ticket_id: Any, by: str = "dispatcher", **values: Any) -> Written:
    command = EscalateTicket(ticket_id=ticket_id, **{"reason": "too hard", **values})
    return await escalate_ticket(scene.writer, scene.actor(by), command)


async def reject(scene: Scene, job_id: Any, name: str) -> Written:
    command = RejectAssignment(assignment_id=job_id, rejection_reason="far away")
    return await reject_assignment(scene.writer, scene.actor(name), command)


async def test_assigning_makes_a_job_and_moves_the_ticket_and_tells_both(scene: Scene, clock: Clock) -> None:
    ticket_id = await scene.ticket("customer", customer_id=scene.world.customer_id)
    clock.pass_by(minutes=5)

    written = await scene.assign(ticket_id, "ann", reason_note=" near ")
    job, ticket = await scene.row(assignments, written.ids["assignment"]), await scene.row(tickets, ticket_id)
    of_job, of_ticket = await scene.events(written)

    assert (job.status, job.sequence, job.tier_level, job.version) == (AssignmentStatus.ASSIGNED, 1, 1, 1)
    assert (job.reason, job.reason_note, job.type) == (AssignmentReason.INITIAL, "near", AssignmentType.MANUAL)
    assert (job.assigned_by, job.assigned_at) == (scene.world.users["dispatcher"], clock.at)
    assert (ticket.status, ticket.version, ticket.updated_at) == (TicketStatus.ASSIGNED, 2, clock.at)
    nobody = Concerned(requester_id=scene.world.users["customer"], customer_id=scene.world.customer_id)
    ann = Concerned(
        requester_id=nobody.requester_id,
        customer_id=nobody.customer_id,
        technician_id=scene.world.technicians["ann"],
        team_id=scene.world.teams["north"],
    )
    assert (of_job.type, of_job.subject_id, of_job.before, of_job.after) == (EventType.JOB_ASSIGNED, job.id, None, ann)
    assert (of_ticket.type, of_ticket.subject_id, of_ticket.version) == (
        EventType.TICKET_STATUS_CHANGED,
        ticket_id,
        2,
    )
    assert (of_ticket.before, of_ticket.after) == (nobody, ann)
    assert [(each.field, each.old, each.new) for each in of_ticket.changes] == [("status", "NEW", "ASSIGNED")]
    assert {each.field: each.new for each in of_job.changes}["reason_note"] == "near"
    assert set(scene.woken) == {scene.world.organization_id}


async def test_who_takes_a_ticket_has_chosen_themselves(scene: Scene) -> None:
    written = await scene.assign(await scene.ticket(), "ann", by="ann")

    assert (await scene.row(assignments, written.ids["assignment"])).type is AssignmentType.SELF


async def test_the_reason_of_a_turn_follows_from_the_turn_before(scene: Scene) -> None:
    ticket_id = await scene.ticket()
    await reject(scene, await scene.job("ann", ticket_id), "ann")
    after_rejection = await scene.assign(ticket_id, "bob")
    failed = await scene.completed("ann", AssignmentOutcome.FAILED)
    after_failure = await scene.assign((await scene.ticket_of(failed)).id, "bob")
    reopened = (await scene.ticket_of(await scene.completed("ann"))).id
    await scene.change(tickets, reopened, status=TicketStatus.REOPENED)
    after_reopening = await scene.assign(reopened, "bob")
    asked = await scene.assign(await scene.ticket(), "bob", reason=AssignmentReason.REASSIGNMENT)

    rows = [
        await scene.row(assignments, written.ids["assignment"])
        for written in (after_rejection, after_failure, after_reopening, asked)
    ]
    assert [(row.reason, row.sequence) for row in rows] == [
        (AssignmentReason.REJECTION_FOLLOW_UP, 2),
        (AssignmentReason.REASSIGNMENT, 2),
        (AssignmentReason.REOPEN, 2),
        (AssignmentReason.REASSIGNMENT, 1),
    ]


async def test_a_technician_who_does_not_fit_is_refused_with_every_reason(scene: Scene) -> None:
    skill_id, territory_id = scene.world.skill_id, scene.world.territory_id
    needed = (NeededSkill(skill_id=skill_id, level=5),)
    ticket_id = await scene.ticket(required_skills=needed, territory_id=territory_id)
    await reject(scene, (await scene.assign(ticket_id, "ann", override_warnings=True)).ids["assignment"], "ann")
    await scene.change(technicians, scene.world.technicians["ann"], active=False)

    with pytest.raises(NotEligible) as refused:
        await scene.assign(ticket_id, "ann", tier_level=2)
    with pytest.raises(NotEligible) as skill:
        await scene.assign(ticket_id, "bob")

    assert [reason.constraint for reason in refused.value.reasons] == [
        "INACTIVE",
        "TIER",
        "SKILL",
        "PREVIOUSLY_REJECTED",
    ]
    assert (refused.value.overridable, skill.value.overridable) == (False, True)
    assert skill.value.field == ("technicianId",)
    with pytest.raises(NotEligible):
        await scene.assign(ticket_id, "ann", tier_level=2, override_warnings=True)
    await scene.assign(ticket_id, "bob", override_warnings=True)


async def test_assigning_is_refused_with_what_the_client_needs_to_go_on(scene: Scene) -> None:
    other = Scene(engine=scene.engine, world=await make_world(scene.engine, "Nachbarn"), clock=scene.clock)
    free, resolved = await scene.ticket(), (await scene.ticket_of(await scene.completed("ann"))).id
    taken = (await scene.ticket_of(job_id := await scene.job("ann"))).id
    before = len(await scene.events())
    cases: list[tuple[dict[str, Any], type[Refusal], tuple[str, ...] | None]] = [
        ({"ticket_id": uuid4()}, NotFound, ("ticketId",)),
        ({"ticket_id": await other.ticket()}, NotFound, ("ticketId",)),
        ({"ticket_id": free, "by": "stranger"}, NotFound, ("ticketId",)),
        ({"ticket_id": free, "by": "bob"}, Forbidden, None),
        ({"ticket_id": free, "by": "bob", "to": "bob", "override_warnings": True}, Forbidden, ("overrideWarnings",)),
        ({"ticket_id": free, "tier_level": 4}, Invalid, ("tierLevel",)),
        ({"ticket_id": free, "reason_note": "x" * 2_001}, Invalid, ("reasonNote",)),
        ({"ticket_id": free, "reason": AssignmentReason.ESCALATION}, Invalid, ("reason",)),
        ({"ticket_id": free, "reason": AssignmentReason.AUTO_DISPATCH}, Invalid, ("reason",)),
        ({"ticket_id": free, "reason": AssignmentReason.ALERT}, Invalid, ("reason",)),
        ({"ticket_id": free, "expected_version": 7}, StaleVersion, ("expectedVersion",)),
        ({"ticket_id": taken}, AlreadyAssigned, ("ticketId",)),
        ({"ticket_id": resolved}, InvalidTransition, None),
    ]

    for values, refusal, field in cases:
        with pytest.raises(refusal) as refused:
            await scene.assign(**values)
        assert (values, refused.value.field) == (values, field)
    with pytest.raises(AlreadyAssigned) as named:
        await scene.assign(taken)
    with pytest.raises(StaleVersion) as stale:
        await scene.assign(free, expected_version=7)
    scene.world.technicians["nobody"] = other.world.technicians["ann"]
    with pytest.raises(NotFound) as unknown:
        await scene.assign(free, "nobody")

    assert named.value.current_assignment_id == job_id
    assert (stale.value.id, stale.value.expected, stale.value.current) == (free, 7, 1)
    assert (unknown.value.kind, unknown.value.field) == ("technician", ("technicianId",))
    assert len(await scene.events()) == before


async def test_escalating_hands_the_ticket_to_the_least_busy_technician_of_the_next_tier(
    scene: Scene, clock: Clock
) -> None:
    await scene.hire("eve", level=2)
    await scene.job("cleo")
    job_id = await scene.started("ann")
    ticket = await scene.ticket_of(job_id)
    clock.pass_by(minutes=20)

    written = await escalate(scene, ticket.id, by="ann", reason=" too hard ")
    old, new = await scene.row(assignments, job_id), await scene.row(assignments, written.ids["assignment"])
    after = await scene.row(tickets, ticket.id)
    ended, begun, climbed = await scene.events(written)

    assert written.ids == {"ticket": ticket.id, "assignment": new.id, "previous_assignment": job_id}
    assert (old.status, old.outcome, old.escalation_reason, old.completed_at) == (
        AssignmentStatus.ESCALATED,
        AssignmentOutcome.ESCALATED,
        "too hard",
        clock.at,
    )
    assert (new.technician_id, new.sequence, new.tier_level) == (scene.world.technicians["eve"], 2, 2)
    assert (new.reason, new.reason_note, new.type) == (AssignmentReason.ESCALATION, NOTE, AssignmentType.AUTO)
    assert (after.status, after.escalation_count, after.escalation_tier_level) == (TicketStatus.ASSIGNED, 1, 2)
    assert [each.type for each in (ended, begun, climbed)] == [
        EventType.JOB_ESCALATED,
        EventType.JOB_ASSIGNED,
        EventType.TICKET_ESCALATED,
    ]
    assert (ended.subject_id, begun.subject_id, climbed.subject_id) == (old.id, new.id, ticket.id)
    before_after = [each.technician_id if each else None for each in (climbed.before, climbed.after)]
    assert before_after == [scene.world.technicians["ann"], scene.world.technicians["eve"]]
    assert ended.after is not None
    assert ended.after.technician_id == scene.world.technicians["ann"]
    assert {each.field: (each.old, each.new) for each in climbed.changes} == {
        "status": ("IN_PROGRESS", "ASSIGNED"),
        "escalation_count": (0, 1),
        "escalation_tier_level": (None, 2),
    }


async def test_a_choice_that_no_longer_holds_under_its_lock_gives_way_to_the_next(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.hire("eve", level=2)
    ticket = await scene.ticket_of(await scene.job("ann"))
    first = min(scene.world.technicians["cleo"], scene.world.technicians["eve"])
    second = max(scene.world.technicians["cleo"], scene.world.technicians["eve"])
    lock = "app.services.assignments.offering.lock_technicians"
    locked: list[Any] = []

    async def leaves_meanwhile(_connection: Any, _organization_id: Any, ids: Any) -> None:
        locked.append(set(ids))
        if len(locked) == 1:
            await scene.change(technicians, first, active=False)

    monkeypatch.setattr(lock, leaves_meanwhile)

    written = await escalate(scene, ticket.id)

    ann = scene.world.technicians["ann"]
    assert (await scene.row(assignments, written.ids["assignment"])).technician_id == second
    assert locked == [{first, ann}, {second, ann}]


async def test_where_nobody_fits_the_ticket_waits_in_the_tiers_queue_and_may_climb_once_more(scene: Scene) -> None:
    await scene.change(technicians, scene.world.technicians["cleo"], active=False)
    job_id = await scene.accepted("ann")
    ticket_id = (await scene.ticket_of(job_id)).id

    first = await escalate(scene, ticket_id)
    waiting = await scene.row(tickets, ticket_id)
    second = await escalate(scene, ticket_id)
    job = await scene.row(assignments, second.ids["assignment"])

    assert first.ids == {"ticket": ticket_id, "previous_assignment": job_id}
    assert (waiting.status, waiting.escalation_tier_level) == (TicketStatus.ESCALATED, 2)
    assert [each.type for each in await scene.events(first)] == [
        EventType.JOB_ESCALATED,
        EventType.TICKET_ESCALATED,
    ]
    assert set(second.ids) == {"ticket", "assignment"}
    assert (job.technician_id, job.tier_level, job.sequence) == (scene.world.technicians["dan"], 3, 2)
    assert (await scene.row(tickets, ticket_id)).escalation_count == 2


async def test_a_named_technician_or_tier_is_taken_at_its_word(scene: Scene) -> None:
    await scene.hire("eve", level=2, role=Role.SENIOR_TECHNICIAN)
    first, second = [(await scene.ticket_of(await scene.job("ann"))).id for _ in range(2)]
    await scene.job("eve")

    named = await escalate(scene, first, next_technician_id=scene.world.technicians["eve"])
    tier = await escalate(scene, second, next_tier_level=3)

    rows = [await scene.row(assignments, each.ids["assignment"]) for each in (named, tier)]
    assert [row.technician_id for row in rows] == [scene.world.technicians["eve"], scene.world.technicians["dan"]]
    assert [(row.type, row.reason_note) for row in rows] == [(AssignmentType.AUTO, NOTE)] * 2


async def test_escalating_is_refused_with_what_the_client_needs_to_go_on(scene: Scene) -> None:
    new = await scene.ticket()
    held = (await scene.ticket_of(await scene.job("ann"))).id
    top = (await scene.ticket_of(await scene.job("dan"))).id
    await scene.change(assignments, (await scene.rows(assignments, assignments.c.ticket_id == top))[0].id, tier_level=3)
    other = await make_world(scene.engine, "Nachbarn")
    before = len(await scene.events())
    people = scene.world.technicians
    cases: list[tuple[dict[str, Any], type[Refusal], tuple[str, ...] | None]] = [
        ({"ticket_id": uuid4()}, NotFound, ("ticketId",)),
        ({"ticket_id": held, "by": "stranger"}, NotFound, ("ticketId",)),
        ({"ticket_id": held, "by": "bob"}, Forbidden, None),
        ({"ticket_id": held, "reason": " "}, Invalid, ("reason",)),
        ({"ticket_id": held, "reason": "x" * 2_001}, Invalid, ("reason",)),
        ({"ticket_id": held, "expected_version": 1}, StaleVersion, ("expectedVersion",)),
        ({"ticket_id": new}, NoActiveAssignment, ("ticketId",)),
        ({"ticket_id": top}, TopTierReached, ("ticketId",)),
        ({"ticket_id": held, "next_tier_level": 1}, Invalid, ("nextTierLevel",)),
        ({"ticket_id": held, "next_tier_level": 4}, Invalid, ("nextTierLevel",)),
        ({"ticket_id": held, "next_technician_id": uuid4()}, NotFound, ("nextTechnicianId",)),
        ({"ticket_id": held, "next_technician_id": other.technicians["cleo"]}, NotFound, ("nextTechnicianId",)),
        ({"ticket_id": held, "next_technician_id": people["bob"]}, NotEligible, ("nextTechnicianId",)),
        ({"ticket_id": held, "next_technician_id": people["dan"]}, NotEligible, ("nextTechnicianId",)),
    ]

    for values, refusal, field in cases:
        with pytest.raises(refusal) as refused:
            await escalate(scene, **values)
        assert (values, refused.value.field) == (values, field)
    assert len(await scene.events()) == before


async def test_no_earlier_turn_comes_back_after_a_rejection_and_the_tier_stays(scene: Scene) -> None:
    job_id = await scene.accepted("ann")
    ticket_id = (await scene.ticket_of(job_id)).id
    escalated = await escalate(scene, ticket_id)

    await reject(scene, escalated.ids["assignment"], "cleo")
    ticket = await scene.row(tickets, ticket_id)
    rows = await scene.rows(assignments, assignments.c.ticket_id == ticket_id)
    turns = sorted((row.sequence, row.status) for row in rows)

    assert (ticket.status, ticket.escalation_tier_level) == (TicketStatus.OPEN, 2)
    assert turns == [(1, AssignmentStatus.ESCALATED), (2, AssignmentStatus.REJECTED)]
