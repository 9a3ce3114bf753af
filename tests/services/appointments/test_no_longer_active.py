"""What is no longer active cannot be named by what is new, and stays where it is named already."""

from collections.abc import Awaitable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError

from app.db.tables.assignments import assignment_parts
from app.db.tables.customers import assets, parts
from app.db.tables.organizations import skills
from app.db.tables.people import users
from app.db.tables.tickets import tickets
from app.domain.appointments import AppointmentType, Urgency
from app.domain.refusals import Invalid, NotFound
from app.services import perform
from app.services.appointments.ingest_alert import IngestAlert, ingest_alert
from app.services.appointments.join_waitlist import JoinWaitlist, join_waitlist
from app.services.assignments.complete_assignment import complete_assignment
from app.services.imports.import_tickets import ImportTickets, NewLine, import_tickets
from app.services.imports.lines import LinesRefused
from app.services.tickets import create_ticket
from app.services.tickets.ticket_fields import NeededPart, NeededSkill
from app.services.tickets.update_ticket import UpdateTicket, update_ticket
from tests.services.administration.storekeeping import ASSETS, CUSTOMERS, PARTS
from tests.services.appointments.workshop import MONDAY, Workshop
from tests.services.scene import new_ticket, report, seals

GONE = "is no longer active; name one that is."


async def deactivate(shop: Workshop, *names: str) -> None:
    """Make the workshop's customer, its asset, or the part that it stocks inactive."""
    world = shop.world
    kept = {
        "customer": (CUSTOMERS, world.customer_id),
        "asset": (ASSETS, shop.asset_id),
        "part": (PARTS, world.part_id),
    }
    for name in names:
        keeping, id_ = kept[name]
        await keeping.change(shop, id_, active=False)


async def refused(asked: Awaitable[Any], *field: str, what: str) -> None:
    """Expect that something is refused because this is no longer active."""
    with pytest.raises(Invalid) as refusal:
        await asked
    assert (refusal.value.field, refusal.value.problem) == (field, f"This {what} {GONE}")


def seal(shop: Workshop) -> tuple[NeededPart, ...]:
    return (NeededPart(part_id=shop.world.part_id, quantity=1),)


async def test_a_new_ticket_names_nothing_of_the_past(shop: Workshop) -> None:
    await deactivate(shop, "customer", "asset", "part")

    await refused(shop.ticket(customer_id=shop.world.customer_id), "customerId", what="customer")
    await refused(shop.ticket(asset_id=shop.asset_id), "assetId", what="asset")
    await refused(shop.ticket(required_parts=seal(shop)), "requiredParts", "0", "partId", what="part")


async def test_an_asset_does_not_bring_a_customer_of_the_past_along(shop: Workshop) -> None:
    await deactivate(shop, "customer")

    await refused(shop.ticket(asset_id=shop.asset_id), "assetId", what="asset's customer")
    await refused(shop.find(asset_id=shop.asset_id), "assetId", what="asset's customer")


async def test_an_import_is_refused_by_its_line(shop: Workshop) -> None:
    await deactivate(shop, "asset")
    line = NewLine(number=1, ticket=new_ticket(), asset_external_id="V-1")

    with pytest.raises(LinesRefused) as found:
        await import_tickets(shop.writer, shop.actor("dispatcher"), ImportTickets(lines=(line,)))

    (wrong,) = found.value.each
    assert (wrong.number, wrong.refusal.field) == (1, ("assetId",))
    assert wrong.refusal.message.endswith(GONE)


async def changed(shop: Workshop, ticket_id: UUID, **values: Any) -> Any:
    row = await shop.row(tickets, ticket_id)
    command = UpdateTicket(ticket_id=ticket_id, expected_version=row.version, given=tuple(values), **values)
    await update_ticket(shop.writer, shop.actor("dispatcher"), command)
    return await shop.row(tickets, ticket_id)


async def test_a_ticket_keeps_what_it_names_and_gets_nothing_of_the_past(shop: Workshop) -> None:
    skill = NeededSkill(skill_id=shop.world.skill_id, level=1)
    old = await shop.ticket(asset_id=shop.asset_id, required_parts=seal(shop), required_skills=(skill,))
    new = await shop.ticket()
    await deactivate(shop, "customer", "asset", "part")
    await shop.change(skills, shop.world.skill_id, active=False)

    for values in (
        {"customer_id": shop.world.customer_id, "asset_id": shop.asset_id},
        {"asset_id": None},
        {"required_parts": (NeededPart(part_id=shop.world.part_id, quantity=3),)},
        {"required_skills": (NeededSkill(skill_id=shop.world.skill_id, level=2),)},
    ):
        assert (await changed(shop, old, **values)).customer_id == shop.world.customer_id
    await refused(changed(shop, old, asset_id=shop.asset_id), "assetId", what="asset")
    await refused(changed(shop, new, customer_id=shop.world.customer_id), "customerId", what="customer")
    await refused(changed(shop, new, asset_id=shop.asset_id), "assetId", what="asset")
    await refused(changed(shop, new, required_parts=seal(shop)), "requiredParts", "0", "partId", what="part")
    await refused(changed(shop, new, required_skills=(skill,)), "requiredSkills", "0", "skillId", what="skill")


