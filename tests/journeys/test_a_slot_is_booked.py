"""A customer looks for a time, holds it and books it; nobody else can have it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from schema.ids import global_id
from tests.journeys.garage import SLOTS, Garage, garage
from tests.journeys.people import Person

APPOINTMENTS = """query Booked($from: DateTime!, $to: DateTime!, $assetId: ID) {
  appointments(from: $from, to: $to, assetId: $assetId) { nodes { id status ticket { nextAppointment { id } } } }
}"""
BOARD = """subscription Board($filter: BoardFilter!) {
  dispatchBoard(filter: $filter) {
    __typename
    ... on AppointmentEvent { type appointment { status technician { name } bay { name } } }
    ... on DomainEvent { changeId }
  }
}"""
FEBRUARY = {"from": "2026-01-30T00:00:00Z", "to": "2026-02-13T00:00:00Z"}


@pytest.fixture
async def stage(
    database_url: str, engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Garage]:
    """The garage of the worked case."""
    async with garage(database_url, engine, tmp_path, monkeypatch) as found:
        yield found


async def look(person: Person, asked: dict[str, Any]) -> dict[str, Any]:
    """Return what a search finds."""
    found: dict[str, Any] = (await person.ask(SLOTS, input=asked))["availableSlots"]
    return found


async def test_the_worked_case_held_booked_and_seen_by_all(stage: Garage) -> None:
    customer, dispatcher = await stage.enter("customer"), await stage.enter("dispatcher")
    found = await look(customer, stage.repair)
    best = found["slots"][0]
    assert best["window"] == {"start": "2026-02-01T09:00:00.000000Z", "end": "2026-02-01T12:00:00.000000Z"}
    assert (best["technician"]["name"], best["bay"]["name"]) == ("Mike Johnson", "Bay 3")
    assert best["technician"]["specialization"] == "Engine Specialist"
    assert (best["partsAvailable"], found["partsToOrder"]) == (True, [])
    assert 0.5 < best["confidence"] <= 1
    score = best["score"]
    assert score["total"] == pytest.approx(sum(value for name, value in score.items() if name != "total"))
    assert found["solver"]["status"] == "OPTIMAL"
    assert len(found["slots"]) == 3
    again = await look(customer, stage.repair)
    assert [slot["window"] for slot in again["slots"]] == [slot["window"] for slot in found["slots"]]

    async with dispatcher.following(BOARD, filter=FEBRUARY) as board:
        assert (await board.next())["__typename"] == "StreamReady"
        held = (await customer.do("holdSlot", slotToken=best["token"]))["hold"]
        assert held["heldBy"]["name"] == "Customer"
        others = await look(dispatcher, {**stage.repair, "limit": 20})
        assert best["window"]["start"] not in {slot["window"]["start"] for slot in others["slots"]}
        taken = await dispatcher.refused("bookAppointment", slotToken=best["token"])
        assert (taken["code"], len(taken["alternatives"])) == ("SLOT_TAKEN", 3)

        booked = await customer.do("bookAppointment", holdId=held["id"], notes="The engine knocks")
        told: list[dict[str, Any]] = []
        while not told or told[-1]["__typename"] != "AppointmentEvent":
            told.append(await board.next())
    assert told[-1]["appointment"] == {
        "status": "SCHEDULED",
        "technician": {"name": "Mike Johnson"},
        "bay": {"name": "Bay 3"},
    }
    assert told[-1]["type"] == "APPOINTMENT_SCHEDULED"
    assert booked["appointment"]["usedRecommendedSlot"] is True
    assert booked["appointment"]["remindAt"] == "2026-01-31T09:00:00.000000Z"
    assert (booked["ticket"]["status"], booked["assignment"]["status"]) == ("ASSIGNED", "ASSIGNED")
    listed = await customer.ask(APPOINTMENTS, **FEBRUARY, assetId=global_id("Asset", stage.asset_id))
    (node,) = listed["appointments"]["nodes"]
    assert node["ticket"]["nextAppointment"]["id"] == node["id"] == booked["appointment"]["id"]


async def test_of_twenty_at_once_one_books(stage: Garage) -> None:
    dispatcher = await stage.enter("dispatcher")
    best = (await look(dispatcher, stage.repair))["slots"][0]
    answers = await asyncio.gather(*(dispatcher.send("bookAppointment", slotToken=best["token"]) for _ in range(20)))
    won = [answer for answer in answers if not answer["errors"]]
    assert len(won) == 1
    assert {error["code"] for answer in answers for error in answer["errors"]} == {"SLOT_TAKEN"}
    rows = await stage.sql("SELECT count(*) AS n FROM appointments WHERE organization_id = :organization")
    assert rows == [{"n": 1}]


async def test_a_hold_that_ran_out_is_refused_with_other_slots(stage: Garage) -> None:
    customer = await stage.enter("customer")
    best = (await look(customer, stage.repair))["slots"][0]
    held = (await customer.do("holdSlot", slotToken=best["token"]))["hold"]
    stage.clock.pass_by(minutes=16)
    refused = await customer.refused("bookAppointment", holdId=held["id"])
    assert refused["code"] == "HOLD_EXPIRED"
    # By now it is free again.
    assert refused["alternatives"][0]["window"] == best["window"]
    await customer.do("bookAppointment", slotToken=refused["alternatives"][0]["token"])


async def test_the_seventh_of_a_day_and_too_short_a_pause_say_why(stage: Garage) -> None:
    dispatcher = await stage.enter("dispatcher")

    async def between(start: str, end: str) -> str:
        window = {"start": f"2026-02-01T{start}:00Z", "end": f"2026-02-01T{end}:00Z"}
        found = await look(dispatcher, stage.inspection(window=window))
        token: str = found["slots"][0]["token"]
        return token

    last, close = await between("16:00", "16:30"), await between("09:45", "10:15")
    await dispatcher.do("bookAppointment", slotToken=await between("09:00", "09:30"))
    pause = await dispatcher.refused("bookAppointment", slotToken=close)
    assert (pause["code"], [each["constraint"] for each in pause["reasons"]]) == ("NOT_ELIGIBLE", ["BUFFER"])
    for hour in range(10, 15):
        await dispatcher.do("bookAppointment", slotToken=await between(f"{hour}:00", f"{hour}:30"))
    seventh = await dispatcher.refused("bookAppointment", slotToken=last)
    assert (seventh["code"], [each["constraint"] for each in seventh["reasons"]]) == ("NOT_ELIGIBLE", ["MAX_PER_DAY"])


async def test_a_skill_that_nobody_has_leaves_no_slots_and_says_so(stage: Garage) -> None:
    dispatcher = await stage.enter("dispatcher")
    rows = await stage.sql(
        "INSERT INTO skills (organization_id, code, name) VALUES (:organization, 'FLYING', 'Flying') RETURNING id"
    )
    asked = {**stage.repair, "requiredSkillIds": [global_id("Skill", rows[0]["id"])]}
    found = await look(dispatcher, asked)
    assert (found["slots"], found["solver"]["status"]) == ([], "INFEASIBLE")
    counted = {each["constraint"]: each["count"] for each in found["rejections"]}
    assert counted["SKILL"] >= 2


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"durationMinutes": 0}, ["durationMinutes"]),
        ({"durationMinutes": 1441}, ["durationMinutes"]),
        ({"limit": 21}, ["limit"]),
        ({"preferredDate": "2026-03-30"}, ["preferredDate"]),
        ({"window": {"start": "2026-02-02T00:00:00Z", "end": "2026-02-01T00:00:00Z"}}, ["window", "end"]),
        ({"window": {"start": "2026-01-02T00:00:00Z", "end": "2026-01-03T00:00:00Z"}}, ["window", "end"]),
        ({"partNumbers": ["NO-SUCH"]}, ["partNumbers", "0"]),
        ({"partNumbers": ["THERMOSTAT"] * 21}, ["partNumbers"]),
        ({"locationMode": "ON_SITE"}, ["facilityId"]),
        ({"location": {"lat": 91, "lon": 0}}, ["location", "lat"]),
    ],
)
async def test_a_question_that_makes_no_sense_names_the_field(
    stage: Garage, values: dict[str, Any], field: list[str]
) -> None:
    dispatcher = await stage.enter("dispatcher")
    error = await dispatcher.complaint(SLOTS, input={**stage.repair, **values})
    assert error["extensions"]["code"] in {"BAD_USER_INPUT", "NOT_FOUND"}
    assert error["extensions"].get("field", field) == field


async def test_customers_look_and_book_for_their_own(stage: Garage) -> None:
    stranger, customer = await stage.enter("stranger"), await stage.enter("customer")
    error = await stranger.complaint(SLOTS, input=stage.repair)
    assert error["extensions"]["code"] == "NOT_FOUND"
    best = (await look(customer, stage.repair))["slots"][0]
    assert (await stranger.refused("holdSlot", slotToken=best["token"]))["code"] == "FORBIDDEN"
    held = (await customer.do("holdSlot", slotToken=best["token"]))["hold"]
    assert (await stranger.refused("bookAppointment", holdId=held["id"]))["code"] == "NOT_FOUND"
    assert (await stranger.refused("releaseSlot", holdId=held["id"]))["code"] == "NOT_FOUND"
