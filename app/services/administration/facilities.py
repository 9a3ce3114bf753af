"""Buildings with service bays."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.appointments import appointments
from app.db.tables.base import Uuid
from app.db.tables.organizations import territories
from app.db.tables.sla import business_calendars
from app.db.tables.supply import facilities, service_bays
from app.domain import validation
from app.domain.people import Actor
from app.domain.policy import Action
from app.services.administration.calendar_versions import check_holds, lock_promises
from app.services.administration.checking import place, words
from app.services.administration.keeping import delete, expect, insert, locked, require_right, save
from app.services.administration.leaving import Changed, left
from app.services.administration.saying import ACTIVE, Kept, Row, Said, Update, Used
from app.services.administration.service_bays import SERVICE_BAY
from app.services.appointments.pausing import withdraw_offers_in
from app.services.change import Change
from app.services.deleting import Delete
from app.services.falling import fallen, followed, place_of
from app.services.perform import Writer, Written, perform

MOST_BAYS = 200
_KEYS = sa.ARRAY(Uuid)


async def _judge(change: Change, before: Row | None, after: Row) -> None:
    """Hold against a facility that it begins to be open by a version of a calendar that holds no more."""
    if after["calendar_id"] is not None and (before is None or before["calendar_id"] != after["calendar_id"]):
        await check_holds(change, after["calendar_id"])


async def _follow(change: Change, changed: Changed) -> None:
    if gone := left(changed):
        of = service_bays.c
        query = sa.select(of.id).where(
            of.organization_id == change.actor.organization_id, of.facility_id == sa.any_(sa.literal(gone, _KEYS))
        )
        await withdraw_offers_in(change, (await change.connection.scalars(query)).all())


FACILITY = Kept(
    kind="Facility",
    words="facility",
    many="facilities",
    table=facilities,
    right=Action.MANAGE_SETTINGS,
    said=(
        words("name"),
        *place(),
        Said(name="territory_id", points_to=(territories, "territory")),
        Said(name="calendar_id", points_to=(business_calendars, "business calendar")),
        ACTIVE,
    ),
    uses=(
        Used(by=appointments.c.facility_id, kind="Appointment", words="appointments"),
        Used(by=service_bays.c.facility_id, kind="ServiceBay", words="service bays"),
    ),
    judge=_judge,
    follow=_follow,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateFacility:
    """What a facility is to say, by column, and with how many bays it begins; None: as the server says."""

    values: Row
    bay_count: int | None = None
    idempotency_key: str | None = None


async def create_facility(writer: Writer, actor: Actor, command: CreateFacility) -> Written:
    """Create a facility with its first bays.

    Where no territory is said, it is the one that the place falls into.

    Guard: as `create`; the lock of what is promised, so that no version of its calendar comes unnoticed. Areas are
    not locked (`update_territory`).

    Raises:
        Forbidden, Invalid, NotFound: as `create`; or its calendar has a newer version.
    """

    async def work(change: Change) -> dict[str, UUID]:
        require_right(FACILITY, change)
        await _lock_calendar(change, command.values)
        given = writer.bay_count if command.bay_count is None else command.bay_count
        count = validation.number(given, ("bayCount",), least=0, most=MOST_BAYS)
        values = command.values
        if "territory_id" not in values:
            place = place_of(values.get("latitude"), values.get("longitude"))
            values = {**values, "territory_id": await fallen(change, place)}
        facility = await insert(FACILITY, change, values)
        for number in range(1, count + 1):
            await insert(SERVICE_BAY, change, {"name": f"Bay {number}", "facility_id": facility["id"]})
        return {"facility": facility["id"]}

    return await perform(writer, actor, "createFacility", command, work)


async def update_facility(writer: Writer, actor: Actor, command: Update) -> Written:
    """Change a facility: where another place is said and no territory, that follows (`followed`).

    Nobody who waits is offered time any more in one that is made inactive.

    Guard: as `update`; the lock of what is promised, so that no version of its calendar comes unnoticed. Areas are
    not locked (`update_territory`).

    Raises:
        Forbidden, Invalid, NotFound, StaleVersion: as `update`; or its calendar has a newer version.
    """

    async def work(change: Change) -> dict[str, UUID]:
        require_right(FACILITY, change)
        await _lock_calendar(change, command.values)
        before = await locked(FACILITY, change, command.id)
        expect(FACILITY, before, command.expected_version)
        values = command.values
        if "latitude" in values and "territory_id" not in values:
            old, new = (place_of(each["latitude"], each["longitude"]) for each in (before, values))
            values = {**values, "territory_id": await followed(change, before["territory_id"], old, new)}
        await save(FACILITY, change, before, values)
        return {"facility": command.id}

    return await perform(writer, actor, "updateFacility", command, work)


async def delete_facility(writer: Writer, actor: Actor, command: Delete) -> Written:
    """Delete a facility without bays in which nothing was agreed. Raises what `delete` does."""
    return await delete(FACILITY, writer, actor, command)


async def _lock_calendar(change: Change, values: Row) -> None:
    if values.get("calendar_id") is not None:
        await lock_promises(change)


async def facilities_with_calendar(change: Change, calendar_id: UUID) -> list[UUID]:
    """Return the facilities that are open by a calendar."""
    query = sa.select(facilities.c.id).where(
        facilities.c.organization_id == change.actor.organization_id, facilities.c.calendar_id == calendar_id
    )
    return list(await change.connection.scalars(query.order_by(facilities.c.id)))
