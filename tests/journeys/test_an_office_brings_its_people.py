"""An office takes its technicians out, changes them in a spreadsheet, brings them again, and they are sent by it."""

import csv
import io
from typing import Any

import httpx

from schema.ids import global_id
from tests.journeys.people import Person
from tests.journeys.stage import Stage, ticket_for

CANDIDATES = "query($id: ID!) { candidates(ticketId: $id) { technician { name } eligible } }"
FOLLOWED = "query($after: EventCursor!) { events(after: $after) { events { __typename ... on DomainEvent { type } } } }"
HEADERS = {"Content-Type": "text/csv"}


def address(stage: Stage, way: str) -> str:
    return f"http://127.0.0.1:{stage.served.port}/{way}/technicians.csv"


async def exported(stage: Stage, person: Person) -> list[dict[str, str]]:
    async with httpx.AsyncClient(timeout=60) as client:
        answer = await client.get(address(stage, "exports"), headers=bearer(person))
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline=""), strict=True))


async def brought(stage: Stage, person: Person, rows: list[dict[str, str]], key: str | None = None) -> dict[str, Any]:
    """Return the report of a file: of a dry run where there is no key."""
    report: dict[str, Any] = (await sent(stage, person, rows, key)).json()
    assert report["problems"] == [], report
    return report


async def sent(stage: Stage, person: Person, rows: list[dict[str, str]], key: str | None = None) -> httpx.Response:
    """Return the answer to a file: to a dry run where there is no key."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    headers = {**HEADERS, **bearer(person), **({"Idempotency-Key": key} if key else {})}
    async with httpx.AsyncClient(timeout=60) as client:
        return await client.post(
            address(stage, "imports"),
            content=text.getvalue(),
            params={} if key else {"dryRun": "true"},
            headers=headers,
        )


def bearer(person: Person) -> dict[str, str]:
    return {"Authorization": f"Bearer {person.token}"}


async def candidates(person: Person, ticket_id: str) -> set[str]:
    found = (await person.ask(CANDIDATES, id=ticket_id))["candidates"]
    return {each["technician"]["name"] for each in found if each["eligible"]}


async def test_a_file_decides_who_is_sent(stage: Stage) -> None:
    admin, dispatcher = [await stage.enter(name) for name in ("admin", "dispatcher")]
    ticket = await ticket_for(dispatcher)
    before = await candidates(dispatcher, ticket)
    assert "Ann" in before

    rows = await exported(stage, admin)
    (ann,) = [row for row in rows if row["name"] == "Ann"]
    ann["active"] = "false"
    new = {**dict.fromkeys(ann, ""), "email": "eve@test.example", "name": "Eve", "tier": "L1", "skills": "PUMPS:3"}
    tried = await brought(stage, admin, [*rows, new])
    assert (tried["created"], tried["updated"], tried["unchanged"]) == (1, 1, len(rows) - 1)
    assert await candidates(dispatcher, ticket) == before

    cursor = await dispatcher.latest_cursor()
    report = await brought(stage, admin, [*rows, new], key="monday")

    assert await brought(stage, admin, [*rows, new], key="monday") == report
    assert await candidates(dispatcher, ticket) == before - {"Ann"} | {"Eve"}
    told = (await dispatcher.ask(FOLLOWED, after=cursor))["events"]["events"]
    assert [(each["__typename"], each["type"]) for each in told] == [("RecordEvent", "RECORD_CHANGED")] * 3
    # Only who is new has a user besides.
    (eve,) = [row for row in await exported(stage, admin) if row["name"] == "Eve"]
    assert (eve["active"], eve["skills"], eve["version"]) == ("true", "PUMPS:3", "1")


async def test_nobody_brings_back_who_was_erased(stage: Stage) -> None:
    admin = await stage.enter("admin")
    rows = await exported(stage, admin)
    (before,) = [row for row in rows if row["name"] == "Ann"]
    user = global_id("User", stage.world.users["ann"])
    await admin.do("erasePersonalData", userId=user, reason="REQUESTED")
    (after,) = [row for row in await exported(stage, admin) if row["id"] == before["id"]]
    assert after["name"] != "Ann"

    # As they are now they can be in a file; as they were they cannot, whatever versions it names.
    assert (await brought(stage, admin, [after], key="as they are"))["unchanged"] == 1
    refused = await sent(stage, admin, [{**before, "version": "", "userVersion": ""}], key="as they were")
    (problem,) = refused.json()["problems"]
    assert (refused.status_code, problem["line"], problem["column"], problem["code"]) == (422, 2, "active", "FORBIDDEN")
    (still,) = [row for row in await exported(stage, admin) if row["id"] == before["id"]]
    assert still == after
