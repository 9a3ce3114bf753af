"""Files of any kind: their form, who may send them, and what is written once, whole, or not at all."""

from typing import Any

import httpx
import pytest

from app.domain.people import ApiKeyScope
from schema.sheets.imports import LARGEST
from schema.sheets.kinds import KINDS
from tests.graphql.keys.making import made
from tests.sheets.kinds.filing import bring, counted, outcomes, told, tried
from tests.sheets.office import Office

PARTS = "partNumber,name,stock\r\nNUT,Nut,3\r\nBOLT,Bolt,5\r\n"


def test_an_export_has_the_columns_that_an_import_takes() -> None:
    assert {kind.many for kind in KINDS} == {"technicians", "customers", "parts"}
    for kind in KINDS:
        assert [column.name for column in kind.exportable.columns] == list(kind.layout.columns)


async def test_a_dry_run_writes_nothing_and_a_run_does_as_it_says(office: Office) -> None:
    await bring(office, "parts", "partNumber,name\r\nNUT,Nut", key="before")
    file = "partNumber,name,stock\r\nNUT,Nut,\r\nNUT2,Nut,3\r\nSEAL-1,Ring,10"
    before = await counted(office)

    dry = await tried(office, "parts", file.replace("NUT,Nut,", "NUT,Nut,0"))

    assert outcomes(dry) == [(2, "UNCHANGED"), (3, "CREATED"), (4, "UPDATED")]
    assert [row["changes"] for row in dry["rows"]] == [[], [], ["name"]]
    assert "changeId" not in dry
    assert await counted(office) == before
    report = await bring(office, "parts", file.replace("NUT,Nut,", "NUT,Nut,0"))
    assert outcomes(report) == outcomes(dry)
    after = await counted(office)
    assert (after["parts"], after["events"]) == (before["parts"] + 1, before["events"] + 2)


async def test_one_wrong_line_keeps_all_from_being_written_and_spends_no_key(office: Office) -> None:
    before = await counted(office)
    for wrong in (PARTS + "SCREW,Screw,some\r\n", PARTS + "SCREW,Screw,9999999\r\n"):
        refused = await office.send(wrong, "admin", what="parts", key="a")
        assert (refused.status_code, told(refused.json())) == (422, [(4, "stock", "VALIDATION_FAILED")])
        assert "rows" not in refused.json()
        assert await counted(office) == before
        # A dry run tells what would come of the others.
        assert outcomes(await tried(office, "parts", wrong)) == [(2, "CREATED"), (3, "CREATED")]
    assert outcomes(await bring(office, "parts", PARTS, key="a")) == [(2, "CREATED"), (3, "CREATED")]


async def test_a_repeat_gets_the_first_answer_and_the_same_file_changes_nothing(office: Office) -> None:
    first = await bring(office, "parts", PARTS, key="a")
    after = await counted(office)
    assert await bring(office, "parts", PARTS, key="a") == first
    other = await office.send(PARTS + "SCREW,Screw,1\r\n", "admin", what="parts", key="a")
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_MISMATCH")
    # Keys of other kinds are others.
    await bring(office, "customers", "externalId,name\r\nC,Mill", key="a")

    again = await bring(office, "parts", PARTS, key="b")

    assert {outcome for _, outcome in outcomes(again)} == {"UNCHANGED"}
    now = await counted(office)
    assert (now["parts"], now["events"]) == (after["parts"], after["events"] + 1)


