"""An appointment is moved, called off, and its time offered to who waits."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from schema.ids import global_id
from tests.journeys.garage import Garage, garage
from tests.journeys.operations import BOARD, BOARD_FILTER
from tests.journeys.people import Person
from tests.journeys.test_a_slot_is_booked import look

WAITLIST = """query Waiting($status: [WaitlistStatus!]) {
  waitlist(status: $status) { nodes { id status position customer { name } offer { id slot { window { start } } } } }
}"""
RULES = """{ viewer { organization { settings { booking {
  maxBookingsPerTechnicianPerDay freeCancellationHours lateCancellationFee { amount currency }
} } } } }"""
SATURDAY = {"start": "2026-01-31T09:00:00Z", "end": "2026-01-31T17:00:00Z"}
WEEK_AFTER = {"start": "2026-02-09T09:00:00Z", "end": "2026-02-09T17:00:00Z"}


@pytest.fixture
async def stage(
    database_url: str, engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Garage]:
    """The garage, with a worker in its server."""
    async with garage(database_url, engine, tmp_path, monkeypatch, run_worker=True) as found:
        yield found


async def booked(person: Person, asked: dict[str, Any]) -> dict[str, Any]:
    """Book the best slot."""
    best = (await look(person, asked))["slots"][0]
    return await person.do("bookAppointment", slotToken=best["token"])


async def offered(person: Person, entry_id: str) -> dict[str, Any]:
    """Return an entry once something is held for it."""
    async with asyncio.timeout(20):
        while True:
            nodes = (await person.ask(WAITLIST, status=["OFFERED"]))["waitlist"]["nodes"]
            for node in nodes:
                if node["id"] == entry_id and node["offer"] is not None:
                    found: dict[str, Any] = node
                    return found
            await asyncio.sleep(0.1)


async def test_moved_confirmed_and_called_off_free_of_charge(stage: Garage) -> None:
    customer = await stage.enter("customer")
    first = await booked(customer, {**stage.repair, "window": WEEK_AFTER, "preferredDate": None})
    id_ = first["appointment"]["id"]
    confirmed = await customer.do("confirmAppointment", id=id_)
    assert (confirmed["appointment"]["status"], confirmed["appointment"]["version"]) == ("CONFIRMED", 2)

    sunday = (await look(customer, stage.repair))["slots"][0]
    stale = await customer.refused("rescheduleAppointment", id=id_, slotToken=sunday["token"], expectedVersion=1)
    assert (stale["code"], stale["currentVersion"], stale["current"]["id"]) == ("STALE_VERSION", 2, id_)
    moved = await customer.do("rescheduleAppointment", id=id_, slotToken=sunday["token"], expectedVersion=2)
    assert (moved["appointment"]["window"], moved["appointment"]["status"]) == (sunday["window"], "SCHEDULED")
    cancelled = await customer.do("cancelAppointment", id=id_, reason="Sold the truck")
    assert (cancelled["appointment"]["status"], cancelled["appointment"]["cancellationFee"]) == ("CANCELLED", None)
    assert (cancelled["ticket"]["status"], cancelled["assignment"]["status"]) == ("OPEN", "CANCELLED")
    again = await customer.refused("cancelAppointment", id=id_, reason="Twice")
    assert again["code"] == "INVALID_TRANSITION"


async def test_late_it_costs_what_must_be_accepted(stage: Garage) -> None:
    customer = await stage.enter("customer")
    usual = (await customer.ask(RULES))["viewer"]["organization"]["settings"]["booking"]
    assert usual == {"maxBookingsPerTechnicianPerDay": 6, "freeCancellationHours": 24, "lateCancellationFee": None}
    await stage.sql(
        "UPDATE organization_settings SET late_cancellation_fee = 40 WHERE organization_id = :organization RETURNING 1"
    )
    settled = (await customer.ask(RULES))["viewer"]["organization"]["settings"]["booking"]
    assert settled["lateCancellationFee"] == {"amount": "40.00", "currency": "EUR"}
    id_ = (await booked(customer, stage.repair))["appointment"]["id"]
    stage.clock.pass_by(hours=26)
    refused = await customer.refused("cancelAppointment", id=id_, reason="Ill")
    assert (refused["code"], refused["fee"]) == (
        "CANCELLATION_FEE_REQUIRED",
        {"amount": "40.00", "currency": "EUR"},
    )
    assert refused["freeUntil"] == "2026-01-31T09:00:00.000000Z"
    paid = await customer.do("cancelAppointment", id=id_, reason="Ill", acceptFee=True)
    assert paid["appointment"]["cancellationFee"] == {"amount": "40.00", "currency": "EUR"}


async def test_freed_time_is_offered_held_declined_offered_on_and_taken(stage: Garage) -> None:
    customer, dispatcher = await stage.enter("customer"), await stage.enter("dispatcher")
    busy = await booked(dispatcher, {**stage.repair, "window": SATURDAY, "preferredDate": None})
    mine = await booked(customer, {**stage.repair, "window": WEEK_AFTER, "preferredDate": None})
    kind = {"appointmentType": "COMPONENT_REPAIR", "windows": [SATURDAY]}
    waits = (await customer.do("joinWaitlist", appointmentId=mine["appointment"]["id"], **kind))["entry"]
    other = await booked(dispatcher, {**stage.repair, "assetId": None, "window": WEEK_AFTER, "preferredDate": None})
    theirs = (await dispatcher.do("joinWaitlist", appointmentId=other["appointment"]["id"], **kind))["entry"]
    # The customer is a premium one, the other nobody in particular.
    assert (waits["position"], theirs["position"]) == (1, 2)

    await dispatcher.do("cancelAppointment", id=busy["appointment"]["id"], reason="Not needed")
    offer = await offered(customer, waits["id"])
    assert offer["offer"]["slot"]["window"]["start"].startswith("2026-01-31")
    declined = await customer.do("answerWaitlistOffer", entryId=waits["id"], accept=False)
    assert declined["entry"]["status"] == "WAITING"
    await offered(dispatcher, theirs["id"])
    taken = await dispatcher.do("answerWaitlistOffer", entryId=theirs["id"], accept=True)
    assert (taken["entry"]["status"], taken["appointment"]["id"]) == ("BOOKED", other["appointment"]["id"])
    late = await dispatcher.refused("answerWaitlistOffer", entryId=theirs["id"], accept=True)
    assert late["code"] == "HOLD_EXPIRED"
    left = await customer.do("leaveWaitlist", entryId=waits["id"])
    assert (left["entry"]["status"], left["entry"]["position"]) == ("CANCELLED", None)


PAUSES = """query Pauses { waitlist { nodes { id status position pausedAt } } }"""


async def test_who_waits_is_paused_with_their_customer_and_both_are_told(stage: Garage) -> None:
    customer, dispatcher, manager = [await stage.enter(name) for name in ("customer", "dispatcher", "manager")]
    harbour = global_id("Customer", stage.world.customer_id)
    busy = await booked(dispatcher, {**stage.repair, "assetId": None, "preferredDate": None, "window": SATURDAY})
    wish = {"appointmentType": "DIAGNOSTIC", "windows": [SATURDAY]}
    mine = (await customer.do("joinWaitlist", customerId=harbour, **wish))["entry"]
    theirs = (await dispatcher.do("joinWaitlist", **wish))["entry"]
    assert (mine["position"], theirs["position"]) == (1, 2)

    async with dispatcher.following(BOARD, filter=BOARD_FILTER) as board:
        await board.ready()
        await manager.do("updateCustomer", id=harbour, expectedVersion=1, active=False)
        told = await board.take(2)
        assert [each["type"] for each in told] == ["RECORD_CHANGED", "WAITLIST_PAUSED"]
        assert told[1]["recordId"] == mine["id"]
        found = (await dispatcher.ask(PAUSES))["waitlist"]["nodes"]
        assert [(each["id"], each["position"], each["pausedAt"] is None) for each in found] == [
            (mine["id"], None, False),
            (theirs["id"], 1, True),
        ]
        # What becomes free goes past them.
        await dispatcher.do("cancelAppointment", id=busy["appointment"]["id"], reason="Not needed")
        await offered(dispatcher, theirs["id"])
        await manager.do("updateCustomer", id=harbour, expectedVersion=2, active=True)
        while (resumed := await board.next())["type"] != "WAITLIST_RESUMED":
            pass
        assert resumed["recordId"] == mine["id"]
    await dispatcher.do("answerWaitlistOffer", entryId=theirs["id"], accept=False)
    offer = await offered(customer, mine["id"])
    assert (offer["status"], offer["position"]) == ("OFFERED", 1)
    taken = await customer.do("answerWaitlistOffer", entryId=mine["id"], accept=True)
    assert taken["entry"]["status"] == "BOOKED"


async def test_locked_and_missed(stage: Garage) -> None:
    customer, dispatcher = await stage.enter("customer"), await stage.enter("dispatcher")
    id_ = (await booked(customer, stage.repair))["appointment"]["id"]
    assert (await customer.refused("lockAppointment", id=id_, lock="TIME"))["code"] == "FORBIDDEN"
    locked = await dispatcher.do("lockAppointment", id=id_, lock="TIME")
    assert locked["appointment"]["lock"] == "TIME"
    later = (await look(customer, {**stage.repair, "window": WEEK_AFTER, "preferredDate": None}))["slots"][0]
    refused = await customer.refused("rescheduleAppointment", id=id_, slotToken=later["token"])
    assert (refused["code"], refused["field"]) == ("VALIDATION_FAILED", ["slotToken"])
    assert (await dispatcher.refused("markNoShow", id=id_))["code"] == "INVALID_TRANSITION"
    stage.clock.pass_by(days=2, hours=2)
    missed = await dispatcher.do("markNoShow", id=id_)
    assert (missed["appointment"]["status"], missed["ticket"]["status"]) == ("NO_SHOW", "PENDING_INFO")
