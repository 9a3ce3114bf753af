"""Territories, facilities and service bays come, change and go; slots follow."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

import orjson
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.tables.organizations import territories
from app.db.tables.supply import facilities, service_bay_skills, service_bays, territory_holidays
from app.domain.appointments import LocationMode
from app.domain.refusals import Forbidden, InUse, Invalid, NotFound
from app.domain.validation import is_zone
from app.services.administration.facilities import (
    FACILITY,
    CreateFacility,
    create_facility,
    delete_facility,
    update_facility,
)
from app.services.administration.saying import Create, Kept, Update
from app.services.administration.service_bays import (
    SERVICE_BAY,
    create_service_bay,
    delete_service_bay,
    update_service_bay,
)
from app.services.administration.technicians import TECHNICIAN, update_technician
from app.services.administration.territories import (
    TERRITORY,
    create_territory,
    delete_territory,
    update_territory,
)
from app.services.deleting import Delete
from app.services.perform import Written
from tests.areas import box, star
from tests.services.appointments.workshop import Workshop
from tests.services.scene import Scene
from tests.world import World

_UPDATES: dict[str, Any] = {
    TERRITORY.kind: update_territory,
    FACILITY.kind: update_facility,
    SERVICE_BAY.kind: update_service_bay,
    TECHNICIAN.kind: update_technician,
}
AT_FACILITY: dict[str, Any] = {"location_mode": LocationMode.AT_FACILITY}


@pytest.fixture
async def shop(engine: AsyncEngine, world: World) -> Workshop:
    """A workshop with two bays, in which ann and bob work for two weeks."""
    shop = Workshop(engine=engine, world=world)
    await shop.open()
    return shop


async def territory(scene: Scene, by: str = "manager", **values: Any) -> UUID:
    said = {"name": "West", "time_zone": "Europe/Amsterdam", "holidays": (), **values}
    return (await create_territory(scene.writer, scene.actor(by), Create(values=said))).ids["territory"]


async def facility(scene: Scene, by: str = "manager", bays: int | None = None, **values: Any) -> UUID:
    command = CreateFacility(values={"name": "Depot", **values}, bay_count=bays)
    return (await create_facility(scene.writer, scene.actor(by), command)).ids["facility"]


async def change(scene: Scene, kept: Kept, id_: UUID, by: str = "manager", **values: Any) -> Written:
    command = Update(id=id_, expected_version=(await scene.row(kept.table, id_)).version, values=values)
    written: Written = await _UPDATES[kept.kind](scene.writer, scene.actor(by), command)
    return written


async def test_a_territory_has_the_days_on_which_nobody_works(scene: Scene) -> None:
    days = ({"day": date(2026, 12, 25), "name": "Christmas"}, {"day": date(2026, 5, 5), "name": " Freedom "})

    id_ = await territory(scene, holidays=days)

    found = await scene.rows(territory_holidays, territory_holidays.c.territory_id == id_)
    assert {(row.day, row.name) for row in found} == {(date(2026, 12, 25), "Christmas"), (date(2026, 5, 5), "Freedom")}
    written = await change(scene, TERRITORY, id_, holidays=())
    (event,) = await scene.events(written)
    assert [each.field for each in event.changes] == ["holidays"]
    assert await scene.rows(territory_holidays, territory_holidays.c.territory_id == id_) == []


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "West"}, ("name",)),
        ({"time_zone": "Nowhere"}, ("timeZone",)),
        ({"holidays": ({"day": date(2026, 1, 1), "name": " "},)}, ("holidays",)),
        ({"holidays": ({"day": date(2026, 1, 1), "name": "A"}, {"day": date(2026, 1, 1), "name": "B"})}, ("holidays",)),
        (
            {"holidays": tuple({"day": date(2026, 1, 1) + timedelta(days=n), "name": "A"} for n in range(401))},
            ("holidays",),
        ),
        ({"name": "East", "area": ()}, ("area",)),
        ({"name": "East", "area": box(52.0, 5.0, 91.0, 6.0)}, ("area", "2", "lat")),
        ({"name": "East", "area": (*box(52.0, 5.0, 53.0, 6.0)[::2], *box(52.0, 5.0, 53.0, 6.0)[1::2])}, ("area", "2")),
        ({"name": "East", "area": star(50.0, 5.0, 1.0, corners=201)}, ("area",)),
    ],
)
async def test_a_territory_that_makes_no_sense_is_refused(
    scene: Scene, values: dict[str, Any], field: tuple[str, ...]
) -> None:
    await territory(scene)
    before = len(await scene.rows(territories))

    with pytest.raises(Invalid) as refused:
        await territory(scene, **values)

    assert (refused.value.field or ())[: len(field)] == field
    assert len(await scene.rows(territories)) == before


async def test_a_territory_has_an_area_for_as_long_as_it_is_said(scene: Scene) -> None:
    drawn = box(52.0, 5.0, 53.0, 6.0)

    id_ = await territory(scene, area=(*drawn, drawn[0]))

    assert (await scene.row(territories, id_)).area == drawn
    (created,) = await scene.events()
    assert {each.field: each.new for each in created.changes}["area"] == list(drawn)
    renamed = await change(scene, TERRITORY, id_, name="Wild West", area=drawn)
    assert [each.field for each in (await scene.events(renamed))[0].changes] == ["name"]
    cleared = await change(scene, TERRITORY, id_, area=None)
    (told,) = (await scene.events(cleared))[0].changes
    assert (told.field, told.old, told.new) == ("area", list(drawn), None)
    row = await scene.row(territories, id_)
    assert (row.area, row.area_west, row.version) == (None, None, 3)


async def test_the_largest_area_is_told_within_bounds(scene: Scene) -> None:
    id_ = await territory(scene, area=star(-45.12345678901234, -123.45678901234567, 1.0, corners=200))

    redrawn = await change(scene, TERRITORY, id_, area=star(45.12345678901234, 123.45678901234567, 1.0, corners=200))

    (event,) = await scene.events(redrawn)
    assert len(orjson.dumps(event.changes[0])) < 25_000


async def test_where_somebody_works_is_not_deleted(scene: Scene) -> None:
    id_ = await territory(scene)
    await facility(scene, territory_id=id_)

    with pytest.raises(InUse) as refused:
        await delete_territory(scene.writer, scene.actor("admin"), Delete(id=id_))

    assert [(use.kind, use.count) for use in refused.value.uses] == [("Facility", 1)]


async def test_a_holiday_takes_the_day_from_slots(shop: Workshop) -> None:
    today = shop.clock().date()
    assert (await shop.find(limit=10)).offers
    for name in ("ann", "bob"):
        await change(shop, TECHNICIAN, shop.world.technicians[name], territory_ids=(shop.world.territory_id,))
    fair = tuple({"day": today + timedelta(days=n), "name": "Fair"} for n in range(14))
    await change(shop, TERRITORY, shop.world.territory_id, holidays=fair)

    assert (await shop.find(limit=10)).offers == []


async def test_a_facility_begins_with_its_bays(scene: Scene) -> None:
    id_ = await facility(scene, bays=3)

    found = await scene.rows(service_bays, service_bays.c.facility_id == id_)
    assert sorted(row.name for row in found) == ["Bay 1", "Bay 2", "Bay 3"]
    usual = await facility(scene, name="Yard")
    assert len(await scene.rows(service_bays, service_bays.c.facility_id == usual)) == scene.writer.bay_count


@pytest.mark.parametrize("count", [-1, 201])
async def test_a_facility_has_a_number_of_bays_that_makes_sense(scene: Scene, count: int) -> None:
    with pytest.raises(Invalid) as refused:
        await facility(scene, bays=count)

    assert refused.value.field == ("bayCount",)
    assert await scene.rows(facilities) == []


async def test_bays_of_a_facility_have_names_of_their_own(scene: Scene) -> None:
    id_ = await facility(scene, bays=1)
    said = {"facility_id": id_, "name": "Bay 1", "equipped_for": ()}

    with pytest.raises(Invalid) as refused:
        await create_service_bay(scene.writer, scene.actor("manager"), Create(values=said))
    assert refused.value.field == ("name",)
    other = {**said, "facility_id": await facility(scene, name="Yard", bays=0), "equipped_for": (scene.world.skill_id,)}
    written = await create_service_bay(scene.writer, scene.actor("manager"), Create(values=other))

    (skill,) = await scene.rows(service_bay_skills)
    assert (skill.bay_id, skill.skill_id) == (written.ids["service_bay"], scene.world.skill_id)


async def test_a_facility_goes_with_its_last_bay(scene: Scene) -> None:
    id_ = await facility(scene, bays=1)
    (bay,) = await scene.rows(service_bays)

    with pytest.raises(InUse):
        await delete_facility(scene.writer, scene.actor("manager"), Delete(id=id_))
    await delete_service_bay(scene.writer, scene.actor("manager"), Delete(id=bay.id, expected_version=1))
    await delete_facility(scene.writer, scene.actor("manager"), Delete(id=id_, expected_version=1))

    assert await scene.rows(facilities) == []


async def test_an_inactive_bay_is_offered_to_nobody(shop: Workshop) -> None:
    for bay_id in shop.bays.values():
        assert (await shop.find(facility_id=shop.facility_id, **AT_FACILITY)).offers
        await change(shop, SERVICE_BAY, bay_id, active=False)

    assert (await shop.find(facility_id=shop.facility_id, **AT_FACILITY)).offers == []


async def test_an_inactive_facility_is_offered_to_nobody_and_cannot_be_named(shop: Workshop) -> None:
    assert (await shop.find(**AT_FACILITY)).offers
    await change(shop, FACILITY, shop.facility_id, active=False)

    assert (await shop.find(**AT_FACILITY)).offers == []
    with pytest.raises((Invalid, NotFound)):
        await create_service_bay(
            shop.writer,
            shop.actor("manager"),
            Create(values={"facility_id": shop.facility_id, "name": "Bay 9", "equipped_for": ()}),
        )


@pytest.mark.parametrize("by", ["ann", "dispatcher", "customer"])
async def test_only_managers_and_administrators_keep_places(scene: Scene, by: str) -> None:
    for asked in (territory(scene, by), facility(scene, by)):
        with pytest.raises(Forbidden):
            await asked
    assert await scene.rows(facilities) == []


async def test_every_zone_that_can_be_said_is_one_of_the_databases(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        known = set(await connection.scalars(sa.text("SELECT name FROM pg_timezone_names")))

    assert {name for name in available_timezones() if is_zone(name)} <= known
