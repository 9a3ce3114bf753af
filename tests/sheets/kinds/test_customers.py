"""Customers come in by the ids that they have elsewhere."""

from typing import Any

import pytest

from app.domain.people import Role
from schema.ids import global_id
from tests.sheets.kinds.filing import bring, counted, file_of, outcomes, told, tried
from tests.sheets.office import Office, table

NEW = {
    "externalId": "C-1",
    "name": "=Mills & Sons",
    "tier": "FLEET",
    "latitude": "52.5",
    "longitude": "4.75",
    "address": "Quay 1, at the back\nring twice",
    "userEmails": "customer@test.example;Stranger@Test.example",
    "active": "true",
}

CUSTOMER = """
    SELECT c.*,
        (SELECT array_agg(u.user_id ORDER BY u.user_id) FROM customer_users u WHERE u.customer_id = c.id) AS users
    FROM customers c WHERE c.organization_id = :organization AND c.external_id = :external
"""


async def found(office: Office, external_id: str = "C-1") -> dict[str, Any]:
    (row,) = await office.sql(CUSTOMER, external=external_id)
    return row


async def test_a_line_makes_a_customer_with_all_that_it_says(office: Office) -> None:
    before = await counted(office)

    # An apostrophe keeps spreadsheets from calculating, and is taken away again.
    report = await bring(office, "customers", file_of([{**NEW, "name": "'=Mills & Sons"}]), "manager")

    assert outcomes(report) == [(2, "CREATED")]
    row = await found(office)
    assert report["rows"] == [{"line": 2, "outcome": "CREATED", "id": global_id("Customer", row["id"])}]
    assert (row["name"], row["tier"], row["address"]) == (NEW["name"], "FLEET", NEW["address"])
    assert (row["latitude"], row["longitude"], row["active"]) == (52.5, 4.75, True)
    assert row["users"] == sorted(office.world.users[each] for each in ("customer", "stranger"))
    after = await counted(office)
    # The two who belong there are told of as well.
    assert (after["customers"], after["events"]) == (before["customers"] + 1, before["events"] + 3)
    (event,) = await office.sql("SELECT * FROM events ORDER BY position DESC LIMIT 1")
    assert (event["type"], event["kind"], event["customer_after"]) == ("RECORD_CHANGED", "Customer", row["id"])


CHANGES = [
    ("name", "Mills", "name", "Mills"),
    ("tier", "STANDARD", "tier", "STANDARD"),
    ("address", "", "address", None),
    ("userEmails", "", "users", None),
    ("active", "false", "active", False),
]


@pytest.mark.parametrize(("column", "cell", "field", "value"), CHANGES)
async def test_a_line_changes_what_it_says_and_leaves_the_rest(
    office: Office, column: str, cell: str, field: str, value: Any
) -> None:
    await bring(office, "customers", file_of([NEW]))
    before = await found(office)
    file = file_of([{"externalId": "C-1", column: cell}])

    dry = await tried(office, "customers", file)
    assert dry["rows"] == [{"line": 2, "outcome": "UPDATED", "changes": [column]}]
    assert await found(office) == before
    assert outcomes(await bring(office, "customers", file, key="b")) == [(2, "UPDATED")]

    after = await found(office)
    assert after[field] == value
    assert {name for name, was in before.items() if after[name] != was} == {field, "version", "updated_at"}


async def test_a_place_is_cleared_as_a_whole(office: Office) -> None:
    await bring(office, "customers", file_of([NEW]))
    await bring(office, "customers", "externalId,latitude,longitude\r\nC-1,,", key="b")
    row = await found(office)
    assert (row["latitude"], row["longitude"]) == (None, None)


async def test_a_customer_is_given_an_id_of_elsewhere_by_its_own(office: Office) -> None:
    mine = global_id("Customer", office.world.customer_id)
    report = await bring(office, "customers", f"id,externalId\r\n{mine},C-0")
    assert outcomes(report) == [(2, "UPDATED")]
    assert (await found(office, "C-0"))["id"] == office.world.customer_id
    cleared = await bring(office, "customers", f"id,externalId\r\n{mine},", key="b")
    assert outcomes(cleared) == [(2, "UPDATED")]
    assert await office.sql(CUSTOMER, external="C-0") == []


