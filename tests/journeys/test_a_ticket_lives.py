"""A ticket is changed, worked on, resolved, closed and brought back; many are changed at once."""

from typing import Any

import pytest

from tests.journeys.operations import BOARD, BOARD_FILTER, EVENTS
from tests.journeys.stage import Stage, job_for, ticket_for

HISTORY = """
query History($id: ID!) {
  ticket(id: $id) {
    status priorityLabel
    comments(first: 50) { nodes { body internal systemGenerated editedAt } }
    assignmentHistory { nodes { status outcome } }
  }
}
"""


async def test_a_ticket_is_closed_by_staff_and_comes_back_for_its_customer(stage: Stage) -> None:
    customer, dispatcher, ann = [await stage.enter(name) for name in ("customer", "dispatcher", "ann")]
    ticket = await ticket_for(customer)
    changed = await dispatcher.do(
        "updateTicket", id=ticket, expectedVersion=1, title="The pump is dead", priority="P1", tags=["storm"]
    )
    assert (changed["ticket"]["priorityLabel"], changed["ticket"]["tags"]) == ("Critical", ["storm"])
    job = await job_for(dispatcher, stage, "ann", ticket)
    await ann.do("acceptAssignment", assignmentId=job)

    started = await dispatcher.do("transitionTicket", id=ticket, to="IN_PROGRESS")
    assert started["ticket"]["status"] == "IN_PROGRESS"
    await dispatcher.do("transitionTicket", id=ticket, to="PENDING_INFO", note="Which pump?")
    resolved = await ann.do("resolveTicket", id=ticket, notes="Changed the seal.")
    assert (resolved["ticket"]["status"], resolved["ticket"]["resolutionNotes"]) == ("RESOLVED", "Changed the seal.")
    closed = await ann.do("closeTicket", id=ticket)
    assert (closed["ticket"]["status"], closed["ticket"]["currentAssignment"]) == ("CLOSED", None)
    assert (await customer.refused("closeTicket", id=ticket))["code"] == "FORBIDDEN"

    again = await customer.do("reopenTicket", id=ticket, notes="It leaks again.")
    assert again["ticket"]["status"] == "REOPENED"
    seen = (await customer.ask(HISTORY, id=ticket))["ticket"]
    assert [(each["status"], each["outcome"]) for each in seen["assignmentHistory"]["nodes"]] == [
        ("COMPLETED", "SUCCESS")
    ]
    said = [each["body"] for each in seen["comments"]["nodes"]]
    assert said[-2:] == ["Status: CLOSED → REOPENED", "It leaks again."]
    assert "Which pump?" not in said
    for_staff = (await dispatcher.ask(HISTORY, id=ticket))["ticket"]["comments"]["nodes"]
    assert ("Which pump?", True) in [(each["body"], each["internal"]) for each in for_staff]


async def test_a_window_that_has_closed_says_so(stage: Stage) -> None:
    dispatcher, ann = await stage.enter("dispatcher"), await stage.enter("ann")
    ticket = await ticket_for(dispatcher)
    await dispatcher.do("transitionTicket", id=ticket, to="OPEN")
    await dispatcher.do("resolveTicket", id=ticket)
    await dispatcher.do("closeTicket", id=ticket)
    late = "UPDATE tickets SET closed_at = closed_at - interval '8 days' WHERE organization_id = :organization"
    await stage.sql(f"{late} RETURNING id")

    refusal = await dispatcher.refused("reopenTicket", id=ticket)

    assert (refusal["__typename"], refusal["code"]) == ("ReopenWindowClosedError", "REOPEN_WINDOW_CLOSED")
    assert refusal["windowDays"] == 7
    assert (await ann.refused("deleteTicket", id=ticket))["code"] == "FORBIDDEN"


