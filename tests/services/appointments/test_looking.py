"""Looking for slots where there is little to look in, and while things change."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.tables.people import technicians
from app.db.tables.supply import service_bays
from app.db.transaction import transaction
from app.domain.appointments import LocationMode
from app.domain.refusals import ConstraintKind, NotFound
from app.services.appointments.release_slot import ReleaseSlot, release_slot
from tests.services.appointments.workshop import MONDAY, Workshop
from tests.services.scene import Clock
from tests.world import World

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("mode", LocationMode)
async def test_where_nobody_keeps_hours_there_are_no_slots(
    engine: AsyncEngine, world: World, mode: LocationMode
) -> None:
    shop = Workshop(engine=engine, world=world, clock=Clock(MONDAY))
    found = await shop.find(location_mode=mode)
    assert found.offers == []
    assert sum(each.count for each in found.rejections) == len(world.technicians)
    kinds = {each.constraint for each in found.rejections}
    assert kinds == {ConstraintKind.SHIFT if mode is LocationMode.ON_SITE else ConstraintKind.BAY}


async def test_in_a_facility_without_a_bay_that_can_be_used_there_are_none(shop: Workshop) -> None:
    asked: dict[str, Any] = {"location_mode": LocationMode.AT_FACILITY, "facility_id": shop.facility_id}
    assert (await shop.find(**asked)).offers
    for bay_id in shop.bays.values():
        await shop.change(service_bays, bay_id, active=False)
    assert (await shop.find(**asked)).offers == []


async def test_a_kept_agenda_tells_what_has_been_taken_and_given_back_since(shop: Workshop) -> None:
    agendas, ann = shop.agendas, shop.world.technicians["ann"]
    asked: dict[str, Any] = {"preferred_technician_id": ann, "limit": 20, "agendas": agendas}

    async def of_ann() -> set[Any]:
        return {each.starts_at for each in (await shop.find(**asked)).offers if each.technician_id == ann}

    before = await of_ann()
    offer = next(each for each in (await shop.find(**asked)).offers if each.technician_id == ann)
    hold_id = await shop.hold(offer)
    during = await of_ann()
    await release_slot(shop.writer, shop.actor("dispatcher"), ReleaseSlot(hold_id=hold_id))
    after = await of_ann()
    assert (offer.starts_at in before, offer.starts_at in during) == (True, False)
    assert after == before


async def test_a_kept_agenda_knows_when_a_hold_has_run_out_and_when_it_is_too_old(shop: Workshop) -> None:
    agendas = shop.agendas
    offer = (await shop.find(agendas=agendas)).offers[0]
    await shop.hold(offer)
    first = await agendas.of(shop.world.organization_id)
    shop.clock.pass_by(minutes=16)
    second = await agendas.of(shop.world.organization_id)
    assert second.agenda.problem.now == first.agenda.problem.now
    assert offer.starts_at in {each.starts_at for each in (await shop.find(agendas=agendas, limit=20)).offers}
    shop.clock.pass_by(minutes=50)
    third = await agendas.of(shop.world.organization_id)
    assert third.agenda.problem.now == shop.clock()


async def test_what_was_changed_behind_the_logs_back_is_known_within_the_hour(shop: Workshop) -> None:
    agendas = shop.agendas
    await shop.find(agendas=agendas)
    async with transaction(shop.engine, shop.world.organization_id) as connection:
        await connection.execute(
            sa.update(technicians).where(technicians.c.id == shop.world.technicians["bob"]).values(active=False)
        )
    # What the log does not tell is known within the hour.
    shop.clock.pass_by(hours=1)
    found = await shop.find(agendas=agendas, limit=20)
    assert {each.technician_id for each in found.offers} == {shop.world.technicians["ann"]}


async def test_whoever_asked_for_a_ticket_looks_for_times_whosever_customer_it_is_for(shop: Workshop) -> None:
    ticket_id = await shop.ticket(customer_id=shop.world.customer_id, requester_id=shop.world.users["stranger"])

    assert (await shop.find("stranger", ticket_id=ticket_id)).offers
    with pytest.raises(NotFound) as refused:
        await shop.find("stranger", ticket_id=ticket_id, customer_id=shop.world.customer_id)
    assert refused.value.field == ("customerId",)
    with pytest.raises(NotFound) as unknown:
        await shop.find("stranger", customer_id=shop.world.customer_id)
    assert unknown.value.field == ("customerId",)
