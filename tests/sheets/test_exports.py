"""Exports: the same tickets as the query gives, for the same people, in one snapshot, harmless in spreadsheets."""

from typing import Any

import httpx
import pytest

from app.domain.people import Role
from app.reads.exporting import COLUMNS
from schema.ids import global_id
from tests.serving import token
from tests.sheets.office import Office, table

LIST = """
    query Tickets($filter: TicketFilter, $orderBy: [TicketOrder!], $search: String, $after: String) {
      tickets(filter: $filter, orderBy: $orderBy, search: $search, first: 100, after: $after) {
        nodes {
          id ticketNumber title description status priority category environment affectedService tags address version
          createdAt updatedAt resolvedAt closedAt escalationCount
          requester { id name } customer { id name } asset { id name } territory { id name }
          currentAssignment { technician { id user { name } } }
          location { lat lon }
        }
      }
    }
"""


async def queried(office: Office, name: str, **asked: Any) -> list[dict[str, Any]]:
    """Return the tickets that the query gives."""
    answer = await office.served.ask(token(office.world, name), LIST, asked)
    assert "errors" not in answer, answer
    nodes: list[dict[str, Any]] = answer["data"]["tickets"]["nodes"]
    return nodes


def as_row(node: dict[str, Any]) -> dict[str, str]:
    """Spell a ticket of the query as its row in a file."""
    job, place = node["currentAssignment"], node["location"] or {}
    row: dict[str, Any] = {name: node[name] for name in ("id", "ticketNumber", "title", "description", "status")}
    row |= {name: node[name] for name in ("priority", "category", "environment", "affectedService", "address")}
    row |= {name: node[name] for name in ("createdAt", "updatedAt", "resolvedAt", "closedAt", "version")}
    for name in ("requester", "customer", "asset", "territory"):
        thing = node[name] or {"id": None, "name": None}
        row |= {f"{name}Id": thing["id"], name: thing["name"]}
    row["technicianId"] = job and job["technician"]["id"]
    row["technician"] = job and job["technician"]["user"]["name"]
    row["latitude"], row["longitude"] = place.get("lat"), place.get("lon")
    row["tags"] = ";".join(node["tags"])
    return {name: "" if value is None else str(value) for name, value in row.items()}


@pytest.mark.parametrize("name", ["dispatcher", "ann", "customer", "stranger", "admin"])
@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"orderBy": [{"field": "PRIORITY", "direction": "ASC"}, {"field": "CREATED_AT", "direction": "DESC"}]},
        {"filter": {"status": ["OPEN", "IN_PROGRESS"], "not": {"priority": ["P4"]}}, "orderBy": [{"field": "STATUS"}]},
        {"search": "leaks", "filter": {"tags": ["pump"]}},
    ],
)
async def test_an_export_has_what_the_query_gives_the_same_person(
    office: Office, name: str, asked: dict[str, Any]
) -> None:
    expected = [as_row(node) for node in await queried(office, name, **asked)]
    answer = await office.export(name, **asked)
    assert answer.status_code == 200
    rows = table(answer.text)
    assert [{each: row[each] for each in wanted} for row, wanted in zip(rows, expected, strict=True)] == expected


async def test_a_filter_by_id_narrows_as_in_the_query(office: Office) -> None:
    asked: dict[str, Any] = {"filter": {"customerId": {"eq": global_id("Customer", office.world.customer_id)}}}
    rows = table((await office.export(**asked)).text)
    assert [row["id"] for row in rows] == [node["id"] for node in await queried(office, "dispatcher", **asked)]
    assert rows


async def test_the_file_says_what_it_is_and_cannot_be_taken_for_a_page(office: Office) -> None:
    answer = await office.export()
    assert answer.headers["content-type"].startswith("text/csv; charset=utf-8")
    assert answer.headers["content-disposition"].startswith('attachment; filename="tickets-')
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.text.splitlines()[0] == ",".join(f'"{column.name}"' for column in COLUMNS)
    assert answer.content.count(b"\r\n") == len(table(answer.text)) + 1
    assert (await office.export(bom="true")).content.startswith(b"\xef\xbb\xbf")


