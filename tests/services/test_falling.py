"""Places fall into territories by themselves, where nobody names one."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.db.tables.assignments import assignments
from app.db.tables.customers import customers
from app.db.tables.organizations import territories
from app.db.tables.people import technician_territories
from app.db.tables.supply import facilities
from app.db.tables.tickets import tickets
from app.db.transaction import transaction
from app.domain.events import EventType
from app.domain.refusals import Invalid, NotFound
from app.services import perform
from app.services.administration.facilities import CreateFacility, create_facility, update_facility
from app.services.administration.saying import Create, Update
from app.services.administration.territories import create_territory, delete_territory, update_territory
from app.services.deleting import Delete
from app.services.imports.import_tickets import ImportTickets, NewLine, check_import, import_tickets
from app.services.perform import Written
from app.services.tickets.create_ticket import create_ticket
from app.services.tickets.update_ticket import UpdateTicket, update_ticket
from tests.areas import box
from tests.services.scene import Scene, new_ticket
from tests.waiting import until_said

WEST: dict[str, Any] = {"latitude": 52.0, "longitude": 5.0}
EAST: dict[str, Any] = {"latitude": 52.0, "longitude": 8.0}
SEA: dict[str, Any] = {"latitude": 54.0, "longitude": 4.0}
NOWHERE: dict[str, Any] = {"latitude": None, "longitude": None}
_WAITING = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
AREA_WEST, AREA_EAST = box(51.0, 4.0, 53.0, 7.0), box(51.0, 7.5, 53.0, 9.0)


@pytest.fixture
async def map_(scene: Scene) -> dict[str, UUID]:
    """Two territories with areas, by name; the world's own has none."""
    return {"west": await draw(scene, "West", AREA_WEST), "east": await draw(scene, "East", AREA_EAST)}


async def draw(scene: Scene, name: str, area: Any) -> UUID:
    values = {"name": name, "time_zone": "UTC", "holidays": (), "area": area}
    return (await create_territory(scene.writer, scene.actor("manager"), Create(values=values))).ids["territory"]


async def redraw(scene: Scene, id_: UUID, **values: Any) -> Written:
    version = (await scene.row(territories, id_)).version
    return await update_territory(
        scene.writer, scene.actor("manager"), Update(id=id_, expected_version=version, values=values)
    )


async def change(scene: Scene, ticket_id: UUID, *given: str, by: str = "dispatcher", **values: Any) -> Written:
    version = (await scene.row(tickets, ticket_id)).version
    command = UpdateTicket(ticket_id=ticket_id, expected_version=version, given=given, **values)
    return await update_ticket(scene.writer, scene.actor(by), command)


async def where(scene: Scene, ticket_id: UUID) -> UUID | None:
    found: UUID | None = (await scene.row(tickets, ticket_id)).territory_id
    return found


@pytest.mark.parametrize("by", ["dispatcher", "customer"])
async def test_a_ticket_falls_into_the_territory_that_its_place_lies_in(
    scene: Scene, map_: dict[str, UUID], by: str
) -> None:
    written = await create_ticket(scene.writer, scene.actor(by), new_ticket(**EAST))

    assert await where(scene, written.ids["ticket"]) == map_["east"]
    (event,) = await scene.events(written)
    assert event.after is not None
    assert event.after.territory_id == map_["east"]
    assert {each.field: each.new for each in event.changes}["territory_id"] == str(map_["east"])


async def test_a_ticket_is_given_to_whoever_works_where_it_lies(scene: Scene, map_: dict[str, UUID]) -> None:
    async with transaction(scene.engine, scene.world.organization_id) as connection:
        for name, where_ in (("ann", "west"), ("bob", "east")):
            key = {"organization_id": scene.world.organization_id, "territory_id": map_[where_]}
            await connection.execute(
                sa.insert(technician_territories).values(**key, technician_id=scene.world.technicians[name])
            )

    for name, place in (("ann", WEST), ("bob", EAST)):
        ticket_id = await scene.ticket(**place, auto_dispatch=True)
        (job,) = await scene.rows(assignments, assignments.c.ticket_id == ticket_id)
        assert job.technician_id == scene.world.technicians[name]


