"""Parts come in by their numbers."""

from typing import Any

import pytest

from schema.ids import global_id
from tests.sheets.kinds.filing import bring, counted, file_of, outcomes, told, tried
from tests.sheets.office import Office, table

NEW = {
    "partNumber": "PUMP-9",
    "name": "Pump",
    "stock": "4",
    "unitCost": "12.50",
    "currency": "USD",
    "leadTimeDays": "7",
    "active": "True",
}
PART = "SELECT *, unit_cost::text AS cost FROM parts WHERE organization_id = :organization AND part_number = :number"


async def found(office: Office, number: str = "PUMP-9") -> dict[str, Any]:
    (row,) = await office.sql(PART, number=number)
    return row


async def test_a_line_makes_a_part_with_all_that_it_says(office: Office) -> None:
    report = await bring(
        office, "parts", file_of([NEW, {**dict.fromkeys(NEW, ""), "partNumber": "NUT", "name": "Nut"}])
    )

    assert outcomes(report) == [(2, "CREATED"), (3, "CREATED")]
    row = await found(office)
    assert (row["name"], row["stock"], row["cost"], row["currency"]) == ("Pump", 4, "12.50", "USD")
    assert (row["lead_time_days"], row["active"], row["version"]) == (7, True, 1)
    # What is empty of a new one is as createPart has it.
    nut = await found(office, "NUT")
    assert (nut["stock"], nut["cost"], nut["currency"], nut["lead_time_days"], nut["active"]) == (
        0,
        None,
        "EUR",
        None,
        True,
    )


CHANGES = [
    ("name", "Big pump", "name", "Big pump"),
    ("stock", "11", "stock", 11),
    ("unitCost", "", "cost", None),
    ("unitCost", "3.1", "cost", "3.10"),
    ("currency", "EUR", "currency", "EUR"),
    ("leadTimeDays", "", "lead_time_days", None),
    ("active", "FALSE", "active", False),
]


@pytest.mark.parametrize(("column", "cell", "field", "value"), CHANGES)
async def test_a_line_changes_what_it_says_and_leaves_the_rest(
    office: Office, column: str, cell: str, field: str, value: Any
) -> None:
    await bring(office, "parts", file_of([NEW]))
    before = await found(office)
    file = file_of([{"partNumber": "PUMP-9", column: cell}])

    dry = await tried(office, "parts", file)
    assert dry["rows"] == [{"line": 2, "outcome": "UPDATED", "changes": [column]}]
    await bring(office, "parts", file, "manager", key="b")

    after = await found(office)
    assert after[field] == value
    moved = {name for name, was in before.items() if after[name] != was}
    assert moved == {field, "version", "updated_at"} | ({"unit_cost"} if field == "cost" else set())


async def test_a_stock_that_differs_was_counted_and_its_event_says_so(office: Office) -> None:
    await bring(office, "parts", file_of([NEW]))
    await bring(office, "parts", "partNumber,stock\r\nPUMP-9,2", key="b")
    (event,) = await office.sql("SELECT changes FROM events ORDER BY position DESC LIMIT 1")
    assert [(each["field"], each["old"], each["new"]) for each in event["changes"]] == [
        ("stock", 4, 2), ("reason", None, "Counted, as a file of parts says")
    ]  # fmt: skip
    less = await tried(office, "parts", "partNumber,stock\r\nPUMP-9,-1")
    assert told(less) == [(2, "stock", "VALIDATION_FAILED")]


async def test_what_jobs_took_since_an_export_is_not_put_back(office: Office) -> None:
    await bring(office, "parts", file_of([NEW]))
    rows = table((await office.export("admin", what="parts")).text)
    await office.sql("UPDATE parts SET stock = stock - 1, version = version + 1 WHERE part_number = 'PUMP-9'")
    late = await office.send(file_of(rows), "admin", what="parts", key="b")
    assert (late.status_code, [code for _, _, code in told(late.json())]) == (422, ["STALE_VERSION"])
    assert (await found(office))["stock"] == 3


async def test_a_part_gets_another_number_by_its_id(office: Office) -> None:
    await bring(office, "parts", file_of([NEW]))
    mine = global_id("Part", (await found(office))["id"])
    taken = await tried(office, "parts", f"id,partNumber\r\n{mine},SEAL-1")
    assert told(taken) == [(2, "partNumber", "VALIDATION_FAILED")]
    await bring(office, "parts", f"id,partNumber\r\n{mine},PUMP-10", key="b")
    assert (await found(office, "PUMP-10"))["version"] == 2


async def test_every_wrong_cell_is_told_with_its_place(office: Office) -> None:
    rows = [
        {"stock": "many"},
        {"stock": "1.5"},
        {"stock": "1000001"},
        {"unitCost": "4,50"},
        {"unitCost": "-1"},
        {"unitCost": "1.234"},
        {"unitCost": "nan"},
        {"currency": "euro"},
        {"leadTimeDays": "3651"},
        {"active": "ja"},
        {"name": "x" * 201},
        {"partNumber": "x" * 101},
        {"partNumber": ""},
    ]
    named = [{"partNumber": f"N-{at}", "name": "Part", **row} for at, row in enumerate(rows)]
    report = await tried(office, "parts", file_of(named, *NEW))
    columns = [next(iter(row)) for row in rows]
    assert told(report) == [(line, column, "VALIDATION_FAILED") for line, column in enumerate(columns, start=2)]


async def test_an_export_comes_back_as_it_was(office: Office) -> None:
    await bring(office, "parts", file_of([NEW]))
    exported = await office.export("admin", what="parts")
    mine = next(row for row in table(exported.text) if row["partNumber"] == "PUMP-9")
    assert {name: mine[name] for name in NEW} == {**NEW, "active": "true"}
    events = (await counted(office))["events"]
    same = await bring(office, "parts", exported.content, key="b")
    assert {outcome for _, outcome in outcomes(same)} == {"UNCHANGED"}
    assert (await counted(office))["events"] == events
