"""What is computed of appointments, parts and waits, against the seeded rows; planned and in the ordinary way."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from app.domain.appointment_life import OPEN
from schema.ids import global_id
from tests.reads.agreed import HOUR
from tests.reads.seed import Seed
from tests.serving import Served, serving, token
from tests.world import BEFORE

pytestmark = pytest.mark.asyncio(loop_scope="module")

DAY = timedelta(days=1)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[True, False], ids=["planned", "ordinary"])
async def served(seed: Seed, request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    """The seeded organisation behind a running server, which answers either way."""
    address = seed.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    async with serving(address, read_plans=request.param, max_cost=100_000) as running:
        yield running


async def ask(seed: Seed, served: Served, query: str, name: str = "dispatcher", **variables: Any) -> dict[str, Any]:
    answer = await served.ask(token(seed.world, name), query, variables)
    assert "errors" not in answer, answer["errors"]
    data: dict[str, Any] = answer["data"]
    return data


def present(seed: Seed) -> list[dict[str, Any]]:
    """Return the appointments of tickets that are not deleted, first to last."""
    there = {row["id"] for row in seed.tickets if row["deleted_at"] is None}
    found = [row for row in seed.agreed["appointments"] if row["ticket_id"] in there]
    return sorted(found, key=lambda row: (row["starts_at"], row["id"]))


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [global_id("Appointment", row["id"]) for row in rows]


LIST = """query ($from: DateTime!, $to: DateTime!, $technician: ID, $asset: ID, $customer: ID,
    $status: [AppointmentStatus!], $first: Int, $after: String) {
  appointments(from: $from, to: $to, technicianId: $technician, assetId: $asset, customerId: $customer,
    status: $status, first: $first, after: $after) { totalCount nodes { id } pageInfo { hasNextPage endCursor } }
}"""


@pytest.mark.parametrize(("start", "end"), [(0, 49), (10, 20), (12, 13), (48, 49), (100, 101)])
async def test_appointments_of_a_time_are_those_that_have_some_of_theirs_in_it(
    seed: Seed, served: Served, start: int, end: int
) -> None:
    since, until = BEFORE + start * HOUR, BEFORE + end * HOUR
    bounds: dict[str, Any] = {"from": since.isoformat(), "to": until.isoformat(), "first": 100}
    data = await ask(seed, served, LIST, **bounds)

    expected = [row for row in present(seed) if row["starts_at"] < until and row["ends_at"] > since]
    assert data["appointments"]["totalCount"] == len(expected)
    assert [node["id"] for node in data["appointments"]["nodes"]] == ids(expected)[:100]


async def test_appointments_are_narrowed_by_whose_they_are_and_how_they_stand(seed: Seed, served: Served) -> None:
    bounds: dict[str, Any] = {"from": BEFORE.isoformat(), "to": (BEFORE + 3 * DAY).isoformat(), "first": 100}
    ann, customer, asset = seed.world.technicians["ann"], seed.world.customer_id, seed.assets[0]
    for narrowing, column, value in (
        ({"technician": global_id("Technician", ann)}, "technician_id", ann),
        ({"customer": global_id("Customer", customer)}, "customer_id", customer),
        ({"asset": global_id("Asset", asset)}, "asset_id", asset),
        ({"status": ["CANCELLED"]}, "status", "CANCELLED"),
    ):
        data = await ask(seed, served, LIST, **bounds, **narrowing)
        expected = [row for row in present(seed) if row[column] == value]
        assert expected
        assert [node["id"] for node in data["appointments"]["nodes"]] == ids(expected)


async def test_pages_of_appointments_go_on_where_they_ended(seed: Seed, served: Served) -> None:
    bounds: dict[str, Any] = {"from": BEFORE.isoformat(), "to": (BEFORE + 3 * DAY).isoformat(), "first": 7}
    told: list[str] = []
    after = None
    while True:
        page = (await ask(seed, served, LIST, **bounds, after=after))["appointments"]
        told += [node["id"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert told == ids(present(seed))


@pytest.mark.parametrize(("start", "end"), [(1, 1), (2, 1), (0, 366 * 24 + 1)])
async def test_a_time_that_makes_no_sense_is_named(seed: Seed, served: Served, start: int, end: int) -> None:
    bounds: dict[str, Any] = {"from": (BEFORE + start * HOUR).isoformat(), "to": (BEFORE + end * HOUR).isoformat()}
    answer = await served.ask(token(seed.world, "dispatcher"), LIST, bounds)

    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "to must come after from, at most 366 days." in error["message"]


async def test_a_ticket_tells_its_open_appointment_and_that_one_s_local_date(seed: Seed, served: Served) -> None:
    query = "{ tickets(first: 100) { nodes { id scheduledDate nextAppointment { id } appointments { totalCount } } } }"
    nodes = (await ask(seed, served, query))["tickets"]["nodes"]

    opened = {row["ticket_id"]: row for row in present(seed) if row["status"] in OPEN}
    assert len(nodes) > 40
    for row in seed.tickets:
        node = next((each for each in nodes if each["id"] == global_id("Ticket", row["id"])), None)
        if node is None:
            continue
        mine, every = opened.get(row["id"]), [each for each in present(seed) if each["ticket_id"] == row["id"]]
        assert node["nextAppointment"] == (None if mine is None else {"id": ids([mine])[0]})
        assert node["scheduledDate"] == (None if mine is None else local_date(mine))
        assert node["appointments"]["totalCount"] == len(every)


def local_date(row: dict[str, Any]) -> str:
    start: datetime = row["starts_at"]
    return start.astimezone(ZoneInfo(row["time_zone"])).date().isoformat()


async def test_a_job_s_appointment_is_none_that_was_called_off(seed: Seed, served: Served) -> None:
    nodes: list[dict[str, Any]] = []
    after = None
    while True:
        query = """query ($after: String) { assignments(first: 100, after: $after) {
            nodes { id appointment { id } } pageInfo { hasNextPage endCursor } } }"""
        page = (await ask(seed, served, query, after=after))["assignments"]
        nodes += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    latest = {}
    for row in present(seed):
        if row["assignment_id"] is not None and row["status"] != "CANCELLED":
            latest[global_id("Assignment", row["assignment_id"])] = ids([row])[0]
    assert latest
    told = {node["id"]: node["appointment"]["id"] for node in nodes if node["appointment"] is not None}
    assert told == latest


async def test_the_line_of_those_who_wait_is_by_rank_then_by_who_came_first(seed: Seed, served: Served) -> None:
    waits = {"WAITING", "OFFERED"}
    line = sorted(
        (row for row in seed.agreed["waitlist_entries"] if row["status"] in waits),
        key=lambda row: (row["tier_rank"], row["created_at"], row["id"]),
    )
    query = "{ waitlist { totalCount nodes { id position windows { start end } } } }"
    data = (await ask(seed, served, query))["waitlist"]

    window = {"start": "2026-01-02T08:00:00.000000Z", "end": "2026-01-02T12:00:00.000000Z"}
    assert data["totalCount"] == len(line) > 2
    assert data["nodes"] == [
        {"id": global_id("WaitlistEntry", row["id"]), "position": at, "windows": [window]}
        for at, row in enumerate(line, start=1)
    ]


async def test_whoever_waits_no_longer_has_no_place(seed: Seed, served: Served) -> None:
    query = "{ waitlist(status: [BOOKED, EXPIRED, CANCELLED]) { nodes { status position } } }"
    nodes = (await ask(seed, served, query))["waitlist"]["nodes"]

    assert nodes
    assert {node["position"] for node in nodes} == {None}


async def test_a_customer_s_place_counts_those_whom_they_do_not_see(seed: Seed, served: Served) -> None:
    whole = (await ask(seed, served, "{ waitlist { nodes { id position } } }"))["waitlist"]["nodes"]
    own = (await ask(seed, served, "{ waitlist { nodes { id position } } }", "customer"))["waitlist"]["nodes"]

    assert 0 < len(own) < len(whole)
    assert [node for node in whole if node in own] == own


async def test_a_part_is_available_as_far_as_open_appointments_do_not_need_it(seed: Seed, served: Served) -> None:
    (part,) = (await ask(seed, served, "{ parts { nodes { stock available leadTimeDays } } }"))["parts"]["nodes"]

    taken = sum(row["status"] in OPEN for row in seed.agreed["appointments"])
    assert taken > 0
    assert part["available"] == part["stock"] - taken


@pytest.mark.parametrize(
    ("search", "names"),
    [("else", ["Elsewhere"]), ("  ELSE ", ["Elsewhere"]), ("%", []), ("_", []), ("\\", []), ("nobody", [])],
)
async def test_customers_are_searched_for_as_it_is_written(
    seed: Seed, served: Served, search: str, names: list[str]
) -> None:
    query = "query ($search: String) { customers(search: $search) { nodes { name } } }"
    data = await ask(seed, served, query, search=search)

    assert [node["name"] for node in data["customers"]["nodes"]] == names


async def test_lists_of_what_there_is_are_whole_and_in_order(seed: Seed, served: Served) -> None:
    query = """{ territories { nodes { name } } teams { nodes { name } } skills { nodes { code } }
        facilities { nodes { name bays { name active facility { name } equippedFor { code } } } }
        customers { nodes { name } } }"""
    for name in ("dispatcher", "ann"):
        data = await ask(seed, served, query, name)
        named = {kind: [node["name"] for node in data[kind]["nodes"]] for kind in data if kind != "skills"}
        assert named["territories"] == ["Centre", "Edge"]
        assert named["teams"] == ["north", "south"]
        assert named["facilities"] == ["Hall 0", "Hall 1", "Hall 2"]
        assert "Elsewhere" in named["customers"]
        bay = {"active": True, "facility": {"name": "Hall 1"}, "equippedFor": [{"code": "PUMPS"}]}
        assert data["facilities"]["nodes"][1]["bays"] == [{"name": "Bay A", **bay}]
    outside = await ask(seed, served, "{ customers { nodes { name } } }", "customer")
    assert "Elsewhere" not in [node["name"] for node in outside["customers"]["nodes"]]