async def test_nothing_found_is_a_file_with_a_header_alone(office: Office) -> None:
    assert (await office.export(filter={"tags": ["nobody has this"]})).text.count("\r\n") == 1


async def test_another_organisations_tickets_are_in_no_file(office: Office) -> None:
    assert table((await office.export(world=office.other)).text) == []
    theirs: dict[str, Any] = {"filter": {"customerId": {"eq": global_id("Customer", office.world.customer_id)}}}
    assert table((await office.export(world=office.other, **theirs)).text) == []


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r", "'=", "\uff1d"])
async def test_what_would_be_a_formula_is_a_text(office: Office, begins: str) -> None:
    (one,) = await office.sql(
        "UPDATE tickets SET title = :title, tags = ARRAY['a;b', 'c\"d'] WHERE id ="
        " (SELECT id FROM tickets WHERE deleted_at IS NULL LIMIT 1) RETURNING ticket_number",
        title=f'{begins}HYPERLINK("https://x.example","a\r\nb")',
    )
    (row,) = [r for r in table((await office.export()).text) if r["ticketNumber"] == one["ticket_number"]]
    assert row["title"] == f'\'{begins}HYPERLINK("https://x.example","a\r\nb")'
    assert row["tags"] == '"a;b";"c""d"'


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"filter": "{"}, ["filter"]),
        ({"filter": {"status": ["OPNE"]}}, ["filter", "status", "0"]),
        ({"filter": {"and": [{"createdAt": {"gt": "yesterday"}}]}}, ["filter", "and", "0", "createdAt", "gt"]),
        ({"filter": {"customerId": {"eq": "1"}}}, ["filter", "customerId", "eq"]),
        ({"filter": {"colour": "red"}}, ["filter"]),
        ({"filter": "[" * 5000 + "]" * 5000}, ["filter"]),
        ({"filter": '{"not":' * 40 + "{}" + "}" * 40}, ["filter"]),
        ({"filter": '{"not":' * 6 + "{}" + "}" * 6}, ["filter"]),
        ({"filter": '{"tags":["' + "x" * 20_000 + '"]}'}, ["filter"]),
        ({"filter": {"tags": ["\x00"]}}, ["filter", "tags"]),
        ({"orderBy": [{"field": "COLOUR"}]}, ["orderBy", "0", "field"]),
        ({"orderBy": [{"field": "STATUS"}, {"field": "STATUS"}]}, ["orderBy"]),
        ({"search": "x" * 201}, ["search"]),
        ({"bom": "yes"}, ["bom"]),
        ({"first": "10"}, ["first"]),
    ],
)
async def test_a_bad_parameter_is_refused_by_its_name(office: Office, asked: dict[str, Any], field: list[str]) -> None:
    answer = await office.export(**asked)
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (told["code"], told["field"]) == ("BAD_USER_INPUT", field)


async def test_only_a_good_token_opens(office: Office) -> None:
    async with httpx.AsyncClient() as client:
        for headers in ({}, {"Authorization": "Bearer x.y.z"}, {"Authorization": "Basic eDp5"}):
            answer = await client.get(office.exports, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")
            assert answer.headers["www-authenticate"] == "Bearer"
        in_address = await client.get(office.exports, params={"token": token(office.world, "admin")})
        assert in_address.status_code == 401
        wrong = await client.post(office.exports, headers=office.bearer("admin"))
        assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET")
        page = {**office.bearer("admin"), "Origin": "https://elsewhere.example"}
        assert (await client.get(office.exports, headers=page)).status_code == 403


async def test_a_token_that_leaves_its_user_no_role_opens_nothing(office: Office) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(office.exports, headers=office.bearer("dispatcher", roles=[Role.ADMIN]))
    assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")
