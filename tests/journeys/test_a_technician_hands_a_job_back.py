"""A technician rejects a job; the ticket returns to the queue and goes to somebody else."""

from tests.journeys.operations import TICKET
from tests.journeys.stage import Stage, job_for


async def test_a_rejected_ticket_is_open_again_and_keeps_the_reason(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    job = await job_for(dispatcher, stage, "ann")

    rejected = await ann.do("rejectAssignment", assignmentId=job, rejectionReason="  No ladder on board. ")

    assert rejected["assignment"]["status"] == "REJECTED"
    assert rejected["assignment"]["rejectionReason"] == "No ladder on board."
    assert rejected["assignment"]["rejectedAt"] is not None
    assert rejected["ticket"]["status"] == "OPEN"
    assert rejected["ticket"]["currentAssignment"] is None


async def test_the_turn_after_a_rejection_follows_it_up(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    job = await job_for(dispatcher, stage, "ann")
    ticket = (await ann.do("rejectAssignment", assignmentId=job, rejectionReason="Ill."))["ticket"]["id"]

    await job_for(dispatcher, stage, "bob", ticket)

    history = (await dispatcher.ask(TICKET, id=ticket))["ticket"]["assignmentHistory"]["nodes"]
    told = [(turn["sequence"], turn["status"], turn["reason"], turn["technician"]["name"]) for turn in history]
    assert told == [(1, "REJECTED", "INITIAL", "Ann"), (2, "ASSIGNED", "REJECTION_FOLLOW_UP", "Bob")]


async def test_whoever_rejected_a_ticket_is_not_given_it_again(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    job = await job_for(dispatcher, stage, "ann")
    ticket = (await ann.do("rejectAssignment", assignmentId=job, rejectionReason="Ill."))["ticket"]["id"]

    refusal = await dispatcher.refused("assignTicket", ticketId=ticket, technicianId=stage.technician("ann"))

    assert refusal["__typename"] == "NotEligibleError"
    assert [reason["constraint"] for reason in refusal["reasons"]] == ["PREVIOUSLY_REJECTED"]


async def test_a_rejection_needs_a_reason(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    job = await job_for(dispatcher, stage, "ann")

    for reason in ("", "  \n "):
        refusal = await ann.refused("rejectAssignment", assignmentId=job, rejectionReason=reason)
        assert (refusal["__typename"], refusal["code"]) == ("ValidationError", "VALIDATION_FAILED")
        assert refusal["field"] == ["rejectionReason"]


async def test_a_job_that_has_begun_cannot_be_handed_back(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    job = await job_for(dispatcher, stage, "ann")
    await ann.do("acceptAssignment", assignmentId=job)
    await ann.do("startWork", assignmentId=job)

    refusal = await ann.refused("rejectAssignment", assignmentId=job, rejectionReason="Too late.")

    assert refusal["__typename"] == "InvalidTransitionError"
    assert (refusal["from"], refusal["to"]) == ("IN_PROGRESS", "REJECTED")
    assert "REJECTED" not in refusal["allowed"]


async def test_a_late_accept_learns_who_has_the_job_now(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    job = await job_for(dispatcher, stage, "ann")
    ticket = (await ann.do("rejectAssignment", assignmentId=job, rejectionReason="Ill."))["ticket"]["id"]
    bobs = await job_for(dispatcher, stage, "bob", ticket)

    refusal = await ann.refused("acceptAssignment", assignmentId=job)

    assert refusal["__typename"] == "InvalidTransitionError"
    assert refusal["currentAssignment"] == {"id": bobs}
