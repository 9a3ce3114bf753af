"""What customers must not learn: asked for in every way there is, as the customer and, to be sure, as staff."""

from decimal import Decimal
from typing import Any

import pytest

from app.domain.assignments import AssignmentOutcome
from app.services.assignments.complete_assignment import CompleteAssignment, PartUsed, complete_assignment
from schema.ids import global_id
from tests.graphql.conftest import House
from tests.graphql.socket_client import talking
from tests.graphql.test_http import codes, send
from tests.graphql.work import Work
from tests.serving import token
from tests.world import writer_for

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECRET, PUBLIC = "They do not pay.", "We are on our way."
_COMMENTS = "totalCount nodes { body internal author { email } } edges { node { body } }"
BEGINNING = "{ tickets(first: 0) { eventCursor } }"
EVENTS = (
    "query($after: EventCursor!) { events(after: $after, first: 100) { events { ... on TicketEvent "
    "{ type comment { body } changes { field old new } ticket { comments { nodes { body } } } } } } }"
)


async def answered(house: House, user: str, query: str, **variables: Any) -> str:
    """Return the whole answer as text; it has no errors."""
    answer = await send(house, user=user, json={"query": query, "variables": variables})
    assert "errors" not in answer.json(), answer.text
    return answer.text


async def commented(house: House) -> tuple[str, str, str, str]:
    """Make a ticket of the customer with one comment of each kind; return its id, theirs, and a cursor before."""
    work = Work(house.engine, house.world)
    asked = await send(house, json={"query": BEGINNING})
    cursor = asked.json()["data"]["tickets"]["eventCursor"]
    ticket_id = await work.create("customer")
    public = await work.comment(ticket_id, PUBLIC)
    internal = await work.comment(ticket_id, SECRET, internal=True)
    return global_id("Ticket", ticket_id), global_id("Comment", public), global_id("Comment", internal), cursor


@pytest.mark.parametrize("user", ["customer", "dispatcher"])
async def test_an_internal_comment_is_not_there_for_the_customer_by_any_way(house: House, user: str) -> None:
    ticket, public, internal, cursor = await commented(house)
    ways = [
        await answered(house, user, "query($id: ID!) { node(id: $id) { ... on Comment { body } } }", id=internal),
        await answered(
            house, user, "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Comment { body } } }", ids=[public, internal]
        ),
        await answered(
            house, user, f"query($id: ID!) {{ ticket(id: $id) {{ comments {{ {_COMMENTS} }} }} }}", id=ticket
        ),
        await answered(
            house,
            user,
            f"query($id: ID!) {{ ticket(id: $id) {{ comments(first: 1, includeInternal: true) {{ {_COMMENTS} "
            "pageInfo { hasNextPage } } } }",
            id=ticket,
        ),
        await answered(house, user, f"{{ tickets {{ nodes {{ comments {{ {_COMMENTS} }} }} }} }}"),
        await answered(house, user, EVENTS, after=cursor),
    ]
    found = [SECRET in way for way in ways]
    # On the page of one there is the public comment alone, whoever asks.
    assert found == ([False] * 6 if user == "customer" else [True, True, True, False, True, True])
    assert [PUBLIC in way for way in ways] == [False, True, True, True, True, True]
    assert f'"totalCount":{1 if user == "customer" else 2}' in ways[2]
    assert f'"hasNextPage":{"false" if user == "customer" else "true"}' in ways[3]
    assert ways[5].count("COMMENT_ADDED") == (1 if user == "customer" else 2)


async def test_an_internal_comment_is_not_told_to_a_customer_who_follows_the_ticket(house: House) -> None:
    work = Work(house.engine, house.world)
    ticket_id = await work.create("customer")
    query = (
        "subscription($id: ID!) { ticketUpdates(ticketId: $id) "
        "{ __typename ... on TicketEvent { comment { body } changes { new } } } }"
    )
    variables = {"id": global_id("Ticket", ticket_id)}
    async with (
        talking(house.served, token(house.world, "customer")) as customer,
        talking(house.served, token(house.world, "ann")) as technician,
    ):
        for socket in (customer, technician):
            await socket.ready("1", query, variables)
        await work.comment(ticket_id, SECRET, internal=True)
        await work.comment(ticket_id, PUBLIC)
        assert (await customer.told())[1]["comment"] == {"body": PUBLIC}
        assert [(await technician.told())[1]["comment"]["body"] for _ in range(2)] == [SECRET, PUBLIC]


