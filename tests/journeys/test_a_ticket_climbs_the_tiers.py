"""A ticket is escalated from the first tier to the last."""

from typing import Any

from tests.journeys.operations import TICKET
from tests.journeys.people import Person
from tests.journeys.stage import Stage, job_for, key, ticket_for

ACTIVE = """
SELECT id FROM assignments
WHERE ticket_id = :ticket AND status IN ('ASSIGNED', 'ACCEPTED', 'EN_ROUTE', 'IN_PROGRESS', 'PAUSED')
"""


async def climbed(stage: Stage, dispatcher: Person) -> tuple[str, dict[str, Any]]:
    """Bring a ticket from the first tier to the third; return its id and its last job."""
    ticket = await ticket_for(dispatcher)
    await job_for(dispatcher, stage, "ann", ticket)
    await (await stage.enter("ann")).do("escalateTicket", ticketId=ticket, reason="Out of my depth.")
    last = await (await stage.enter("cleo")).do("escalateTicket", ticketId=ticket, reason="So am I.")
    job: dict[str, Any] = last["assignment"]
    return ticket, job


async def test_each_tier_gets_a_turn_of_its_own(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")

    ticket, _ = await climbed(stage, dispatcher)

    found = (await dispatcher.ask(TICKET, id=ticket))["ticket"]
    told = [
        (turn["sequence"], turn["tier"]["level"], turn["status"], turn["technician"]["name"])
        for turn in found["assignmentHistory"]["nodes"]
    ]
    assert told == [(1, 1, "ESCALATED", "Ann"), (2, 2, "ESCALATED", "Cleo"), (3, 3, "ASSIGNED", "Dan")]
    assert found["status"] == "ASSIGNED"
    assert found["escalationCount"] == 2
    assert found["escalationTier"] == {"level": 3}
    assert found["currentAssignment"]["sequence"] == 3


async def test_an_escalation_is_written_as_the_servers_doing(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")

    ticket, job = await climbed(stage, dispatcher)

    assert (job["type"], job["reason"], job["reasonNote"]) == ("AUTO", "ESCALATION", "Escalation from previous tier")
    history = (await dispatcher.ask(TICKET, id=ticket))["ticket"]["assignmentHistory"]["nodes"]
    assert [turn["outcome"] for turn in history] == ["ESCALATED", "ESCALATED", None]
    assert [turn["escalationReason"] for turn in history] == ["Out of my depth.", "So am I.", None]


async def test_a_named_technician_of_the_next_tier_gets_the_ticket(stage: Stage) -> None:
    dispatcher, lead = await stage.enter("dispatcher"), await stage.enter("lead")
    ticket = await ticket_for(dispatcher)
    await job_for(dispatcher, stage, "ann", ticket)

    payload = await lead.do(
        "escalateTicket", ticketId=ticket, reason="A case for Cleo.", nextTechnicianId=stage.technician("cleo")
    )

    assert payload["assignment"]["technician"]["name"] == "Cleo"
    assert (payload["assignment"]["type"], payload["assignment"]["reason"]) == ("AUTO", "ESCALATION")
    assert payload["previousAssignment"]["status"] == "ESCALATED"


async def test_a_rejection_at_the_top_revives_no_earlier_turn(stage: Stage) -> None:
    dispatcher, dan = await stage.enter("dispatcher"), await stage.enter("dan")
    ticket, job = await climbed(stage, dispatcher)

    await dan.do("rejectAssignment", assignmentId=job["id"], rejectionReason="On leave.")

    found = (await dispatcher.ask(TICKET, id=ticket))["ticket"]
    assert found["status"] == "OPEN"
    assert found["currentAssignment"] is None
    assert found["escalationTier"] == {"level": 3}
    statuses = [turn["status"] for turn in found["assignmentHistory"]["nodes"]]
    assert statuses == ["ESCALATED", "ESCALATED", "REJECTED"]
    assert await stage.sql(ACTIVE, ticket=key(ticket)) == []


async def test_a_ticket_that_nobody_has_cannot_be_escalated(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")
    ticket = await ticket_for(dispatcher)

    refusal = await dispatcher.refused("escalateTicket", ticketId=ticket, reason="It burns.")

    assert (refusal["__typename"], refusal["code"]) == ("NoActiveAssignmentError", "NO_ACTIVE_ASSIGNMENT")


async def test_there_is_nothing_above_the_top_tier(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")
    ticket, job = await climbed(stage, dispatcher)

    refusal = await dispatcher.refused("escalateTicket", ticketId=ticket, reason="Higher.")

    assert (refusal["__typename"], refusal["code"]) == ("TopTierReachedError", "TOP_TIER_REACHED")
    assert (await dispatcher.ask(TICKET, id=ticket))["ticket"]["currentAssignment"]["id"] == job["id"]


async def test_a_technician_of_another_tier_is_not_eligible(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")
    ticket = await ticket_for(dispatcher)
    await job_for(dispatcher, stage, "ann", ticket)

    refusal = await dispatcher.refused(
        "escalateTicket", ticketId=ticket, reason="Up.", nextTechnicianId=stage.technician("bob")
    )

    assert (refusal["__typename"], refusal["code"]) == ("NotEligibleError", "NOT_ELIGIBLE")
    (reason,) = refusal["reasons"]
    assert (reason["constraint"], reason["count"]) == ("TIER", 1)
    assert [each["name"] for each in reason["technicians"]] == ["Bob"]


async def test_a_tier_without_anybody_keeps_the_ticket_waiting(stage: Stage) -> None:
    dispatcher, ann, cleo = [await stage.enter(name) for name in ("dispatcher", "ann", "cleo")]
    ticket = await waiting(stage, dispatcher, ann, cleo)

    found = (await dispatcher.ask(TICKET, id=ticket))["ticket"]

    assert found["status"] == "ESCALATED"
    assert found["currentAssignment"] is None
    assert found["escalationTier"] == {"level": 2}
    assert await stage.sql(ACTIVE, ticket=key(ticket)) == []


async def test_a_waiting_ticket_can_climb_on(stage: Stage) -> None:
    dispatcher, ann, cleo = [await stage.enter(name) for name in ("dispatcher", "ann", "cleo")]
    ticket = await waiting(stage, dispatcher, ann, cleo)

    payload = await dispatcher.do("escalateTicket", ticketId=ticket, reason="Nobody there.")

    assert payload["assignment"]["technician"]["name"] == "Dan"
    assert payload["assignment"]["tier"]["level"] == 3
    assert payload["previousAssignment"] is None
    assert payload["ticket"]["escalationCount"] == 2


async def waiting(stage: Stage, dispatcher: Person, ann: Person, cleo: Person) -> str:
    """Escalate a ticket to the second tier, whose only technician has rejected it before."""
    ticket = await ticket_for(dispatcher)
    job = await job_for(dispatcher, stage, "cleo", ticket)
    await cleo.do("rejectAssignment", assignmentId=job, rejectionReason="On leave.")
    await job_for(dispatcher, stage, "ann", ticket)
    payload = await ann.do("escalateTicket", ticketId=ticket, reason="Out of my depth.")
    assert payload["assignment"] is None
    return ticket


async def test_a_technician_cannot_escalate_somebody_elses_job(stage: Stage) -> None:
    dispatcher, bob = await stage.enter("dispatcher"), await stage.enter("bob")
    ticket = await ticket_for(dispatcher)
    await job_for(dispatcher, stage, "ann", ticket)

    refusal = await bob.refused("escalateTicket", ticketId=ticket, reason="Let Cleo do it.")

    assert (refusal["__typename"], refusal["code"]) == ("ForbiddenError", "FORBIDDEN")