@pytest.mark.parametrize(
    ("mutation", "values", "code", "field"),
    [
        ("updateTicket", {"expectedVersion": 1, "title": None}, "VALIDATION_FAILED", ["title"]),
        ("updateTicket", {"expectedVersion": 7, "title": "x"}, "STALE_VERSION", ["expectedVersion"]),
        ("updateTicket", {"expectedVersion": 1, "customerId": "nonsense"}, "VALIDATION_FAILED", ["customerId"]),
        ("transitionTicket", {"to": "CLOSED"}, "INVALID_TRANSITION", None),
        ("transitionTicket", {"to": "ASSIGNED"}, "INVALID_TRANSITION", None),
        ("transitionTicket", {"to": "OPEN", "note": "x" * 2001}, "VALIDATION_FAILED", ["note"]),
        ("closeTicket", {}, "INVALID_TRANSITION", None),
        ("reopenTicket", {}, "INVALID_TRANSITION", None),
    ],
)
async def test_what_makes_no_sense_changes_nothing(
    stage: Stage, mutation: str, values: dict[str, Any], code: str, field: list[str] | None
) -> None:
    dispatcher = await stage.enter("dispatcher")
    ticket = await ticket_for(dispatcher)
    before = await dispatcher.latest_cursor()

    refusal = await dispatcher.refused(mutation, id=ticket, **values)

    assert (refusal["code"], refusal["field"]) == (code, field)
    assert await dispatcher.latest_cursor() == before


async def test_many_are_changed_and_each_is_answered_for(stage: Stage) -> None:
    dispatcher = await stage.enter("dispatcher")
    free, taken = await ticket_for(dispatcher), await ticket_for(dispatcher)
    await job_for(dispatcher, stage, "ann", taken)

    done = await dispatcher.do(
        "bulkUpdateTickets",
        ids=[taken, free],
        addTags=["storm"],
        assignToTechnicianId=stage.technician("bob"),
        idempotencyKey="many",
    )

    assert [(each["id"], each["ok"]) for each in done["results"]] == [(taken, False), (free, True)]
    assert [error["code"] for error in done["results"][0]["errors"]] == ["ALREADY_ASSIGNED"]
    assert (done["results"][1]["ticket"]["status"], done["results"][1]["ticket"]["tags"]) == ("ASSIGNED", ["storm"])
    again = await dispatcher.do(
        "bulkUpdateTickets",
        ids=[taken, free],
        addTags=["storm"],
        assignToTechnicianId=stage.technician("bob"),
        idempotencyKey="many",
    )
    assert (again["changeId"], again["results"]) == (done["changeId"], done["results"])
    wrong = await dispatcher.send("bulkUpdateTickets", ids=[], priority="P1")
    assert [error["code"] for error in wrong["errors"]] == ["VALIDATION_FAILED"]


async def test_a_deleted_ticket_leaves_the_board(stage: Stage) -> None:
    dispatcher, admin = await stage.enter("dispatcher"), await stage.enter("admin")
    ticket = await ticket_for(dispatcher)
    async with dispatcher.following(BOARD, filter=BOARD_FILTER) as board:
        await board.ready()

        deleted = await admin.do("deleteTicket", id=ticket)

        message = await board.next()
    assert deleted["deletedId"] == ticket
    assert (message["__typename"], message["type"], message["ticket"]) == ("TicketEvent", "TICKET_DELETED", None)
    assert (await dispatcher.ask(HISTORY, id=ticket))["ticket"] is None
    assert (await admin.refused("deleteTicket", id=ticket))["code"] == "NOT_FOUND"


CHANGES = EVENTS.replace("fragment Told on DomainEvent {", "fragment Told on DomainEvent { changes { field new }")


async def test_what_was_taken_back_is_not_read_in_the_log(stage: Stage) -> None:
    ann, dispatcher, admin = [await stage.enter(name) for name in ("ann", "dispatcher", "admin")]
    ticket = await ticket_for(dispatcher)
    start = await dispatcher.latest_cursor()
    comment = (await ann.do("addComment", ticketId=ticket, body="Between us"))["comment"]["id"]
    edited = await ann.do("updateComment", id=comment, body="Between you and me", expectedVersion=1)
    assert edited["comment"]["editedAt"] is not None
    assert (await dispatcher.refused("deleteComment", id=comment))["code"] == "FORBIDDEN"

    removed = await ann.do("deleteComment", id=comment)

    assert removed["deletedId"] == comment

    async def told(person: Any) -> list[Any]:
        events = (await person.ask(CHANGES, after=start, first=50))["events"]["events"]
        return [
            change["new"]
            for event in events
            if event["type"].startswith("COMMENT")
            for change in event["changes"]
            if change["field"] == "body"
        ]

    assert await told(dispatcher) == [None, None]
    assert await told(admin) == ["Between us", "Between you and me"]