async def test_a_run_without_a_key_is_refused(office: Office) -> None:
    answer = await office.send(PARTS, "admin", what="parts")
    assert (answer.status_code, answer.json()["field"]) == (400, ["Idempotency-Key"])


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        ("", [(1, None, "EMPTY_FILE")]),
        ("partNumber,name", [(1, None, "EMPTY_FILE")]),
        ("name,stock\r\nNut,1", [(1, "partNumber", "MISSING_COLUMN")]),
        ("partNumber,colour\r\nNUT,red", [(1, "colour", "UNKNOWN_COLUMN")]),
        ("partNumber,name,name\r\nNUT,a,b", [(1, "name", "DUPLICATE_COLUMN")]),
        ("partNumber,name\r\nNUT,a,b", [(2, None, "WRONG_NUMBER_OF_CELLS")]),
        ("partNumber,name\r\nNUT,a\r\nNUT,a", [(3, None, "DUPLICATE_LINE")]),
        ("partNumber,name\r\nNUT,a\r\nNUT,b", [(3, "partNumber", "DUPLICATE_LINE")]),
        ('partNumber,name\r\nNUT,"a"b', [(2, None, "MALFORMED_CSV")]),
        ('partNumber,name\r\nNUT,"never closed', [(2, None, "MALFORMED_CSV")]),
        ("partNumber,name\r\nNUT,K\xfche".encode("latin-1"), [(2, None, "NOT_UTF8")]),
        ("partNumber,name\r\nNUT,a\x00b", [(2, "name", "VALIDATION_FAILED")]),
        ("partNumber,name\r\nN\x00T,a", [(2, "partNumber", "VALIDATION_FAILED")]),
    ],
)  # fmt: skip
async def test_what_is_no_such_file_is_told_so(office: Office, content: str | bytes, problems: Any) -> None:
    before = await counted(office)
    assert told(await tried(office, "parts", content)) == problems
    refused = await office.send(content, "admin", what="parts", key="a")
    assert (refused.status_code, told(refused.json())) == (422, problems)
    assert await counted(office) == before


async def test_a_byte_order_mark_quotes_and_any_line_end_are_read(office: Office) -> None:
    await bring(office, "parts", '\ufeff"partNumber",name\nNUT,"Nut, ""M8""\nsteel"\n\n'.encode())
    (row,) = await office.sql("SELECT name FROM parts WHERE part_number = 'NUT'")
    assert row["name"] == 'Nut, "M8"\nsteel'


async def test_addresses_are_compared_in_small_letters(office: Office) -> None:
    file = "email,name\r\nEve@test.example,Eve\r\neve@Test.example,Other"
    assert told(await tried(office, "technicians", file)) == [(3, "email", "DUPLICATE_LINE")]


async def test_a_file_that_is_too_large_or_no_table_is_refused(office: Office) -> None:
    large = await office.send(b"x" * (LARGEST + 1), "admin", what="parts", key="a")
    assert large.status_code == 413
    packing: dict[str, Any] = {"key": "a", "Content-Encoding": "gzip"}
    packed = await office.send(PARTS, "admin", what="parts", **packing)
    assert packed.status_code == 415
    async with httpx.AsyncClient() as client:
        for kind in KINDS:
            address = office.address(f"/imports/{kind.many}.csv")
            wrong = await client.get(address, headers=office.bearer("admin"))
            assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
            unknown = await client.post(address, content=PARTS, headers={"Content-Type": "text/csv"})
            assert unknown.status_code == 401


async def test_runs_are_counted(office: Office) -> None:
    await tried(office, "parts", PARTS)
    await bring(office, "parts", PARTS)
    await office.send("partNumber\r\n", "admin", what="parts", key="b")
    async with httpx.AsyncClient() as client:
        figures = (await client.get(office.address("/metrics"))).text
    for outcome in ("checked", "written", "refused"):
        assert f'fieldgraph_imports_total{{outcome="{outcome}"}} 1.0' in figures


async def test_an_api_key_needs_administer_to_bring_and_export_to_take_and_makes_no_users(office: Office) -> None:
    found = {}
    for scope in (ApiKeyScope.ADMINISTER, ApiKeyScope.EXPORT, ApiKeyScope.WRITE_TICKETS):
        key = await made(office.served, office.world, "admin", [scope])
        bearer: dict[str, Any] = {"Authorization": f"Bearer {key.secret}"}
        brought = await office.send(PARTS, "admin", what="parts", dry_run=True, **bearer)
        async with httpx.AsyncClient() as client:
            taken = await client.get(office.address("/exports/parts.csv"), headers=bearer)
        found[scope] = (brought.status_code, taken.status_code)
        if scope is ApiKeyScope.ADMINISTER:
            new = await office.send("email,name\r\neve@test.example,Eve", what="technicians", dry_run=True, **bearer)
            assert told(new.json()) == [(2, None, "FORBIDDEN")]
            known = await office.send("email,team\r\nann@test.example,", what="technicians", dry_run=True, **bearer)
            assert outcomes(known.json()) == [(2, "UPDATED")]
        else:
            assert brought.json()["missingScopes"] == ["ADMINISTER"]
    assert found == {
        ApiKeyScope.ADMINISTER: (200, 403),
        ApiKeyScope.EXPORT: (403, 200),
        ApiKeyScope.WRITE_TICKETS: (403, 403),
    }