async def test_a_customer_cannot_comment_internally_and_is_told_only_that(house: House) -> None:
    ticket, _, _, _ = await commented(house)
    query = (
        'mutation($id: ID!) { addComment(input: {ticketId: $id, body: "b", internal: true}) '
        f"{{ comment {{ body }} ticket {{ comments {{ {_COMMENTS} }} }} errors {{ ... on UserError {{ code }} }} }} }}"
    )
    answer = await answered(house, "customer", query, id=ticket)
    assert '"errors":[{"code":"FORBIDDEN"}]' in answer
    assert SECRET not in answer


async def test_the_payload_of_a_customer_s_comment_shows_no_internal_one(house: House) -> None:
    ticket, _, _, _ = await commented(house)
    query = (
        'mutation($id: ID!) { addComment(input: {ticketId: $id, body: "Hurry."}) '
        f"{{ ticket {{ comments {{ {_COMMENTS} }} }} errors {{ ... on UserError {{ code }} }} }} }}"
    )
    answer = await answered(house, "customer", query, id=ticket)
    assert SECRET not in answer
    assert '"totalCount":2' in answer


@pytest.mark.parametrize("user", ["customer", "stranger", "ann"])
async def test_a_ticket_of_others_is_not_there_for_a_stranger(house: House, user: str) -> None:
    ticket, public, _, cursor = await commented(house)
    ids = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    answer = await answered(house, user, ids, ids=[ticket, public])
    log = await answered(house, user, EVENTS, after=cursor)
    assert (ticket in answer, public in answer) == ((False, False) if user == "stranger" else (True, True))
    assert (PUBLIC in log) is (user != "stranger")
    if user == "stranger":
        follow = "query($id: ID!) { ticket(id: $id) { id } }"
        assert (await answered(house, user, follow, id=ticket)).startswith('{"data":{"ticket":null},')


async def test_what_parts_cost_is_for_staff(house: House) -> None:
    work, world = Work(house.engine, house.world), house.world
    ticket_id = await work.create("customer")
    job_id = await work.assign(ticket_id, "ann")
    await work.accept(job_id, "ann")
    await work.start(job_id, "ann")
    command = CompleteAssignment(
        assignment_id=job_id,
        outcome=AssignmentOutcome.SUCCESS,
        time_spent_hours=Decimal(1),
        parts_used=(PartUsed(part_number="SEAL-1", part_name="Seal", quantity=2, cost=Decimal("73.19")),),
    )
    asked = await send(house, json={"query": BEGINNING})
    cursor = asked.json()["data"]["tickets"]["eventCursor"]
    await complete_assignment(writer_for(house.engine), world.actor("ann"), command)
    job, part = global_id("Assignment", job_id), global_id("Part", world.part_id)
    query = (
        "query($job: ID!, $part: ID!, $after: EventCursor!) { assignment(id: $job) { partsUsed "
        "{ partNumber cost { amount } } } node(id: $part) { ... on Part { partNumber unitCost { amount } } } "
        "events(after: $after, first: 100) { events { __typename ... on JobEvent { changes { new } assignment "
        "{ partsUsed { cost { amount } } } } ... on RecordEvent { changes { field new } } } } }"
    )
    variables = {"job": job, "part": part, "after": cursor}
    outside = await answered(house, "customer", query, **variables)
    staff = await answered(house, "ann", query, **variables)
    assert "SEAL-1" in outside
    assert ("73.19" in outside, "4.50" in outside, "RecordEvent" in outside) == (False, False, False)
    assert ("73.19" in staff, "4.50" in staff, "RecordEvent" in staff) == (True, True, False)


@pytest.mark.parametrize(
    ("user", "query"), [("customer", "{ technicianQueue { totalCount } }"), ("stranger", "{ myJobs { totalCount } }")]
)
async def test_queues_and_jobs_are_not_the_customer_s(house: House, user: str, query: str) -> None:
    assert codes(await send(house, user=user, json={"query": query})) == ["FORBIDDEN"]