async def test_slots_are_looked_for_nothing_of_the_past_but_for_tickets_that_name_it(shop: Workshop) -> None:
    ticket_id = await shop.ticket(asset_id=shop.asset_id, required_parts=seal(shop))
    await deactivate(shop, "customer", "asset", "part")

    await refused(shop.find(customer_id=shop.world.customer_id), "customerId", what="customer")
    await refused(shop.find(asset_id=shop.asset_id), "assetId", what="asset")
    await refused(shop.find(part_numbers=("SEAL-1",)), "partNumbers", "0", what="part")
    offer = await shop.offer(ticket_id=ticket_id)
    booked = await shop.book(offer, ticket_id=ticket_id)

    row = await shop.appointment(booked.ids["appointment"])
    assert (row.asset_id, row.customer_id) == (shop.asset_id, shop.world.customer_id)


async def test_a_slot_that_was_found_before_is_not_booked_for_it(shop: Workshop) -> None:
    offer = await shop.offer(asset_id=shop.asset_id)
    await deactivate(shop, "asset")

    await refused(shop.book(offer), "assetId", what="asset")


async def test_an_alert_is_told_of_nothing_of_the_past(shop: Workshop) -> None:
    command = IngestAlert(
        alert_id="A-1",
        asset_external_id="V-1",
        severity=Urgency.LOW,
        service_type=AppointmentType.DIAGNOSTIC,
        part_numbers=("SEAL-1",),
    )

    async def tell() -> None:
        await ingest_alert(shop.writer, shop.actor("dispatcher"), command, shop.agendas)

    for name, field, what in (
        ("part", ("partNumbers", "0"), "part"),
        ("customer", ("assetExternalId",), "asset's customer"),
        ("asset", ("assetExternalId",), "asset"),
    ):
        await deactivate(shop, name)
        await refused(tell(), *field, what=what)
    assert await shop.rows(tickets) == []


async def test_nobody_of_the_past_begins_to_wait(shop: Workshop) -> None:
    await deactivate(shop, "customer")
    command = JoinWaitlist(
        appointment_type=AppointmentType.DIAGNOSTIC,
        windows=((MONDAY, MONDAY.replace(day=5)),),
        customer_id=shop.world.customer_id,
    )

    asked = join_waitlist(shop.writer, shop.actor("dispatcher"), command)
    await refused(asked, "customerId", what="customer")


async def test_what_was_built_in_is_a_fact(shop: Workshop) -> None:
    shop.clock.pass_by(hours=2)
    job = await shop.started()
    await deactivate(shop, "part")

    await complete_assignment(shop.writer, shop.actor("ann"), report(job, parts_used=(seals(2),)))

    (line,) = await shop.rows(assignment_parts)
    assert line.part_id == shop.world.part_id
    assert (await shop.row(parts, shop.world.part_id)).stock == 8


async def test_an_asset_gets_no_customer_of_the_past_and_keeps_the_one_it_has(shop: Workshop) -> None:
    await deactivate(shop, "customer")

    await refused(ASSETS.new(shop, customer_id=shop.world.customer_id), "customerId", what="customer")
    await ASSETS.change(shop, shop.asset_id, customer_id=shop.world.customer_id, name="Lorry")

    assert (await shop.row(assets, shop.asset_id)).name == "Lorry"


async def test_nobody_of_the_past_joins_a_customer(shop: Workshop) -> None:
    user_id = shop.world.users["stranger"]
    await shop.change(users, user_id, active=False)

    asked = CUSTOMERS.change(shop, shop.world.customer_id, user_ids=(user_id,))
    await refused(asked, "userIds", "0", what="user")


@pytest.fixture
async def vanishing(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """An asset that is deleted once it was looked for, before the first ticket that names it is inserted."""
    asset_id = await ASSETS.new(shop)
    insert = create_ticket.insert_drafts

    async def insert_once_it_is_gone(*asked: Any) -> Any:
        monkeypatch.setattr(create_ticket, "insert_drafts", insert)
        await ASSETS.remove(shop, asset_id)
        return await insert(*asked)

    monkeypatch.setattr(create_ticket, "insert_drafts", insert_once_it_is_gone)
    return asset_id


async def test_what_is_deleted_once_it_was_looked_for_is_not_found(shop: Workshop, vanishing: UUID) -> None:
    with pytest.raises(NotFound) as refusal:
        await shop.ticket(asset_id=vanishing)

    assert refusal.value.field == ("assetId",)
    assert await shop.rows(tickets) == []


async def test_where_it_is_not_looked_for_again_the_key_stands_in_the_way(
    shop: Workshop, vanishing: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(perform, "_TRY_AGAIN", perform._TRY_AGAIN - {"23503"})

    with pytest.raises(IntegrityError):
        await shop.ticket(asset_id=vanishing)