async def test_every_wrong_cell_is_told_with_its_place(office: Office) -> None:
    await bring(office, "customers", file_of([NEW, {**NEW, "externalId": "C-2"}]))
    rows: list[dict[str, str]] = [
        {"externalId": "A", "tier": "GOLD"},
        {"externalId": "B", "latitude": "north", "longitude": "1"},
        {"externalId": "C", "latitude": "52"},
        {"externalId": "D", "latitude": "52", "longitude": "181"},
        {"externalId": "E", "address": "x" * 501},
        {"externalId": "F", "userEmails": "nobody@test.example;nowhere@test.example"},
        {"externalId": "G", "active": "1"},
        {"externalId": "H", "name": "x" * 201},
        {"externalId": "x" * 101},
        {"externalId": ""},
        {"externalId": "K", "version": "3"},
        {"externalId": "C-1", "version": "7"},
        {"externalId": "M", "version": "first"},
        {"externalId": "N", "id": global_id("Customer", office.world.organization_id)},
        {"externalId": "O", "id": "no id"},
        {"externalId": "C-2", "id": global_id("Customer", office.world.customer_id)},
        {"externalId": "Q", "name": ""},
    ]
    columns = ("id", *NEW, "version")
    named = [{"name": "Somebody", "tier": "STANDARD", "active": "true", **row} for row in rows]

    report = await tried(office, "customers", file_of(named, *columns))

    assert told(report) == [
        (2, "tier", "VALIDATION_FAILED"),
        (3, "latitude", "VALIDATION_FAILED"),
        (4, "longitude", "VALIDATION_FAILED"),
        (5, "longitude", "VALIDATION_FAILED"),
        (6, "address", "VALIDATION_FAILED"),
        (7, "userEmails", "NOT_FOUND"),
        (7, "userEmails", "NOT_FOUND"),
        (8, "active", "VALIDATION_FAILED"),
        (9, "name", "VALIDATION_FAILED"),
        (10, "externalId", "VALIDATION_FAILED"),
        (11, "externalId", "VALIDATION_FAILED"),
        (12, "externalId", "NOT_FOUND"),
        (13, "version", "STALE_VERSION"),
        (14, "version", "VALIDATION_FAILED"),
        (15, "id", "NOT_FOUND"),
        (16, "id", "VALIDATION_FAILED"),
        (17, "externalId", "VALIDATION_FAILED"),
        (18, "name", "VALIDATION_FAILED"),
    ]
    before = await counted(office)
    real = await office.send(file_of(named, *columns), "admin", what="customers", key="b")
    assert (real.status_code, told(real.json())) == (422, told(report))
    assert await counted(office) == before


async def test_two_lines_are_not_about_one_customer(office: Office) -> None:
    await bring(office, "customers", file_of([NEW]))
    mine = global_id("Customer", (await found(office))["id"])
    twice = await tried(office, "customers", "externalId,name\r\nC-9,One\r\nC-9,Another\r\nC-1,First")
    assert told(twice) == [(3, "externalId", "DUPLICATE_LINE")]
    by_both = await tried(office, "customers", f"id,externalId,name\r\n{mine},C-1,One\r\n,C-1,Another")
    assert told(by_both) == [(3, "externalId", "DUPLICATE_LINE")]
    renamed = await tried(office, "customers", f"id,externalId,name\r\n{mine},C-5,One\r\n,C-1,Another")
    assert told(renamed) == [(3, "externalId", "VALIDATION_FAILED")]


async def test_users_without_an_address_stay_with_their_customer(office: Office) -> None:
    await bring(office, "customers", file_of([NEW]))
    await office.sql("UPDATE users SET email = NULL WHERE id = :id", id=office.world.users["stranger"])
    rows = [row for row in table((await office.export("admin", what="customers")).text) if row["externalId"]]
    assert [row["userEmails"] for row in rows] == ["customer@test.example"]
    again = await bring(office, "customers", file_of(rows), key="b")
    assert outcomes(again) == [(2, "UNCHANGED")]
    assert (await found(office))["users"] == sorted(office.world.users[each] for each in ("customer", "stranger"))


async def test_another_organisations_rows_are_not_there(office: Office) -> None:
    theirs = global_id("Customer", office.other.customer_id)
    report = await tried(office, "customers", f"id,name\r\n{theirs},Mine now")
    assert told(report) == [(2, "id", "NOT_FOUND")]
    await bring(office, "customers", file_of([NEW]), world=office.other)
    assert await office.sql(CUSTOMER, external="C-1") == []
    assert outcomes(await bring(office, "customers", file_of([NEW]))) == [(2, "CREATED")]
    exported = table((await office.export("admin", what="customers")).text)
    assert theirs not in {row["id"] for row in exported}


async def test_an_export_is_changed_and_brought_again(office: Office) -> None:
    await bring(office, "customers", file_of([NEW]))
    exported = await office.export("manager", what="customers", bom="true")
    assert exported.text.startswith("\ufeff")
    rows = table(exported.text.removeprefix("\ufeff"))
    mine = next(row for row in rows if row["externalId"] == "C-1")
    assert mine["name"] == "'=Mills & Sons"
    assert mine["userEmails"] == "customer@test.example;stranger@test.example"

    same = await bring(office, "customers", exported.content, key="b")
    assert {outcome for _, outcome in outcomes(same)} == {"UNCHANGED"}
    mine["address"] = "Elsewhere"
    await bring(office, "customers", file_of(rows), key="c")
    # The same file again: what is so already is not looked at by its version.
    assert {outcome for _, outcome in outcomes(await bring(office, "customers", file_of(rows), key="d"))} == {
        "UNCHANGED"
    }
    mine["address"] = "Somewhere"
    late = await office.send(file_of(rows), "admin", what="customers", key="e")
    assert [code for _, _, code in told(late.json())] == ["STALE_VERSION"]
    assert (await found(office))["address"] == "Elsewhere"


@pytest.mark.parametrize("name", ["dispatcher", "lead", "ann", "customer"])
async def test_only_management_brings_and_exports(office: Office, name: str) -> None:
    for what in ("customers", "technicians", "parts"):
        content = {"customers": "externalId\r\nC", "technicians": "email\r\nC", "parts": "partNumber\r\nC"}[what]
        for more in ({"dry_run": True}, {"key": "a"}):
            refused = await office.send(content, name, what=what, **more)
            assert (refused.status_code, refused.json()["code"]) == (403, "FORBIDDEN")
        assert (await office.export(name, what=what)).status_code == 403
    narrowed = await office.send("externalId\r\nC", "admin", what="customers", roles=[Role.DISPATCHER], key="a")
    assert narrowed.status_code == 401
