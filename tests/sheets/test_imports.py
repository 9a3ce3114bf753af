"""Imports: every line is checked under the rules of createTicket, and all become tickets or none does."""

import asyncio
from typing import Any

import httpx
import pytest

from app.domain.people import Role
from app.services.imports.import_tickets import MOST_LINES
from schema.ids import global_id
from schema.sheets.imports import LARGEST
from tests.serving import token
from tests.sheets.office import Office, table

HEADER = "title,description,category,priority"
GOOD = f"{HEADER}\r\nThe pump leaks,Since Monday.,INCIDENT,P2\r\nThe mill stands,Again.,MAINTENANCE,P4\r\n"
BAD = "Nothing,Here.,INCIDENT,P9"


async def counted(office: Office) -> tuple[int, int]:
    """Return how many tickets and events there are."""
    (row,) = await office.sql(
        "SELECT (SELECT count(*) FROM tickets) AS tickets, (SELECT count(*) FROM events) AS events"
    )
    return row["tickets"], row["events"]


def told(report: dict[str, Any]) -> list[tuple[int, str | None, str]]:
    """Return the problems of a report without their words, which must be there."""
    assert all(each["message"] for each in report["problems"])
    return [(each["line"], each["column"], each["code"]) for each in report["problems"]]


async def test_each_line_becomes_a_ticket_with_its_event(office: Office) -> None:
    tickets, events = await counted(office)
    answer = await office.send(GOOD, key="a")
    assert answer.status_code == 200, answer.text
    report = answer.json()
    assert [each["line"] for each in report["tickets"]] == [2, 3]
    assert (report["lines"], report["problemCount"], report["dryRun"]) == (2, 0, False)
    assert await counted(office) == (tickets + 2, events + 2)
    rows = await office.sql("SELECT * FROM tickets WHERE title IN ('The pump leaks', 'The mill stands') ORDER BY id")
    assert [row["ticket_number"] for row in rows] == [each["ticketNumber"] for each in report["tickets"]]
    assert {row["requester_id"] for row in rows} == {office.world.users["dispatcher"]}
    assert {row["status"] for row in rows} == {"NEW"}
    told_of = await office.sql("SELECT DISTINCT type, change_id, source FROM events")
    assert [each["type"] for each in told_of] == ["TICKET_CREATED"]
    followed = await office.served.ask(
        token(office.world, "dispatcher"),
        "query($after: EventCursor!) { events(after: $after) { events { __typename } } }",
        {"after": report["eventCursor"]},
    )
    assert followed["data"]["events"]["events"] == []


async def test_a_repeat_creates_nothing_twice(office: Office) -> None:
    first = await office.send(GOOD, key="again")
    before = await counted(office)
    assert (await office.send(GOOD, key="again")).json() == first.json()
    other = await office.send(GOOD + "One more,Here.,INCIDENT,P1\r\n", key="again")
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_MISMATCH")
    assert await counted(office) == before
    answers = await asyncio.gather(*(office.send(GOOD, name, key="x") for name in ("admin", "manager", "lead")))
    assert [each.status_code for each in answers] == [200, 200, 200]
    assert (await counted(office))[0] == before[0] + 6


async def test_a_run_without_a_key_is_refused(office: Office) -> None:
    before = await counted(office)
    answer = await office.send(GOOD)
    assert (answer.status_code, answer.json()["field"]) == (400, ["Idempotency-Key"])
    assert (await office.send(GOOD, key="k" * 256)).status_code == 400
    assert await counted(office) == before


async def test_a_dry_run_says_what_is_wrong_and_writes_nothing(office: Office) -> None:
    before = await counted(office)
    good = await office.send(GOOD, dry_run=True)
    assert (good.status_code, good.json()) == (
        200, {"dryRun": True, "lines": 2, "problemCount": 0, "problems": []}
    )  # fmt: skip
    bad = await office.send(GOOD + BAD, dry_run=True)
    assert (bad.status_code, told(bad.json())) == (200, [(4, "priority", "VALIDATION_FAILED")])
    assert await counted(office) == before
    assert await office.sql("SELECT 1 FROM idempotency_results") == []


async def test_one_bad_line_keeps_all_from_being_written(office: Office) -> None:
    before = await counted(office)
    answer = await office.send(GOOD + BAD, key="a")
    assert (answer.status_code, told(answer.json())) == (422, [(4, "priority", "VALIDATION_FAILED")])
    assert "tickets" not in answer.json()
    assert await counted(office) == before
    # The key was not spent.
    assert (await office.send(GOOD, key="a")).status_code == 200


