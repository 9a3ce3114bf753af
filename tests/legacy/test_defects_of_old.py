"""What went wrong on the platform of tickets, each shown there first and then here."""

from datetime import UTC, datetime

from app.services.assignments.complete_assignment import complete_assignment
from app.services.assignments.reject_assignment import RejectAssignment, reject_assignment
from tests.demo.reading import fetch
from tests.legacy.coming import Coming
from tests.services.scene import Scene, report, seals

AT = datetime(2026, 5, 1, 9, tzinfo=UTC).replace(tzinfo=None)
CURRENT_THERE = """
    SELECT engineer_id FROM engineer_assignments WHERE ticket_id = '17' AND status NOT IN ('completed', 'rejected',
        'failed') ORDER BY assigned_at DESC LIMIT 1
"""


async def test_an_escalated_turn_is_not_current_again_once_its_successor_was_rejected(coming: Coming) -> None:
    await coming.old.ticket_platform()
    await coming.old.insert("service_tickets", id="17", title="Pump", status="assigned", created_at=AT)
    for number, engineer, status in ((1, "E1", "escalated"), (2, "E2", "rejected")):
        await coming.old.insert(
            "engineer_assignments", ticket_id="17", engineer_id=engineer, assignment_sequence=number, status=status,
            assigned_at=AT, escalation_reason="too hard", rejection_reason="ill",
        )  # fmt: skip
    assert await coming.old.fetch(CURRENT_THERE) == [("E1",)]

    await coming.tickets()

    assert await fetch(coming.url, "SELECT * FROM current_ticket_assignments") == []
    assert (await coming.ticket("17"))["status"] == "OPEN"


async def test_nor_is_one_that_was_escalated_here(coming: Coming) -> None:
    scene = Scene(engine=coming.engine, world=coming.world)
    ticket_id = await scene.ticket()
    await scene.job("ann", ticket_id)
    second = (await scene.escalate(ticket_id)).ids["assignment"]
    (holder,) = await fetch(coming.url, "SELECT engineer_id FROM current_ticket_assignments")
    name = next(name for name, id_ in coming.world.technicians.items() if id_ == holder["engineer_id"])

    await reject_assignment(
        scene.writer, scene.actor(name), RejectAssignment(assignment_id=second, rejection_reason="ill")
    )  # fmt: skip

    assert await fetch(coming.url, "SELECT * FROM current_ticket_assignments") == []


async def test_equipment_diagnosis_parts_and_rating_are_kept(coming: Coming) -> None:
    scene = Scene(engine=coming.engine, world=coming.world)
    job_id = await scene.started("ann")
    done = report(job_id, parts_used=(seals(1),), diagnosis="A seal", actions_taken="Changed it")
    await complete_assignment(scene.writer, scene.actor("ann"), done)

    (job,) = await fetch(coming.url, "SELECT diagnosis, actions_taken FROM assignments WHERE id = $1", job_id)
    assert tuple(job) == ("A seal", "Changed it")
    assert len(await fetch(coming.url, "SELECT * FROM assignment_parts WHERE assignment_id = $1", job_id)) == 1
