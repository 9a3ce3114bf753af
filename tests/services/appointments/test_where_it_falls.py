"""Times are sought in the territory that the work's place falls into, where neither ticket nor facility says one."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.db.tables.appointments import waitlist_entries
from app.db.tables.customers import assets, customers
from app.db.tables.organizations import territories
from app.db.tables.people import technician_territories
from app.db.tables.supply import facilities
from app.db.tables.tickets import tickets
from app.db.transaction import Mode, transaction
from app.domain.appointments import AppointmentType, LocationMode, Urgency
from app.domain.refusals import ConstraintKind
from app.domain.wanted import Wanted
from app.services.administration.saying import Create
from app.services.administration.territories import create_territory
from app.services.appointments.ingest_alert import IngestAlert, ingest_alert
from app.services.appointments.join_waitlist import JoinWaitlist, join_waitlist
from app.services.appointments.wanting import SlotQuestion, wanted_of
from tests.areas import box
from tests.services.appointments.workshop import Workshop

WEST: dict[str, Any] = {"latitude": 52.0, "longitude": 5.0}
EAST: dict[str, Any] = {"latitude": 52.0, "longitude": 8.0}


@pytest.fixture
async def map_(shop: Workshop) -> dict[str, UUID]:
    """Two territories with areas, by name; ann works in the west, and bob anywhere."""
    made = {}
    for name, area in (("west", box(51.0, 4.0, 53.0, 7.0)), ("east", box(51.0, 7.5, 53.0, 9.0))):
        values = {"name": name, "time_zone": "Asia/Tokyo", "holidays": (), "area": area}
        written = await create_territory(shop.writer, shop.actor("manager"), Create(values=values))
        made[name] = written.ids["territory"]
    async with transaction(shop.engine, shop.world.organization_id) as connection:
        await connection.execute(
            sa.insert(technician_territories).values(
                organization_id=shop.world.organization_id,
                technician_id=shop.world.technicians["ann"],
                territory_id=made["west"],
            )
        )
    return made


async def wanted(shop: Workshop, by: str = "dispatcher", **asked: Any) -> Wanted:
    question = SlotQuestion(appointment_type=AppointmentType.DIAGNOSTIC, **asked)
    async with transaction(shop.engine, shop.world.organization_id, mode=Mode.READ) as connection:
        return await wanted_of(connection, shop.actor(by), question, now=shop.clock(), horizon_days=14)


async def test_only_those_who_work_where_the_place_lies_are_offered(shop: Workshop, map_: dict[str, UUID]) -> None:
    ann, bob = (shop.world.technicians[name] for name in ("ann", "bob"))

    west, east = [await shop.find(**place, limit=20, preferred_technician_id=ann) for place in (WEST, EAST)]

    assert ann in {each.technician_id for each in west.offers}
    assert {each.technician_id for each in east.offers} == {bob}
    assert ConstraintKind.TERRITORY in {each.constraint for each in east.rejections}
    assert (await wanted(shop, **EAST)).territory_id == map_["east"]
    assert (await wanted(shop, **EAST)).time_zone == "Asia/Tokyo"


async def test_a_customers_home_is_where_the_work_is_wanted(shop: Workshop, map_: dict[str, UUID]) -> None:
    await shop.change(customers, shop.world.customer_id, **EAST)

    assert (await wanted(shop, "customer", customer_id=shop.world.customer_id)).territory_id == map_["east"]
    assert (await wanted(shop, customer_id=shop.world.customer_id, **WEST)).territory_id == map_["west"]
    in_a_bay = await wanted(shop, customer_id=shop.world.customer_id, location_mode=LocationMode.AT_FACILITY)
    assert in_a_bay.territory_id is None


async def test_a_ticket_says_its_territory_and_a_facility_says_its_own(shop: Workshop, map_: dict[str, UUID]) -> None:
    said = await shop.ticket(**WEST, territory_id=map_["east"])
    none, elsewhere = await shop.ticket(finds_territory=False, **WEST), await shop.ticket()
    at: dict[str, Any] = {"location_mode": LocationMode.AT_FACILITY, "facility_id": shop.facility_id}

    assert (await wanted(shop, ticket_id=said)).territory_id == map_["east"]
    assert (await wanted(shop, ticket_id=none)).territory_id == map_["west"]
    assert (await wanted(shop, ticket_id=elsewhere)).territory_id is None
    assert (await wanted(shop, ticket_id=elsewhere, **EAST)).territory_id == map_["east"]
    assert (await wanted(shop, ticket_id=said, **at)).territory_id is None
    await shop.change(facilities, shop.facility_id, territory_id=map_["west"])
    assert (await wanted(shop, ticket_id=said, **at)).territory_id == map_["west"]


async def test_what_is_booked_without_a_ticket_gets_one_in_the_same_territory(
    shop: Workshop, map_: dict[str, UUID]
) -> None:
    offer = await shop.offer(**EAST)
    # The slot says it already: what is drawn afterwards is for what comes afterwards.
    await shop.change(territories, map_["east"], area=None)

    booked = await shop.book(offer)

    assert (await shop.row(tickets, booked.ids["ticket"])).territory_id == map_["east"]


async def test_an_alert_becomes_a_ticket_where_its_customer_is(shop: Workshop, map_: dict[str, UUID]) -> None:
    await shop.change(customers, shop.world.customer_id, **EAST)
    await shop.change(assets, shop.asset_id, kind="EQUIPMENT")
    command = IngestAlert(
        alert_id="A-1",
        asset_external_id="V-1",
        severity=Urgency.CRITICAL,
        service_type=AppointmentType.COMPONENT_REPAIR,
    )

    written = await ingest_alert(shop.writer, shop.actor("dispatcher"), command, shop.agendas)

    ticket = await shop.row(tickets, written.ids["ticket"])
    assert (ticket.territory_id, ticket.longitude) == (map_["east"], 8.0)
    booked = await shop.appointment(written.ids["appointment"])
    assert (booked.technician_id, booked.time_zone) == (shop.world.technicians["bob"], "Asia/Tokyo")


async def test_a_customer_waits_for_a_time_where_they_are(shop: Workshop, map_: dict[str, UUID]) -> None:
    await shop.change(customers, shop.world.customer_id, **EAST)
    window = (shop.clock() + timedelta(days=1), shop.clock() + timedelta(days=2))
    command = JoinWaitlist(
        appointment_type=AppointmentType.DIAGNOSTIC, windows=(window,), customer_id=shop.world.customer_id
    )

    await join_waitlist(shop.writer, shop.actor("dispatcher"), command)

    (entry,) = await shop.rows(waitlist_entries)
    assert entry.request["territory_id"] == str(map_["east"])