@pytest.mark.usefixtures("map_")
async def test_what_is_said_of_a_tickets_territory_holds(scene: Scene) -> None:
    said = await scene.ticket(**EAST, territory_id=scene.world.territory_id)
    none = await scene.ticket(**EAST, finds_territory=False)

    assert await where(scene, said) == scene.world.territory_id
    assert await where(scene, none) is None


@pytest.mark.usefixtures("map_")
@pytest.mark.parametrize("place", [NOWHERE, SEA])
async def test_a_ticket_that_lies_in_no_area_has_no_territory(scene: Scene, place: dict[str, Any]) -> None:
    assert await where(scene, await scene.ticket(**place)) is None


@pytest.mark.usefixtures("map_")
async def test_a_ticket_does_not_lie_where_its_customer_does(scene: Scene) -> None:
    await scene.change(customers, scene.world.customer_id, **WEST)

    assert await where(scene, await scene.ticket(customer_id=scene.world.customer_id)) is None


async def test_the_lines_of_a_file_fall_each_into_its_own(scene: Scene, map_: dict[str, UUID]) -> None:
    asked = (WEST, EAST, SEA, NOWHERE, {**WEST, "territory_id": scene.world.territory_id})
    lines = tuple(NewLine(number=at, ticket=new_ticket(**values)) for at, values in enumerate(asked, start=1))

    await check_import(scene.writer, scene.actor("dispatcher"), ImportTickets(lines=lines))
    written = await import_tickets(scene.writer, scene.actor("dispatcher"), ImportTickets(lines=lines))

    found = [await where(scene, written.ids[str(line.number)]) for line in lines]
    assert found == [map_["west"], map_["east"], None, None, scene.world.territory_id]


async def test_a_territory_follows_a_ticket_that_lies_elsewhere(scene: Scene, map_: dict[str, UUID]) -> None:
    ticket_id = await scene.ticket(**WEST)

    written = await change(scene, ticket_id, "location", **EAST)

    assert await where(scene, ticket_id) == map_["east"]
    (event,) = await scene.events(written)
    assert event.type is EventType.TICKET_UPDATED
    assert (event.before and event.before.territory_id, event.after and event.after.territory_id) == (
        map_["west"],
        map_["east"],
    )
    assert {each.field for each in event.changes} == {"longitude", "territory_id"}
    await change(scene, ticket_id, "location", **SEA)
    assert await where(scene, ticket_id) is None
    await change(scene, ticket_id, "location", **WEST)
    assert await where(scene, ticket_id) == map_["west"]
    await change(scene, ticket_id, "location")
    assert await where(scene, ticket_id) == map_["west"]


async def test_a_ticket_that_was_put_into_another_territory_stays_there(scene: Scene, map_: dict[str, UUID]) -> None:
    centre = scene.world.territory_id
    by_hand, without_place = await scene.ticket(**WEST, territory_id=centre), await scene.ticket(territory_id=centre)
    moved = await scene.ticket(**WEST)

    for ticket_id in (by_hand, without_place):
        await change(scene, ticket_id, "location", **EAST)
        assert await where(scene, ticket_id) == centre
    await change(scene, moved, "location", "territory_id", **EAST, territory_id=map_["west"])
    assert await where(scene, moved) == map_["west"]
    await change(scene, moved, "location", "territory_id", **WEST)
    assert await where(scene, moved) is None


async def test_a_ticket_from_before_falls_when_its_place_is_said_again(scene: Scene) -> None:
    ticket_id = await scene.ticket(**WEST)
    west = await draw(scene, "West", AREA_WEST)

    await change(scene, ticket_id, "title", title="Still leaks")
    assert await where(scene, ticket_id) is None
    await change(scene, ticket_id, "location", **WEST)

    assert await where(scene, ticket_id) == west


async def test_a_ticket_is_put_into_a_territory_that_is_there(scene: Scene, map_: dict[str, UUID]) -> None:
    ticket_id = await scene.ticket(territory_id=map_["east"])
    await redraw(scene, map_["east"], active=False)
    await redraw(scene, map_["west"], active=False)

    await change(scene, ticket_id, "territory_id", "title", title="Leaks", territory_id=map_["east"])
    with pytest.raises(Invalid) as inactive:
        await change(scene, ticket_id, "territory_id", territory_id=map_["west"])
    with pytest.raises(NotFound) as unknown:
        await change(scene, ticket_id, "territory_id", territory_id=scene.world.skill_id)

    assert {inactive.value.field, unknown.value.field} == {("territoryId",)}
    assert await where(scene, ticket_id) == map_["east"]


