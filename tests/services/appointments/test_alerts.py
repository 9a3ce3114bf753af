"""From an alert to a ticket, and to an appointment where it cannot wait: once per alert, whoever tells of it."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.db import locks
from app.db.tables.appointments import alerts, part_reservations
from app.db.tables.assignments import assignments
from app.db.tables.availability import shifts
from app.db.tables.customers import assets, parts
from app.db.tables.supply import service_bays, service_types
from app.db.tables.tickets import ticket_required_parts, tickets
from app.db.transaction import transaction
from app.domain.appointments import AppointmentType, LocationMode, Urgency
from app.domain.events import EventType
from app.domain.organizations import HORIZON_DAYS
from app.domain.refusals import Forbidden, IdempotencyInProgress, Invalid, NotFound
from app.services.appointments.agendas import Agendas, Standing
from app.services.appointments.ingest_alert import IngestAlert, ingest_alert
from app.services.perform import Written
from tests.services.appointments.workshop import MONDAY, Workshop

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def alert(number: int = 1, **values: Any) -> IngestAlert:
    """Return an alert: a vehicle has broken down, unless something else is said."""
    plain: dict[str, Any] = {
        "alert_id": f"A-{number}",
        "asset_external_id": "V-1",
        "severity": Urgency.CRITICAL,
        "service_type": AppointmentType.COMPONENT_REPAIR,
        "message": "The brakes are worn.",
    }
    return IngestAlert(**{**plain, **values})


async def tell(shop: Workshop, command: IngestAlert, by: str = "dispatcher", agendas: Agendas | None = None) -> Written:
    """Tell of an alert."""
    return await ingest_alert(shop.writer, shop.actor(by), command, agendas or shop.agendas)


class Stale(Agendas):
    """Agendas that never hear of anything: others book what they offer."""

    standing: Standing | None = None

    async def of(self, organization_id: UUID) -> Standing:
        if self.standing is None:
            self.standing = await super().of(organization_id)
        return self.standing


class NeverAsked(Agendas):
    """Agendas that nobody should ask."""

    async def of(self, organization_id: UUID) -> Standing:
        raise AssertionError(f"slots of {organization_id} were looked for")


def stale(shop: Workshop) -> Stale:
    return Stale(shop.engine, clock=shop.clock, rules=shop.server)


def never_asked(shop: Workshop) -> NeverAsked:
    return NeverAsked(shop.engine, clock=shop.clock, rules=shop.server)


async def test_a_critical_repair_of_a_vehicle_is_booked_in_a_bay_within_a_week(shop: Workshop) -> None:
    written = await tell(shop, alert())

    booked = await shop.appointment(written.ids["appointment"])
    assert (booked.starts_at, booked.ends_at) == (MONDAY + HOUR, MONDAY + 6 * HOUR)
    assert (booked.type, booked.urgency, booked.location_mode) == ("COMPONENT_REPAIR", "CRITICAL", "AT_FACILITY")
    assert (booked.facility_id, booked.bay_id in shop.bays.values()) == (shop.facility_id, True)
    assert booked.request["windows"] == []
    ticket = await shop.row(tickets, written.ids["ticket"])
    assert (ticket.title, ticket.description) == ("Component repair: Van", "The brakes are worn.")
    assert (ticket.priority, ticket.status, ticket.asset_id) == ("P1", "ASSIGNED", shop.asset_id)
    assert ticket.customer_id == booked.customer_id == shop.world.customer_id
    job = await shop.row(assignments, written.ids["assignment"])
    assert (job.reason, job.type, job.technician_id) == ("ALERT", "AUTO", booked.technician_id)
    told = [each.type for each in await shop.events(written)]
    assert told == ["JOB_ASSIGNED", "TICKET_CREATED", "TICKET_STATUS_CHANGED", "APPOINTMENT_SCHEDULED"]


@pytest.mark.parametrize("severity", list(Urgency))
async def test_an_emergency_of_any_severity_gets_the_next_slot(shop: Workshop, severity: Urgency) -> None:
    written = await tell(shop, alert(service_type=AppointmentType.EMERGENCY, severity=severity))

    booked = await shop.appointment(written.ids["appointment"])
    assert booked.starts_at == MONDAY + HOUR
    assert booked.urgency == severity


@pytest.mark.parametrize(
    ("service_type", "severity"),
    [
        *((AppointmentType.COMPONENT_REPAIR, each) for each in (Urgency.LOW, Urgency.MEDIUM, Urgency.HIGH)),
        (AppointmentType.DIAGNOSTIC, Urgency.CRITICAL),
        (AppointmentType.ROUTINE_MAINTENANCE, Urgency.CRITICAL),
    ],
)
async def test_what_can_wait_has_a_ticket_and_no_appointment_and_nobody_is_asked_for_slots(
    shop: Workshop, service_type: AppointmentType, severity: Urgency
) -> None:
    command = alert(service_type=service_type, severity=severity, message=None)
    written = await tell(shop, command, agendas=never_asked(shop))

    assert list(written.ids) == ["ticket"]
    ticket = await shop.row(tickets, written.ids["ticket"])
    assert (ticket.status, ticket.description) == ("NEW", "Alert A-1, told by monitoring.")
    assert [each.type for each in await shop.events(written)] == ["TICKET_CREATED"]


async def test_an_organisation_may_book_nothing_by_itself_or_other_things(shop: Workshop) -> None:
    await shop.settle(auto_book_critical_alerts=False)
    assert list((await tell(shop, alert(1))).ids) == ["ticket"]
    await shop.settle(auto_book_critical_alerts=True)
    async with transaction(shop.engine, shop.world.organization_id) as connection:
        key = {"organization_id": shop.world.organization_id, "created_at": MONDAY, "updated_at": MONDAY}
        rows = [
            {**key, "type": AppointmentType.DIAGNOSTIC, "auto_book_from": "HIGH"},
            {**key, "type": AppointmentType.COMPONENT_REPAIR, "auto_book_from": "NEVER"},
        ]
        await connection.execute(sa.insert(service_types), rows)
    assert list((await tell(shop, alert(2))).ids) == ["ticket"]
    diagnostic = {"service_type": AppointmentType.DIAGNOSTIC}
    assert "appointment" in (await tell(shop, alert(3, severity=Urgency.HIGH, **diagnostic))).ids
    assert list((await tell(shop, alert(4, severity=Urgency.MEDIUM, **diagnostic))).ids) == ["ticket"]


async def test_vehicles_without_a_facility_and_other_things_are_served_where_they_are(shop: Workshop) -> None:
    async with transaction(shop.engine, shop.world.organization_id) as connection:
        await connection.execute(
            sa.insert(assets).values(
                organization_id=shop.world.organization_id,
                external_id="P-1",
                kind="EQUIPMENT",
                name="Pump",
                customer_id=shop.world.customer_id,
                created_at=MONDAY,
                updated_at=MONDAY,
            )
        )
    pump = await shop.appointment((await tell(shop, alert(1, asset_external_id="P-1"))).ids["appointment"])
    assert (pump.location_mode, pump.bay_id) == (LocationMode.ON_SITE, None)
    for bay_id in shop.bays.values():
        await shop.change(service_bays, bay_id, active=False)
    van = await shop.appointment((await tell(shop, alert(2))).ids["appointment"])
    assert (van.location_mode, van.bay_id) == (LocationMode.ON_SITE, None)


async def test_a_critical_part_that_is_missing_moves_the_date_and_is_ordered(shop: Workshop) -> None:
    await shop.change(parts, shop.world.part_id, stock=0, lead_time_days=3)

    written = await tell(shop, alert(part_numbers=("SEAL-1",)))

    booked = await shop.appointment(written.ids["appointment"])
    assert booked.starts_at.date() == (MONDAY + 3 * DAY).date()
    (order,) = [each for each in await shop.events(written) if each.type is EventType.PARTS_ORDER_REQUESTED]
    assert order.subject_id == shop.world.part_id
    (needed,) = await shop.rows(ticket_required_parts)
    assert (needed.ticket_id, needed.quantity, needed.critical) == (written.ids["ticket"], 1, True)
    assert len(await shop.rows(part_reservations)) == 1


async def test_what_cannot_be_done_within_the_week_is_left_to_people_who_are_told_why(shop: Workshop) -> None:
    await shop.change(parts, shop.world.part_id, stock=0, lead_time_days=9)

    written = await tell(shop, alert(part_numbers=("SEAL-1",)))

    assert list(written.ids) == ["ticket"]
    assert written.no_candidate is not None
    assert (await shop.row(tickets, written.ids["ticket"])).status == "NEW"
    (failed,) = [each for each in await shop.events(written) if each.type is EventType.DISPATCH_FAILED]
    (change,) = failed.changes
    told = {each["constraint"]: each["count"] for each in change.new}
    assert sum(told.values()) == len(shop.world.technicians)
    assert written == await tell(shop, alert(part_numbers=("SEAL-1",)))


async def test_the_last_day_that_can_be_settled_has_an_effect(shop: Workshop) -> None:
    await shop.settle(auto_book_within_days=HORIZON_DAYS)
    await shop.change(parts, shop.world.part_id, stock=0, lead_time_days=HORIZON_DAYS - 3)
    friday = MONDAY + (HORIZON_DAYS - 3) * DAY
    key = {"organization_id": shop.world.organization_id, "technician_id": shop.world.technicians["ann"]}
    hours = {"starts_at": friday + HOUR, "ends_at": friday + 9 * HOUR, "created_at": MONDAY, "updated_at": MONDAY}
    async with transaction(shop.engine, shop.world.organization_id) as connection:
        await connection.execute(sa.insert(shifts).values(**key, **hours))

    written = await tell(shop, alert(part_numbers=("SEAL-1",)))

    assert (await shop.appointment(written.ids["appointment"])).starts_at.date() == friday.date()


async def test_an_alert_that_is_told_again_has_the_same_answer_and_writes_nothing(shop: Workshop) -> None:
    first = await tell(shop, alert())
    log = await shop.events()

    again = await tell(shop, alert(), "manager", agendas=never_asked(shop))

    assert again == first
    assert again.position == log[-1].position
    assert await shop.events() == log
    # White space around an id is no other id.
    assert await tell(shop, alert(alert_id=" A-1 ", message="The brakes are worn. ")) == first


@pytest.mark.parametrize(
    "other",
    [
        {"message": "Other brakes."},
        {"severity": Urgency.LOW},
        {"part_numbers": ("SEAL-1",)},
        {"asset_external_id": "?"},
    ],
)
async def test_an_alert_that_says_something_else_than_before_is_refused(shop: Workshop, other: dict[str, Any]) -> None:
    await tell(shop, alert())

    with pytest.raises(Invalid) as refused:
        await tell(shop, alert(**other))

    assert refused.value.field == ("alertId",)


@pytest.mark.parametrize(
    ("other", "refusal", "field"),
    [
        ({"asset_external_id": "V-2"}, NotFound, ("assetExternalId",)),
        ({"asset_external_id": " "}, Invalid, ("assetExternalId",)),
        ({"alert_id": "  "}, Invalid, ("alertId",)),
        ({"alert_id": "x" * 256}, Invalid, ("alertId",)),
        ({"alert_id": "a\x00"}, Invalid, ("alertId",)),
        ({"message": "x" * 20_001}, Invalid, ("message",)),
        ({"part_numbers": ("SEAL-1", "SEAL-2")}, NotFound, ("partNumbers", "1")),
        ({"part_numbers": ("SEAL-1", "SEAL-1")}, Invalid, ("partNumbers",)),
        ({"part_numbers": tuple(map(str, range(21)))}, Invalid, ("partNumbers",)),
    ],
)
async def test_what_makes_no_sense_is_refused_by_its_field(
    shop: Workshop, other: dict[str, Any], refusal: type[Invalid | NotFound], field: tuple[str, ...]
) -> None:
    with pytest.raises(refusal) as refused:
        await tell(shop, alert(**other))
    assert refused.value.field == field
    assert await shop.events() == []


@pytest.mark.parametrize("by", ["ann", "cleo", "customer", "stranger"])
async def test_only_dispatchers_and_who_stands_above_them_tell_of_alerts(shop: Workshop, by: str) -> None:
    with pytest.raises(Forbidden):
        await tell(shop, alert(), by)


async def test_of_twenty_who_tell_of_one_alert_at_once_one_makes_a_ticket_and_all_get_it(shop: Workshop) -> None:
    agendas = shop.agendas

    answers = await asyncio.gather(*(tell(shop, alert(), agendas=agendas) for _ in range(20)))

    assert answers == [answers[0]] * 20
    assert len(await shop.rows(tickets)) == len(await shop.taken()) == 1


async def test_without_the_alerts_lock_the_row_still_lets_one_through(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def always(*_: Any, **__: Any) -> bool:
        return True

    monkeypatch.setattr(locks, "try_lock_key", always)

    answers = await asyncio.gather(*(tell(shop, alert()) for _ in range(20)), return_exceptions=True)

    assert len(await shop.rows(alerts)) == len(await shop.rows(tickets)) == 1
    assert {type(each) for each in answers} <= {Written, IntegrityError}


async def test_who_waits_too_long_for_an_alert_may_tell_of_it_again(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.appointments.alerts._PATIENCE_SECONDS", 0)
    async with transaction(shop.engine, shop.world.organization_id) as connection:
        names = (str(shop.world.organization_id), "alert", "A-1")
        assert await locks.try_lock_key(connection, *names, patience_seconds=0)
        with pytest.raises(IdempotencyInProgress) as refused:
            await tell(shop, alert())
    assert refused.value.field == ("alertId",)
    assert "appointment" in (await tell(shop, alert())).ids


async def test_a_slot_that_was_taken_meanwhile_gives_way_to_the_next(shop: Workshop) -> None:
    agendas = stale(shop)
    first = await tell(shop, alert(1, service_type=AppointmentType.EMERGENCY), agendas=agendas)

    second = await tell(shop, alert(2, service_type=AppointmentType.EMERGENCY), agendas=agendas)

    one, other = [await shop.appointment(each.ids["appointment"]) for each in (first, second)]
    assert one.starts_at < other.starts_at
    assert [each.type for each in await shop.events(second)].count(EventType.JOB_ASSIGNED) == 1


async def test_with_every_slot_taken_meanwhile_the_ticket_stays_and_it_is_told_who_is_booked(shop: Workshop) -> None:
    agendas, emergency, told = stale(shop), {"service_type": AppointmentType.EMERGENCY}, 1
    while "appointment" in (written := await tell(shop, alert(told, **emergency), agendas=agendas)).ids:
        told += 1

    assert list(written.ids) == ["ticket"]
    (failed,) = [each for each in await shop.events(written) if each.type is EventType.DISPATCH_FAILED]
    (change,) = failed.changes
    booked = {each["constraint"]: each["count"] for each in change.new}["OVERLAP"]
    assert 1 <= booked <= len({each.technician_id for each in await shop.taken()})
    numbers = [each.ticket_number for each in await shop.rows(tickets)]
    # What was tried in vain has left no gap.
    assert sorted(numbers) == [f"TKT-2026-{number:06d}" for number in range(1, told + 1)]


async def test_many_emergencies_at_once_are_booked_beside_each_other(shop: Workshop) -> None:
    agendas, emergency = shop.agendas, {"service_type": AppointmentType.EMERGENCY}

    answers = await asyncio.gather(*(tell(shop, alert(each, **emergency), agendas=agendas) for each in range(12)))

    assert len(await shop.rows(tickets)) == 12
    booked = [each for each in answers if "appointment" in each.ids]
    taken = await shop.taken()
    assert len(booked) == len(taken) >= 10
    assert len({(each.technician_id, each.starts_at) for each in taken}) == len(taken)
