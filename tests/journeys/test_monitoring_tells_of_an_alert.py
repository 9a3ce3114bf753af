"""Monitoring tells of alerts: each becomes a ticket once, and what cannot wait is booked at once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.journeys.garage import FRIDAY, Garage, garage

ALERT = {"alertId": "A-1", "assetExternalId": "V001", "severity": "CRITICAL", "serviceType": "COMPONENT_REPAIR"}
ORDERS = """query Orders($after: EventCursor!) {
  events(after: $after, types: [PARTS_ORDER_REQUESTED]) {
    events { ... on RecordEvent { type changes { field new } } }
  }
}"""


@pytest.fixture
async def stage(
    database_url: str, engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Garage]:
    """The garage of the worked case."""
    async with garage(database_url, engine, tmp_path, monkeypatch) as found:
        yield found


def moment(text: str) -> datetime:
    """Return a moment of an answer."""
    return datetime.fromisoformat(text)


async def test_a_critical_repair_is_booked_within_a_week_and_once(stage: Garage) -> None:
    dispatcher = await stage.enter("dispatcher")
    answers = await asyncio.gather(*(dispatcher.send("ingestAlert", **ALERT, message="Oil") for _ in range(10)))
    assert [answer["errors"] for answer in answers] == [[]] * 10
    assert len({answer["appointment"]["id"] for answer in answers}) == 1
    told = answers[0]
    assert (moment(told["appointment"]["window"]["start"]) - FRIDAY).days < 7
    assert told["appointment"]["bay"]["name"].startswith("Bay")
    assert (told["ticket"]["status"], told["assignment"]["status"]) == ("ASSIGNED", "ASSIGNED")
    rows = await stage.sql("SELECT title, priority, description FROM tickets WHERE organization_id = :organization")
    assert rows == [{"title": "Component repair: Truck 1", "priority": "P1", "description": "Oil"}]
    other = await dispatcher.refused("ingestAlert", **{**ALERT, "severity": "LOW"}, message="Oil")
    assert (other["code"], other["field"]) == ("VALIDATION_FAILED", ["alertId"])


async def test_an_emergency_gets_the_next_slot_whatever_its_severity(stage: Garage) -> None:
    dispatcher = await stage.enter("dispatcher")
    told = await dispatcher.do("ingestAlert", **{**ALERT, "severity": "LOW", "serviceType": "EMERGENCY"})
    assert told["appointment"]["window"]["start"] == "2026-01-30T09:00:00.000000Z"


async def test_what_can_wait_becomes_a_ticket_alone(stage: Garage) -> None:
    dispatcher = await stage.enter("dispatcher")
    told = await dispatcher.do("ingestAlert", **{**ALERT, "severity": "MEDIUM"})
    assert (told["appointment"], told["assignment"], told["ticket"]["status"]) == (None, None, "NEW")


async def test_a_missing_part_moves_the_date_and_is_ordered(stage: Garage) -> None:
    dispatcher = await stage.enter("dispatcher")
    before = await dispatcher.latest_cursor()
    await stage.sql("UPDATE parts SET stock = 0 WHERE organization_id = :organization RETURNING id")
    told = await dispatcher.do("ingestAlert", **ALERT, partNumbers=["THERMOSTAT"])
    assert moment(told["appointment"]["window"]["start"]).date().isoformat() >= "2026-02-03"
    events = (await dispatcher.ask(ORDERS, after=before))["events"]["events"]
    (order,) = [each for each in events if each]
    assert {each["field"]: each["new"] for each in order["changes"]}["partNumber"] == "THERMOSTAT"


async def test_what_makes_no_sense_makes_no_ticket(stage: Garage) -> None:
    dispatcher, customer = await stage.enter("dispatcher"), await stage.enter("customer")
    unknown = await dispatcher.refused("ingestAlert", **{**ALERT, "assetExternalId": "V999"})
    assert (unknown["code"], unknown["field"]) == ("NOT_FOUND", ["assetExternalId"])
    blank = await dispatcher.refused("ingestAlert", **{**ALERT, "alertId": " "})
    assert blank["field"] == ["alertId"]
    part = await dispatcher.refused("ingestAlert", **ALERT, partNumbers=["NO-SUCH"])
    assert part["code"] == "NOT_FOUND"
    assert (await customer.refused("ingestAlert", **ALERT))["code"] == "FORBIDDEN"
    assert await stage.sql("SELECT id FROM tickets WHERE organization_id = :organization") == []


async def test_many_are_booked_together_and_each_tells_what_became_of_it(stage: Garage) -> None:
    dispatcher = await stage.enter("dispatcher")
    repair = {**stage.repair, "preferredDate": None, "partNumbers": []}
    asked = [repair, {**repair, "durationMinutes": 0}, repair]
    payload = await dispatcher.do("bookAppointments", requests=asked, timeBudgetMs=1000)
    first, refused, last = payload["results"]
    assert (first["ok"], refused["ok"], last["ok"]) == (True, False, True)
    assert refused["errors"][0]["field"] == ["requests", "1", "durationMinutes"]
    spans = [each["appointment"]["window"] for each in (first, last)]
    windows = sorted((span["start"], span["end"]) for span in spans)
    # One bay is equipped for it: one after the other.
    assert windows[0][1] <= windows[1][0]
