"""An ADMIN hires a team and gives it weeks of shifts; slots and candidates follow, and so do phones and sockets."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from gql.transport.exceptions import TransportClosed, TransportConnectionFailed
from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import now
from schema.ids import global_id
from tests.journeys.garage import SLOTS, Garage, garage
from tests.journeys.operations import BOARD, BOARD_FILTER, EVENTS
from tests.journeys.people import Person
from tests.journeys.stage import Stage, job_for, ticket_for

MONDAY = date(2026, 2, 2)
WORKING_WEEK = [
    {"weekday": day, "start": "09:00", "end": "17:00", "breaks": [{"start": "12:30", "end": "13:00"}]}
    for day in ("MON", "TUE", "WED", "THU", "FRI")
]
USERS = """query Users($search: String, $roles: [Role!], $active: Boolean) {
  users(search: $search, roles: $roles, active: $active) { totalCount nodes { name email roles active } }
}"""
TECHNICIAN = """query One($id: ID!) { technician(id: $id) {
  availability home { lat lon } schedule(from: "2026-01-30T00:00:00Z", to: "2026-02-28T00:00:00Z") {
    __typename ... on Shift { id version start end breaks { start end } onCall technician { id } }
    ... on TimeOff { id version start end reason availability said }
  }
} }"""
CANDIDATES = "query Who($id: ID!) { candidates(ticketId: $id) { technician { id } eligible } }"
CONFLICTS = """query Board($filter: BoardFilter!) { dispatchBoard(filter: $filter) { rows {
  technician { id } conflicts { kind appointments { id } }
} } }"""


@pytest.fixture
async def shop(
    database_url: str, engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Garage]:
    """A garage on a Friday morning."""
    async with garage(database_url, engine, tmp_path, monkeypatch) as shop:
        yield shop


async def who_has_slots(person: Person, asked: dict[str, Any]) -> set[str]:
    found = (await person.ask(SLOTS, input={**asked, "limit": 10}))["availableSlots"]
    return {each["technician"]["id"] for each in found["slots"]}


async def test_a_team_gets_skills_shifts_and_time_off_and_slots_follow(shop: Garage) -> None:
    admin, dispatcher = await shop.enter("admin"), await shop.enter("dispatcher")
    gas = (await admin.do("createSkill", code="GAS", name="Gas"))["skill"]["id"]
    team = (await admin.do("createTeam", name="Gas"))["team"]["id"]
    asked = {
        "appointmentType": "DIAGNOSTIC",
        "assetId": global_id("Asset", shop.asset_id),
        "durationMinutes": 120,
        "requiredSkillIds": [gas],
    }
    assert await who_has_slots(dispatcher, asked) == set()

    hired = []
    for name in ("Eve", "Flo"):
        made = await admin.do(
            "createTechnician",
            user={"name": name, "email": f"{name}@garage.example"},
            teamId=team,
            mainSkillId=gas,
            skills=[{"skillId": gas, "level": 3, "expiresOn": "2026-12-31"}],
            home={"lat": 52.0, "lon": 5.0},
            externalId=f"T-{name}",
        )
        hired.append(made["technician"])
    eve, flo = (each["id"] for each in hired)
    assert hired[0]["user"]["roles"] == ["TECHNICIAN"]
    assert (hired[0]["specialization"], hired[0]["home"]) == ("Gas", {"lat": 52.0, "lon": 5.0})
    week = {"technicianId": eve, "from": f"{MONDAY}", "to": f"{MONDAY + timedelta(days=27)}", "weekly": WORKING_WEEK}
    shifts = (await admin.do("createShifts", **week))["shifts"]
    again = (await admin.do("createShifts", **week))["shifts"]

    assert [each["id"] for each in shifts] == [each["id"] for each in again]
    assert len(shifts) == 20
    assert shifts[0]["breaks"] == [{"start": "2026-02-02T12:30:00.000000Z", "end": "2026-02-02T13:00:00.000000Z"}]
    assert await who_has_slots(dispatcher, asked) == {eve}
    schedule = (await dispatcher.ask(TECHNICIAN, id=eve))["technician"]["schedule"]
    assert [each["id"] for each in schedule] == [each["id"] for each in shifts]

    # Eve is away all the four weeks.
    off = await admin.do(
        "createTimeOff",
        technicianId=eve,
        startsAt="2026-02-01T00:00:00Z",
        endsAt="2026-03-01T00:00:00Z",
        reason="Parental leave",
    )
    assert await who_has_slots(dispatcher, asked) == set()
    await admin.do("createShifts", **{**week, "technicianId": flo})
    assert await who_has_slots(dispatcher, asked) == {flo}
    await admin.do("deleteTimeOff", id=off["timeOff"]["id"], expectedVersion=1)
    assert eve in await who_has_slots(dispatcher, {**asked, "preferredTechnicianId": eve})
    skills = [{"skillId": gas, "level": 3, "expiresOn": "2026-01-29"}]
    await admin.do("updateTechnician", id=eve, expectedVersion=1, skills=skills)
    assert await who_has_slots(dispatcher, asked) == {flo}
    gone = await admin.do("updateTechnician", id=flo, expectedVersion=1, active=False)
    assert gone["technician"]["availability"] == "OFF_SHIFT"
    assert await who_has_slots(dispatcher, asked) == set()


async def test_an_appointment_that_loses_its_time_is_warned_of_and_is_a_conflict(shop: Garage) -> None:
    admin, dispatcher = await shop.enter("admin"), await shop.enter("dispatcher")
    ticket = await ticket_for(dispatcher, assetId=global_id("Asset", shop.asset_id))
    found = (await dispatcher.ask(SLOTS, input={**shop.inspection(), "ticketId": ticket}))["availableSlots"]["slots"]
    booked = (await dispatcher.do("bookAppointment", slotToken=found[0]["token"]))["appointment"]
    mike = found[0]["technician"]["id"]
    day = {"from": booked["window"]["start"], "to": "2026-03-01T00:00:00Z", "technicianIds": [mike]}
    assert (await dispatcher.ask(CONFLICTS, filter=day))["dispatchBoard"]["rows"][0]["conflicts"] == []
    schedule = (await dispatcher.ask(TECHNICIAN, id=mike))["technician"]["schedule"]
    (shift,) = [
        each
        for each in schedule
        if each["__typename"] == "Shift" and each["start"] <= booked["window"]["start"] < each["end"]
    ]

    gone = await admin.do("deleteShift", id=shift["id"], expectedVersion=shift["version"])

    assert "1 open appointment lies in no shift" in gone["warnings"][0]
    rows = (await dispatcher.ask(CONFLICTS, filter=day))["dispatchBoard"]["rows"]
    assert rows[0]["conflicts"] == [{"kind": "SHIFT", "appointments": [{"id": booked["id"]}]}]


async def test_a_phone_that_was_offline_says_once_that_its_technician_is_away(stage: Stage) -> None:
    ann, bob, dispatcher = await stage.enter("ann"), await stage.enter("bob"), await stage.enter("dispatcher")
    customer, whom = await stage.enter("customer"), stage.technician("ann")
    ticket, cursor = await ticket_for(dispatcher), await dispatcher.latest_cursor()
    said = {"availability": "ON_BREAK", "reason": "Lunch", "idempotencyKey": "break-1"}

    first = await ann.do("setAvailability", **said)
    again = await ann.do("setAvailability", **said)

    assert (first["changeId"], first["technician"]["availability"]) == (again["changeId"], "ON_BREAK")
    told = (await dispatcher.ask(EVENTS, after=cursor))["events"]["events"]
    assert [each["type"] for each in told] == ["TECHNICIAN_AVAILABILITY_CHANGED"]
    candidates = (await dispatcher.ask(CANDIDATES, id=ticket))["candidates"]
    assert {each["technician"]["id"]: each["eligible"] for each in candidates}[whom] is False
    one = "query One($id: ID!) { technician(id: $id) { availability home { lat } } }"
    assert (await bob.ask(one, id=whom))["technician"]["availability"] == "ON_BREAK"
    assert (await customer.ask(one, id=whom))["technician"] == {"availability": None, "home": None}
    off = "query Off($id: ID!) { node(id: $id) { ... on TimeOff { reason said availability } } }"
    reasons = [(await person.ask(off, id=told[0]["recordId"]))["node"] for person in (ann, dispatcher, bob, customer)]
    lunch = {"reason": "Lunch", "said": True, "availability": "ON_BREAK"}
    assert reasons == [lunch, lunch, {**lunch, "reason": None}, None]
    assert (await bob.refused("setAvailability", technicianId=whom, availability="AVAILABLE"))["code"] == "FORBIDDEN"
    away = "{ technicians(filter: {availability: [ON_BREAK, BUSY]}) { totalCount nodes { id } } }"
    assert (await bob.ask(away))["technicians"] == {"totalCount": 1, "nodes": [{"id": whom}]}
    resolved = away.replace(
        "{ id }", '{ id schedule(from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z") { __typename } }'
    )
    assert (await bob.ask(resolved))["technicians"]["totalCount"] == 1
    assert (await customer.ask(away))["technicians"]["totalCount"] == 0
    back = await ann.do("setAvailability", availability="AVAILABLE")
    assert back["technician"]["availability"] == "AVAILABLE"


async def test_the_socket_of_somebody_who_is_made_inactive_closes(stage: Stage) -> None:
    admin, dispatcher = await stage.enter("admin"), await stage.enter("dispatcher")
    whom = global_id("User", stage.world.users["dispatcher"])

    async with dispatcher.following(BOARD, filter=BOARD_FILTER) as board:
        await board.ready()
        await admin.do("updateUser", id=whom, expectedVersion=1, active=False)
        since = monotonic()
        with pytest.raises((TransportClosed, TransportConnectionFailed)) as closed:
            await board.take(100)
    assert monotonic() - since < 5
    assert "4403" in repr(closed.value) + repr(closed.value.__cause__)
    with pytest.raises(Exception, match=r"401|UNAUTHENTICATED"):
        await dispatcher.ask("{ viewer { roles } }")
    # Whoever comes back needs a new token.
    await admin.do("updateUser", id=whom, expectedVersion=2, active=True)
    with pytest.raises(Exception, match=r"401|UNAUTHENTICATED"):
        await dispatcher.ask("{ viewer { roles } }")


async def test_users_are_found_by_name_role_and_by_an_address_that_one_sees(stage: Stage) -> None:
    manager, customer = await stage.enter("manager"), await stage.enter("customer")
    made = await manager.do("createUser", name="Zoë Zander", email="zoe@mill.example")
    await manager.do("updateUser", id=made["user"]["id"], expectedVersion=1, active=False)

    async def named(person: Person, **asked: Any) -> list[str]:
        return [each["name"] for each in (await person.ask(USERS, **asked))["users"]["nodes"]]

    assert await named(manager, search="zoë") == ["Zoë Zander"]
    assert await named(manager, search="ZOE@MILL") == ["Zoë Zander"]
    assert await named(manager, search="zoë", active=True) == []
    assert await named(manager, roles=["MANAGER", "ADMIN"]) == ["Admin", "Manager"]
    assert await named(customer, search="ann@test.example") == []
    assert await named(customer, search="customer@test.example") == ["Customer"]
    assert await named(customer, search="zoë") == []
    everybody = (await customer.ask(USERS))["users"]["nodes"]
    assert {each["name"] for each in everybody if each["email"] is not None} == {"Customer"}


async def test_roles_are_an_admins_alone_and_their_change_is_refused_by_name(stage: Stage) -> None:
    manager, admin = await stage.enter("manager"), await stage.enter("admin")
    whom = global_id("User", stage.world.users["dispatcher"])

    refusal = await manager.refused("updateUser", id=whom, expectedVersion=1, roles=["DISPATCHER", "ADMIN"])
    assert (refusal["code"], refusal["message"]) == ("FORBIDDEN", "You may not give or take roles.")
    given = await admin.do("updateUser", id=whom, expectedVersion=1, roles=["ADMIN", "DISPATCHER"])
    assert given["user"]["roles"] == ["DISPATCHER", "ADMIN"]
    last = global_id("User", stage.world.users["admin"])
    await admin.do("updateUser", id=whom, expectedVersion=2, roles=["DISPATCHER"])
    refusal = await admin.refused("updateUser", id=last, expectedVersion=1, active=False)
    assert (refusal["code"], refusal["field"]) == ("VALIDATION_FAILED", ["active"])


async def test_hours_that_no_clock_shows_are_named_by_where_they_stand(stage: Stage) -> None:
    manager, whom = await stage.enter("manager"), stage.technician("ann")
    today = now().date()
    week = {"technicianId": whom, "from": f"{today}", "to": f"{today + timedelta(days=6)}"}

    for hours in ("24:00", "9:00", "09:60", "\u0660\u0669:\u0660\u0660", "09-00", ""):
        wrong = [{"weekday": "MON", "start": "09:00", "end": "17:00", "breaks": [{"start": "12:00", "end": hours}]}]
        refusal = await manager.refused("createShifts", **week, weekly=wrong)
        assert (refusal["code"], refusal["field"]) == ("VALIDATION_FAILED", ["weekly", "0", "breaks", "0", "end"])
    moment = now().isoformat()
    refusal = await manager.refused("createShift", technicianId="nobody", startsAt=moment, endsAt=moment)
    assert (refusal["code"], refusal["field"]) == ("VALIDATION_FAILED", ["technicianId"])
    (shift, *_) = (
        await manager.do("createShifts", **week, weekly=[{"weekday": "MON", "start": "22:00", "end": "06:00"}])
    )["shifts"]
    moved = await manager.do("updateShift", id=shift["id"], expectedVersion=1, onCall=True, breaks=None)
    assert (moved["shift"]["version"], moved["shift"]["onCall"]) == (2, True)
    stale = await manager.refused("updateShift", id=shift["id"], expectedVersion=1, onCall=False)
    assert (stale["code"], stale["current"]) == ("STALE_VERSION", {"id": shift["id"], "version": 2})


async def test_somebody_elses_work_makes_nobody_busy_however_deep_it_is_asked(stage: Stage) -> None:
    ann, bob, dispatcher = await stage.enter("ann"), await stage.enter("bob"), await stage.enter("dispatcher")
    job = await job_for(dispatcher, stage, "bob")
    await bob.do("acceptAssignment", assignmentId=job)
    await bob.do("startWork", assignmentId=job)
    queue = "queue { pageInfo { hasNextPage } technician { availability } }"
    deep = f"{{ viewer {{ user {{ technician {{ availability {queue} }} }} }} }}"

    for person, state in ((ann, "AVAILABLE"), (bob, "BUSY")):
        found = (await person.ask(deep))["viewer"]["user"]["technician"]
        assert (found["availability"], found["queue"]["technician"]) == (state, {"availability": state})