async def test_every_bad_line_is_told_with_its_place(office: Office) -> None:
    header = f"{HEADER},environment,customerId,assetExternalId,latitude,longitude,tags,customFields,requesterId"
    foreign = global_id("Customer", office.other.customer_id)
    mine = global_id("User", office.world.users["dispatcher"])
    lines = [
        header,
        '"Two\r\nlines",Fine.,INCIDENT,P1,,,,,,,,',
        "Late,Here.,NOTHING,P0,MOON,,,,,,,",
        f"Other,Here.,INCIDENT,P1,,{foreign},,,,,,",
        f"Kind,Here.,INCIDENT,P1,,{mine},,,,,,",
        " ,Here.,INCIDENT,P1,,,,,,,,",
        "Place,Here.,INCIDENT,P1,,,,91,5,,,",
        "Half,Here.,INCIDENT,P1,,,,52,,,,",
        "Word,Here.,INCIDENT,P1,,,,north,5,,,",
        f"Tag,Here.,INCIDENT,P1,,,,,,{'x' * 51},,",
        "Json,Here.,INCIDENT,P1,,,,,,,[1],",
        "Asset,Here.,INCIDENT,P1,,,no-such-thing,,,,,",
        "Short,Here.",
        "Asset,Here.,INCIDENT,P1,,,no-such-thing,,,,,",
        f"Title {'x' * 200},Here.,INCIDENT,P1,,,,,,,,",
        "Nul\x00,Here.,INCIDENT,P1,,,,,,,,",
    ]
    answer = await office.send("\r\n".join(lines), dry_run=True)
    assert told(answer.json()) == [
        (4, "category", "VALIDATION_FAILED"),
        (4, "priority", "VALIDATION_FAILED"),
        (4, "environment", "VALIDATION_FAILED"),
        (5, "customerId", "NOT_FOUND"),
        (6, "customerId", "VALIDATION_FAILED"),
        (7, "title", "VALIDATION_FAILED"),
        (8, "latitude", "VALIDATION_FAILED"),
        (9, "longitude", "VALIDATION_FAILED"),
        (10, "latitude", "VALIDATION_FAILED"),
        (11, "tags", "VALIDATION_FAILED"),
        (12, "customFields", "VALIDATION_FAILED"),
        (13, "assetExternalId", "NOT_FOUND"),
        (14, None, "WRONG_NUMBER_OF_CELLS"),
        (15, None, "DUPLICATE_LINE"),
        (16, "title", "VALIDATION_FAILED"),
        (17, "title", "VALIDATION_FAILED"),
    ]


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        ("", [(1, None, "EMPTY_FILE")]),
        ("\ufeff\r\n\r\n", [(1, None, "EMPTY_FILE")]),
        (HEADER, [(1, None, "EMPTY_FILE")]),
        ("title,description,priority\r\na,b,P1", [(1, "category", "MISSING_COLUMN")]),
        (f"{HEADER},colour\r\na,b,INCIDENT,P1,red", [(1, "colour", "UNKNOWN_COLUMN")]),
        (f"{HEADER},ticketNumber\r\na,b,INCIDENT,P1,TKT-1", [(1, "ticketNumber", "UNKNOWN_COLUMN")]),
        (f"{HEADER},title\r\na,b,INCIDENT,P1,c", [(1, "title", "DUPLICATE_COLUMN")]),
        (f"{HEADER}\r\n\"a\"b,c,INCIDENT,P1", [(2, None, "MALFORMED_CSV")]),
        (f"{HEADER}\r\n\"never closed", [(2, None, "MALFORMED_CSV")]),
        (f"{HEADER}\r\na,{'x' * 140_000},INCIDENT,P1", [(2, None, "MALFORMED_CSV")]),
        (f"{HEADER}\r\na,{'x' * 30_000},INCIDENT,P1", [(2, "description", "VALIDATION_FAILED")]),
        (GOOD.encode("utf-16"), [(1, None, "NOT_UTF8")]),
        (f"{HEADER}\r\nK\xfche,b,INCIDENT,P1".encode("latin-1"), [(2, None, "NOT_UTF8")]),
        ("title;description;category;priority\r\na;b;INCIDENT;P1", None),
    ],
)  # fmt: skip
async def test_what_is_no_such_file_is_told_so(office: Office, content: str | bytes, problems: Any) -> None:
    before = await counted(office)
    for answer in (await office.send(content, dry_run=True), await office.send(content, key="a")):
        report = answer.json()
        assert answer.status_code == (200 if report["dryRun"] else 422)
        if problems is None:
            assert {each["code"] for each in report["problems"]} == {"UNKNOWN_COLUMN", "MISSING_COLUMN"}
        else:
            assert told(report) == problems
    assert await counted(office) == before


async def test_more_lines_than_a_file_may_have_are_refused_and_as_many_are_not(office: Office) -> None:
    lines = [f"Ticket {n},Here.,INCIDENT,P3" for n in range(MOST_LINES)]
    full = "\r\n".join([HEADER, *lines])
    more = await office.send(f"{full}\r\nOne more,Here.,INCIDENT,P3", key="a")
    assert (more.status_code, told(more.json())) == (422, [(MOST_LINES + 2, None, "TOO_MANY_LINES")])
    answer = await office.send(full, key="a")
    assert (answer.status_code, len(answer.json()["tickets"])) == (200, MOST_LINES)
    assert len({each["ticketNumber"] for each in answer.json()["tickets"]}) == MOST_LINES
    assert (await office.send(full, key="a")).json() == answer.json()


