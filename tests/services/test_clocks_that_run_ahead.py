"""A phone whose clock runs ahead, within what is tolerated."""

from datetime import timedelta

from app.db.tables.assignments import assignments
from app.services.assignments.accept_assignment import accept_assignment
from app.services.assignments.job_step import StepCommand
from app.services.tickets.escalate_ticket import EscalateTicket, escalate_ticket
from tests.services.scene import Clock, Scene


async def test_a_job_does_not_end_before_its_last_step(scene: Scene, clock: Clock) -> None:
    job_id = await scene.job("ann")
    ahead = clock() + timedelta(seconds=299)
    await accept_assignment(scene.writer, scene.actor("ann"), StepCommand(assignment_id=job_id, occurred_at=ahead))

    ticket = await scene.ticket_of(job_id)
    await escalate_ticket(scene.writer, scene.actor("ann"), EscalateTicket(ticket_id=ticket.id, reason="Too hard."))
    job = await scene.row(assignments, job_id)

    assert job.accepted_at == ahead
    assert job.completed_at == ahead
