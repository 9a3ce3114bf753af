"""What staff say among themselves is nowhere for a customer to find: whichever way they look."""

from typing import Any

import httpx
import pytest

from tests.journeys.operations import EVENTS, TICKET_UPDATES
from tests.journeys.people import Person
from tests.journeys.stage import Stage, ticket_for

SECRET = "quarrelsome"
LOOKS = {
    "comments": "comments { totalCount nodes { body internal author { name } } }",
    "asked for": "comments(includeInternal: true) { totalCount nodes { body } }",
    "history": "history(first: 50) { totalCount edges { node { type newValue } } }",
}
OF_TICKET = "query($id: ID!) { ticket(id: $id) { %s } }"
SEARCH = 'query { tickets(search: "%s") { totalCount edges { snippet node { title } } } }'
NODE = "query($id: ID!) { node(id: $id) { __typename ... on Comment { body } } }"


@pytest.fixture
async def told(stage: Stage) -> tuple[Person, Person, str, str]:
    """A customer, a dispatcher, and a ticket on which the dispatcher has said something to each."""
    customer, dispatcher = await stage.enter("customer"), await stage.enter("dispatcher")
    ticket_id = await ticket_for(customer)
    await dispatcher.do("addComment", ticketId=ticket_id, body="We are on our way.")
    note = await dispatcher.do("addComment", ticketId=ticket_id, body=f"A {SECRET} customer.", internal=True)
    return customer, dispatcher, ticket_id, note["comment"]["id"]


@pytest.mark.parametrize("look", LOOKS)
async def test_a_ticket_shows_and_counts_no_internal_note(told: tuple[Person, Person, str, str], look: str) -> None:
    customer, dispatcher, ticket_id, _ = told
    for_staff, for_customer = [await each.ask(OF_TICKET % LOOKS[look], id=ticket_id) for each in (dispatcher, customer)]

    assert SECRET in str(for_staff)
    assert SECRET not in str(for_customer)
    assert _total(for_staff) > _total(for_customer)


def _total(answer: dict[str, Any]) -> int:
    (connection,) = answer["ticket"].values()
    count: int = connection["totalCount"]
    return count


async def test_neither_its_id_nor_its_words_lead_to_a_note(told: tuple[Person, Person, str, str]) -> None:
    customer, dispatcher, _, note_id = told
    nodes = [(await each.ask(NODE, id=note_id))["node"] for each in (dispatcher, customer)]
    found = [(await each.ask(SEARCH % SECRET))["tickets"] for each in (dispatcher, customer)]
    public = (await customer.ask(SEARCH % "way"))["tickets"]

    assert (nodes[0]["body"], nodes[1]) == (f"A {SECRET} customer.", None)
    assert (found[0]["totalCount"], found[1]) == (1, {"totalCount": 0, "edges": []})
    assert (public["totalCount"], SECRET in str(public)) == (1, False)


async def test_no_event_tells_of_a_note_live_or_later(stage: Stage) -> None:
    customer, dispatcher = await stage.enter("customer"), await stage.enter("dispatcher")
    ticket_id = await ticket_for(customer)
    cursor = await customer.latest_cursor()
    async with customer.following(TICKET_UPDATES, ticketId=ticket_id) as updates:
        await updates.ready()
        await dispatcher.do("addComment", ticketId=ticket_id, body=f"A {SECRET} customer.", internal=True)
        await dispatcher.do("addComment", ticketId=ticket_id, body="We are on our way.")
        live = await updates.next()
    later = [(await each.ask(EVENTS, after=cursor, first=10))["events"]["events"] for each in (dispatcher, customer)]

    assert live["comment"]["body"] == "We are on our way."
    assert [len(events) for events in later] == [2, 1]
    assert SECRET not in str(later[1])


async def test_no_file_takes_a_note_out(stage: Stage, told: tuple[Person, Person, str, str]) -> None:
    customer, _, _, _ = told
    async with httpx.AsyncClient(timeout=60) as client:
        answer = await client.get(
            f"http://127.0.0.1:{stage.served.port}/exports/tickets.csv",
            headers={"Authorization": f"Bearer {customer.token}"},
        )

    assert answer.status_code == 200
    assert len(answer.text.splitlines()) == 2
    assert SECRET not in answer.text