async def test_too_many_problems_are_counted_and_the_first_are_told(office: Office) -> None:
    lines = [f"Ticket {n},Here.,INCIDENT,P9" for n in range(1500)]
    report = (await office.send("\r\n".join([HEADER, *lines]), dry_run=True)).json()
    assert (report["problemCount"], len(report["problems"])) == (1500, 1000)


async def test_a_byte_order_mark_quotes_and_any_line_end_are_read(office: Office) -> None:
    content = '\ufeff"title",description,category,priority\n"Küche, ""oben""","eins\nzwei",INCIDENT,P1\n\n'
    (ticket,) = (await office.send(content, key="a")).json()["tickets"]
    (row,) = await office.sql(
        "SELECT title, description FROM tickets WHERE ticket_number = :n", n=ticket["ticketNumber"]
    )
    assert row == {"title": 'Küche, "oben"', "description": "eins\nzwei"}


async def test_what_an_export_gave_comes_back_as_it_was(office: Office) -> None:
    external = await office.sql("UPDATE assets SET external_id = 'A-' || name RETURNING external_id")
    assert external
    await office.sql("UPDATE tickets SET title = '=1+1', tags = ARRAY['a;b', '-c'] WHERE ticket_number LIKE '%01'")
    kept = ("title", "description", "category", "priority", "tags", "customerId", "assetId", "latitude", "longitude")
    rows = [row for row in table((await office.export()).text) if row["ticketNumber"].endswith("01")]
    header, cells = ",".join(kept), [",".join(_quoted(row[name]) for name in kept) for row in rows]
    answer = await office.send("\r\n".join([header, *cells]), key="a")
    assert answer.status_code == 200, answer.text
    again = {row["ticketNumber"]: row for row in table((await office.export()).text)}
    came = [again[each["ticketNumber"]] for each in answer.json()["tickets"]]
    # The asset's customer is taken where none is named.
    assert [{name: row[name] for name in kept if name != "customerId"} for row in came] == [
        {name: row[name] for name in kept if name != "customerId"} for row in rows
    ]
    assert {row["title"] for row in came} == {"'=1+1"}


def _quoted(cell: str) -> str:
    escaped = cell.replace('"', '""')
    return f'"{escaped}"'


async def test_customers_import_for_themselves_alone(office: Office) -> None:
    await office.sql("UPDATE customers SET external_id = 'C-' || name")
    (theirs,) = await office.sql("SELECT external_id FROM customers WHERE name = 'Elsewhere'")
    (ours,) = await office.sql("SELECT external_id FROM customers WHERE id = :id", id=office.world.customer_id)
    header = f"{HEADER},customerExternalId"
    foreign = f"{header}\r\nA,b,INCIDENT,P1,{theirs['external_id']}\r\nA,c,INCIDENT,P1,C-nobody"
    refused = told((await office.send(foreign, "customer", dry_run=True)).json())
    # One that is there and one that is not look the same.
    assert [(line, code) for line, _, code in refused] == [(2, "NOT_FOUND"), (3, "NOT_FOUND")]
    answer = await office.send(f"{header}\r\nA,b,INCIDENT,P1,{ours['external_id']}", "customer", key="a")
    assert answer.status_code == 200
    named = f"{HEADER},requesterId\r\nA,b,INCIDENT,P1,{global_id('User', office.world.users['dispatcher'])}"
    assert told((await office.send(named, "customer", dry_run=True)).json()) == [(2, "requesterId", "NOT_FOUND")]


async def test_another_organisations_things_are_not_there(office: Office) -> None:
    territory = global_id("Territory", office.other.territory_id)
    content = f"{HEADER},territoryId\r\nA,b,INCIDENT,P1,{territory}"
    assert told((await office.send(content, dry_run=True)).json()) == [(2, "territoryId", "NOT_FOUND")]


async def test_only_whoever_may_is_let_in(office: Office) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.post(office.imports, content=GOOD, headers={"Content-Type": "text/csv"})
        assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")
        wrong = await client.get(office.imports, headers=office.bearer("admin"))
        assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    assert (await office.send(GOOD, roles=[Role.ADMIN], key="a")).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/json"}, 415),
        ({"Content-Type": "text/csv; charset=latin-1"}, 415),
        ({"Content-Encoding": "gzip"}, 415),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Content-Type": 'text/csv; charset="UTF-8"; header=present'}, 200),
    ],
)
async def test_only_a_plain_table_is_taken(office: Office, headers: dict[str, Any], status: int) -> None:
    assert (await office.send(GOOD, dry_run=True, **headers)).status_code == status


async def test_a_file_that_is_too_large_is_refused_before_it_is_read(office: Office) -> None:
    answer = await office.send(b"x" * (LARGEST + 1), key="a")
    assert (answer.status_code, answer.json()["code"]) == (413, "BAD_USER_INPUT")


async def test_imports_are_counted(office: Office) -> None:
    await office.send(GOOD, dry_run=True)
    await office.send(BAD, key="a")
    await office.send(GOOD, key="a")
    async with httpx.AsyncClient() as client:
        figures = (await client.get(f"http://127.0.0.1:{office.served.port}/metrics")).text
    for outcome in ("checked", "refused", "written"):
        assert f'fieldgraph_imports_total{{outcome="{outcome}"}} 1.0' in figures
