"""An office keeps a view, takes its tickets out as a file, mends a file of others, and takes it in, once."""

import csv
import io

import httpx
import orjson

from tests.journeys.people import Person
from tests.journeys.stage import Stage, ticket_for

VIEWS = "{ savedViews { name filter orderBy shared owner { name } } }"
FOUND = "query($filter: TicketFilter, $orderBy: [TicketOrder!]) { tickets(filter: $filter, orderBy: $orderBy) {"
FOUND += " nodes { id ticketNumber title requester { name } } } }"
HISTORY = "query($id: ID!) { ticket(id: $id) { title status priority tags requester { name } customer { name } } }"


def address(stage: Stage, path: str) -> str:
    return f"http://127.0.0.1:{stage.served.port}{path}"


def bearer(person: Person) -> dict[str, str]:
    return {"Authorization": f"Bearer {person.token}"}


def rows_of(file: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file, newline=""), strict=True))


async def export(stage: Stage, person: Person, **asked: object) -> list[dict[str, str]]:
    """Return the rows of an export, which must be whole."""
    parameters = {name: orjson.dumps(value).decode() for name, value in asked.items()}
    async with httpx.AsyncClient(timeout=60) as client:
        answer = await client.get(address(stage, "/exports/tickets.csv"), params=parameters, headers=bearer(person))
    assert answer.status_code == 200, answer.text
    return rows_of(answer.text)


async def send(stage: Stage, person: Person, file: str, key: str | None = None) -> httpx.Response:
    """Return the answer to an import: a dry run without a key."""
    headers = {"Content-Type": "text/csv; charset=utf-8", **bearer(person)}
    if key is not None:
        headers["Idempotency-Key"] = key
    parameters = {} if key else {"dryRun": "true"}
    async with httpx.AsyncClient(timeout=60) as client:
        return await client.post(
            address(stage, "/imports/tickets.csv"), content=file.encode(), params=parameters, headers=headers
        )


async def test_a_view_leads_to_a_file_and_a_file_to_tickets(stage: Stage) -> None:
    dispatcher, technician, customer = [await stage.enter(name) for name in ("dispatcher", "ann", "customer")]
    await ticket_for(dispatcher, title="=HYPERLINK(1)", priority="P1", tags=["pump"])
    await ticket_for(dispatcher, title="Not urgent", priority="P4")
    await ticket_for(customer, title="From a customer", priority="P1")

    # A view is kept, shared, and passed on as it is.
    wanted = {"filter": {"priority": ["P1"]}, "orderBy": [{"field": "CREATED_AT", "direction": "ASC"}]}
    await dispatcher.do("saveView", name="Urgent", shared=True, **wanted)
    (view,) = (await technician.ask(VIEWS))["savedViews"]
    assert (view["name"], view["owner"]["name"]) == ("Urgent", "Dispatcher")
    assert (await customer.ask(VIEWS))["savedViews"] == []
    passed = {"filter": view["filter"], "orderBy": view["orderBy"]}

    # The file has what the query has, for each person theirs.
    rows = await export(stage, technician, **passed)
    nodes = (await technician.ask(FOUND, **passed))["tickets"]["nodes"]
    assert [row["id"] for row in rows] == [node["id"] for node in nodes]
    assert [row["title"] for row in rows] == ["'=HYPERLINK(1)", "From a customer"]
    assert [row["title"] for row in await export(stage, customer)] == ["From a customer"]

    # A file of others is tried, mended, and taken in; an answer that was lost does no harm.
    file = "title,description,category,priority,tags\r\n" + "\r\n".join(
        f'"{row["title"]}",{row["description"]},{row["category"]},{row["priority"]},{row["tags"]}' for row in rows
    )
    broken = file + "\r\nOne more,Here.,INCIDENT,urgent,"
    tried = (await send(stage, dispatcher, broken)).json()
    assert [(each["line"], each["column"]) for each in tried["problems"]] == [(4, "priority")]
    refused = await send(stage, dispatcher, broken, "monday")
    assert refused.status_code == 422
    assert len(await export(stage, dispatcher)) == 3

    mended = broken.replace("urgent", "P2")
    cursor = await dispatcher.latest_cursor()
    taken = await send(stage, dispatcher, mended, "monday")
    again = await send(stage, dispatcher, mended, "monday")
    assert (taken.status_code, again.json()) == (200, taken.json())
    created = taken.json()["tickets"]
    assert [each["line"] for each in created] == [2, 3, 4]
    assert len(await export(stage, dispatcher)) == 6

    first = (await dispatcher.ask(HISTORY, id=created[0]["id"]))["ticket"]
    assert (first["title"], first["status"], first["tags"]) == ("=HYPERLINK(1)", "NEW", ["pump"])
    assert first["requester"]["name"] == "Dispatcher"
    told = await stage.sql("SELECT type, change_id FROM events ORDER BY position DESC LIMIT 3")
    assert {row["type"] for row in told} == {"TICKET_CREATED"}
    assert len({row["change_id"] for row in told}) == 1
    assert cursor != taken.json()["eventCursor"] == await dispatcher.latest_cursor()