async def test_a_facility_falls_as_a_ticket_does(scene: Scene, map_: dict[str, UUID]) -> None:
    async def build(**values: Any) -> UUID:
        command = CreateFacility(values={"name": "Depot", **values}, bay_count=0)
        return (await create_facility(scene.writer, scene.actor("manager"), command)).ids["facility"]

    async def move(id_: UUID, **values: Any) -> UUID | None:
        version = (await scene.row(facilities, id_)).version
        command = Update(id=id_, expected_version=version, values=values)
        await update_facility(scene.writer, scene.actor("manager"), command)
        found: UUID | None = (await scene.row(facilities, id_)).territory_id
        return found

    fallen, kept_out = await build(**WEST), await build(**WEST, territory_id=None)
    said = await build(**WEST, territory_id=scene.world.territory_id)

    found = [(await scene.row(facilities, id_)).territory_id for id_ in (fallen, kept_out, said, await build())]
    assert found == [map_["west"], None, scene.world.territory_id, None]
    assert await move(fallen, name="Yard") == map_["west"]
    assert await move(fallen, **EAST) == map_["east"]
    assert await move(said, **EAST) == scene.world.territory_id
    assert await move(fallen, **WEST, territory_id=map_["east"]) == map_["east"]


async def test_what_has_fallen_into_a_territory_stays_when_its_area_changes(
    scene: Scene, map_: dict[str, UUID]
) -> None:
    ticket_id = await scene.ticket(**WEST)

    await redraw(scene, map_["west"], area=None)

    assert await where(scene, ticket_id) == map_["west"]
    assert await where(scene, await scene.ticket(**WEST)) is None


async def test_a_ticket_does_not_wait_for_an_area_that_is_being_drawn(scene: Scene, map_: dict[str, UUID]) -> None:
    async with transaction(scene.engine, scene.world.organization_id) as connection:
        await connection.execute(
            sa.update(territories).where(territories.c.id == map_["west"]).values(area=None, version=2)
        )
        # The negative control: whoever wanted a lock would wait.
        with pytest.raises(DBAPIError, match="could not obtain lock"):
            async with transaction(scene.engine, scene.world.organization_id) as another:
                await another.execute(sa.select(territories.c.id).with_for_update(read=True, nowait=True))
        async with asyncio.timeout(10):
            before = await scene.ticket(**WEST)

    assert await where(scene, before) == map_["west"]
    assert await where(scene, await scene.ticket(**WEST)) is None


@pytest.mark.parametrize("begins_again", [True, False])
async def test_a_ticket_falls_into_no_territory_that_is_deleted_meanwhile(
    scene: Scene, map_: dict[str, UUID], monkeypatch: pytest.MonkeyPatch, begins_again: bool
) -> None:
    """The foreign key stops it, and the change begins again; the negative control does not."""
    if not begins_again:
        monkeypatch.setattr(perform, "_TRY_AGAIN", frozenset())
    async with transaction(scene.engine, scene.world.organization_id) as connection:
        await connection.execute(sa.delete(territories).where(territories.c.id == map_["west"]))
        creating = asyncio.create_task(scene.ticket(**WEST))

        async def waits() -> bool:
            async with scene.engine.connect() as looking:
                return bool(await looking.scalar(_WAITING))

        await until_said(waits)

    if begins_again:
        assert await where(scene, await creating) is None
    else:
        with pytest.raises(IntegrityError, match="territory_id"):
            await creating


async def test_many_tickets_come_while_areas_are_drawn_and_territories_go(scene: Scene, map_: dict[str, UUID]) -> None:
    async def draws() -> None:
        for at in range(6):
            await redraw(scene, map_["west"], area=AREA_WEST if at % 2 else None)
        await delete_territory(scene.writer, scene.actor("manager"), Delete(id=map_["east"]))

    *made, _ = await asyncio.gather(*(scene.ticket(**(WEST if at % 2 else SEA)) for at in range(12)), draws())

    found = {await where(scene, ticket_id) for ticket_id in made if ticket_id is not None}
    assert found <= {map_["west"], None}
