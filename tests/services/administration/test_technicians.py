"""Technicians come, change and go; candidates and slots follow."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from app.db.tables.availability import shift_breaks, shifts, time_off
from app.db.tables.people import technician_skills, technician_territories, technicians, users
from app.db.tables.tickets import tickets
from app.db.transaction import Mode, transaction
from app.domain.people import Role
from app.domain.refusals import Forbidden, InUse, Invalid, NotFound
from app.services.administration import drafting
from app.services.administration import technicians as technician_service
from app.services.administration import users as user_service
from app.services.administration.saying import Create, Update
from app.services.administration.technicians import (
    CreateTechnician,
    create_technician,
    delete_technician,
    update_technician,
)
from app.services.administration.time_off import create_time_off
from app.services.assignments.candidates import candidates_for
from app.services.deleting import Delete
from app.services.perform import Written
from app.services.tickets.ticket_fields import NeededSkill
from tests.services.administration.rostering import shift
from tests.services.administration.test_users import change as change_user
from tests.services.administration.test_users import new_user
from tests.services.appointments.workshop import Workshop
from tests.services.scene import MORNING, Scene, fill_every_table
from tests.world import World

HOUR = timedelta(hours=1)
TOMORROW = (MORNING + 24 * HOUR, MORNING + 48 * HOUR)


@pytest.fixture
async def shop(engine: AsyncEngine, world: World) -> Workshop:
    """A workshop in which ann and bob work for two weeks."""
    shop = Workshop(engine=engine, world=world)
    await shop.open()
    return shop


async def hire(scene: Scene, by: str = "admin", user: Any = None, **values: Any) -> UUID:
    """Make a technician of this user, or of a new one."""
    said = {
        "user_id": None,
        "tier_level": 1,
        "team_id": scene.world.teams["north"],
        "skills": ({"skill_id": scene.world.skill_id, "level": 4, "expires_on": None},),
        "territory_ids": (scene.world.territory_id,),
        **values,
    }
    command = CreateTechnician(values=said, user=user)
    return (await create_technician(scene.writer, scene.actor(by), command)).ids["technician"]


def eve(**values: Any) -> dict[str, Any]:
    return {"name": "Eve", "email": "eve@example.org", "roles": (Role.TECHNICIAN,), **values}


async def change(scene: Scene, technician_id: UUID, by: str = "manager", **values: Any) -> Written:
    version = (await scene.row(technicians, technician_id)).version
    command = Update(id=technician_id, expected_version=version, values=values)
    return await update_technician(scene.writer, scene.actor(by), command)


async def eligible(scene: Scene, ticket_id: UUID) -> set[UUID]:
    """Return who could be given the ticket now."""
    ticket = await scene.row(tickets, ticket_id)
    async with transaction(scene.engine, scene.world.organization_id, mode=Mode.READ) as connection:
        found = await candidates_for(connection, ticket, now=scene.clock())
    return {each.technician.id for each in found if not each.rejections}


async def slots_of(shop: Workshop, agendas: Any, **asked: Any) -> set[UUID]:
    found = await shop.find(agendas=agendas, limit=10, windows=(TOMORROW,), **asked)
    return {each.technician_id for each in found.offers}


async def test_a_user_who_is_there_becomes_a_technician_and_has_slots(shop: Workshop) -> None:
    agendas = shop.agendas
    await slots_of(shop, agendas)
    user_id = await new_user(shop, roles=(Role.TECHNICIAN,))
    made = await hire(shop, "manager", user_id=user_id)
    for day in range(2):
        await shift(shop, MORNING + day * 24 * HOUR, whose=named(shop, made))

    assert made in await slots_of(shop, agendas)
    assert made in await eligible(shop, await shop.ticket(required_skills=(needed(shop, 4),)))
    assert made not in await eligible(shop, await shop.ticket(required_skills=(needed(shop, 5),)))


def named(scene: Scene, technician_id: UUID) -> str:
    """Call a technician eve from now on."""
    scene.world.technicians["eve"] = technician_id
    return "eve"


def needed(scene: Scene, level: int) -> NeededSkill:
    return NeededSkill(skill_id=scene.world.skill_id, level=level)


async def test_a_new_user_comes_with_the_technician_or_neither_does(shop: Workshop) -> None:
    with pytest.raises(Forbidden):
        await hire(shop, "manager", eve())
    with pytest.raises(NotFound) as missing:
        await hire(shop, user=eve(), tier_level=9)
    assert missing.value.field == ("tierLevel",)
    assert await shop.rows(users, users.c.email == "eve@example.org") == []

    made = await hire(shop, user=eve())

    user = await shop.row(users, (await shop.row(technicians, made)).user_id)
    assert (user.name, user.roles) == ("Eve", (Role.TECHNICIAN,))
    with pytest.raises(Invalid) as refused:
        await hire(shop, user=eve())
    assert refused.value.field == ("user", "email")


async def test_what_makes_no_sense_is_named(shop: Workshop) -> None:
    ann, customer = shop.world.users["ann"], shop.world.users["customer"]
    skill = {"skill_id": shop.world.skill_id, "level": 6, "expires_on": None}
    twice = {**skill, "level": 1}

    for values, user, field in (
        ({}, None, ("userId",)),
        ({"user_id": ann}, eve(), ("userId",)),
        ({"user_id": ann}, None, ("userId",)),
        ({"user_id": customer}, None, ("userId",)),
        ({}, eve(roles=(Role.END_USER,)), ("userId",)),
        ({}, eve(email="eve"), ("user", "email")),
        ({"skills": (skill,)}, eve(), ("skills", "0", "level")),
        ({"skills": (twice, twice)}, eve(), ("skills", "1", "skillId")),
        ({"years_experience": 81}, eve(), ("yearsExperience",)),
        ({"external_id": " "}, eve(), ("externalId",)),
    ):
        with pytest.raises(Invalid) as refused:
            await hire(shop, user=user, **values)
        assert refused.value.field == field


async def test_who_is_made_inactive_gets_nothing_more_and_keeps_what_they_have(shop: Workshop) -> None:
    agendas, ann = shop.agendas, shop.world.technicians["ann"]
    ticket_id, job = await shop.ticket(), await shop.job("ann")
    booked = await shop.book(await shop.offer(windows=(TOMORROW,), preferred_technician_id=ann))
    assert (await shop.appointment(booked.ids["appointment"])).technician_id == ann
    assert ann in await slots_of(shop, agendas, preferred_technician_id=ann)
    assert ann in await eligible(shop, ticket_id)

    written = await change(shop, ann, active=False)

    assert written.warnings == (
        "They have 2 active jobs: give them to others.",
        "They have 1 coming appointment: move or cancel them.",
    )
    assert ann not in await slots_of(shop, agendas, preferred_technician_id=ann)
    assert ann not in await eligible(shop, ticket_id)
    assert (await shop.ticket_of(job)).status == "ASSIGNED"
    await change(shop, ann, active=True)
    assert ann in await slots_of(shop, agendas, preferred_technician_id=ann)


async def test_a_user_who_is_made_inactive_gets_nothing_more_either(shop: Workshop) -> None:
    agendas, ann, ticket_id = shop.agendas, shop.world.technicians["ann"], await shop.ticket()
    assert ann in await slots_of(shop, agendas)

    await change_user(shop, shop.world.users["ann"], active=False)

    assert ann not in await slots_of(shop, agendas)
    assert ann not in await eligible(shop, ticket_id)


async def test_a_certificate_that_ends_takes_slots_and_tickets_with_it(shop: Workshop) -> None:
    agendas, ann, skill_id = shop.agendas, shop.world.technicians["ann"], shop.world.skill_id
    ticket_id = await shop.ticket(required_skills=(needed(shop, 1),))
    assert ann in await slots_of(shop, agendas, skill_ids=(skill_id,))

    today = MORNING.date()
    await change(shop, ann, skills=({"skill_id": skill_id, "level": 3, "expires_on": today},))
    assert ann not in await slots_of(shop, agendas, skill_ids=(skill_id,))
    assert ann in await eligible(shop, ticket_id)
    await change(shop, ann, skills=({"skill_id": skill_id, "level": 3, "expires_on": today - timedelta(days=1)},))
    assert ann not in await eligible(shop, ticket_id)
    await change(shop, ann, skills=())
    assert await shop.rows(technician_skills, technician_skills.c.technician_id == ann) == []


async def test_lists_are_told_as_clients_name_them(shop: Workshop) -> None:
    written = await change(shop, shop.world.technicians["ann"], territory_ids=(shop.world.territory_id,))

    (event,) = await shop.events(written)
    assert [(each.field, each.old, each.new) for each in event.changes] == [
        ("territory_ids", [], [str(shop.world.territory_id)])
    ]
    assert event.after is not None
    assert event.after.technician_id == shop.world.technicians["ann"]


async def test_only_who_never_had_work_is_deleted_and_takes_their_time_along(shop: Workshop) -> None:
    made = await hire(shop, user=eve())
    whose = named(shop, made)
    pause = {"starts_at": MORNING + 25 * HOUR, "ends_at": MORNING + 26 * HOUR}
    await shift(shop, MORNING + 24 * HOUR, whose=whose, breaks=(pause,))
    off = {"technician_id": made, "starts_at": MORNING, "ends_at": MORNING + HOUR, "reason": None}
    await create_time_off(shop.writer, shop.actor("manager"), Create(values=off))

    await delete_technician(shop.writer, shop.actor("manager"), Delete(id=made))

    for table in (shifts, time_off, technician_skills, technician_territories):
        assert await shop.rows(table, table.c.technician_id == made) == [], table.name
    assert await shop.rows(shift_breaks) == []
    await shop.job("bob")
    with pytest.raises(InUse) as refused:
        await delete_technician(shop.writer, shop.actor("manager"), Delete(id=shop.world.technicians["bob"]))
    assert {use.kind for use in refused.value.uses} == {"Assignment"}


async def test_who_loses_the_role_while_becoming_a_technician_keeps_one_or_the_other(shop: Workshop) -> None:
    user_id = await new_user(shop, roles=(Role.TECHNICIAN,))

    answers = await asyncio.gather(
        hire(shop, user_id=user_id), change_user(shop, user_id, roles=(Role.END_USER,)), return_exceptions=True
    )

    assert len([each for each in answers if isinstance(each, Invalid)]) == 1


async def test_without_the_lock_a_technician_is_left_without_the_role(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = asyncio.Barrier(2)

    async def met(*_asked: Any) -> None:
        await both.wait()

    user_id = await new_user(shop, roles=(Role.TECHNICIAN,))
    monkeypatch.setattr(technician_service, "_check_works_here", met)
    monkeypatch.setattr(user_service, "_check_works_no_more", met)

    made, _ = await asyncio.gather(hire(shop, user_id=user_id), change_user(shop, user_id, roles=(Role.END_USER,)))

    assert (await shop.row(technicians, made)).active
    assert (await shop.row(users, user_id)).roles == (Role.END_USER,)


async def test_who_has_everything_that_can_belong_to_a_technician_is_not_deleted(shop: Workshop) -> None:
    await fill_every_table(shop.engine, shop.world)

    with pytest.raises(InUse) as refused:
        await delete_technician(shop.writer, shop.actor("admin"), Delete(id=shop.world.technicians["ann"]))

    assert {"Assignment", "Appointment"} <= {use.kind for use in refused.value.uses}


async def test_a_user_who_was_deleted_since_they_were_looked_for_is_not_found(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def found(*_asked: Any) -> None:
        return

    monkeypatch.setattr(drafting, "check_exists", found)

    with pytest.raises(NotFound) as refused:
        await hire(shop, user_id=uuid7())

    assert refused.value.field == ("userId",)
