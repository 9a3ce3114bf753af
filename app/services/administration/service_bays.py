"""Where one piece of work at a time is done in a facility."""

from types import MappingProxyType

from app.db.tables.appointments import appointments, bookings
from app.db.tables.organizations import skills
from app.db.tables.supply import facilities, service_bay_skills, service_bays
from app.domain.people import Actor
from app.domain.policy import Action
from app.services.administration.checking import only, words
from app.services.administration.keeping import create, delete, update
from app.services.administration.leaving import Changed, left
from app.services.administration.saying import ACTIVE, Create, Kept, Lines, Said, Update, Used
from app.services.appointments.pausing import withdraw_offers_in
from app.services.change import Change
from app.services.deleting import Delete
from app.services.perform import Writer, Written

MOST_SKILLS = 100


async def _follow(change: Change, changed: Changed) -> None:
    if gone := left(changed):
        await withdraw_offers_in(change, gone)


SERVICE_BAY = Kept(
    kind="ServiceBay",
    words="service bay",
    many="service bays",
    table=service_bays,
    right=Action.MANAGE_SETTINGS,
    said=(
        words("name"),
        Said(name="facility_id", needed=True, points_to=(facilities, "facility")),
        ACTIVE,
    ),
    lines=(
        Lines(
            name="equipped_for",
            table=service_bay_skills,
            parent="bay_id",
            columns=("skill_id",),
            check=only("equippedFor", "skill_id", most=MOST_SKILLS),
            points_to=MappingProxyType({"skill_id": (skills, "skill")}),
        ),
    ),
    follow=_follow,
    alike=MappingProxyType({"service_bays_organization_id_facility_id_name_key": "name"}),
    uses=(
        Used(by=appointments.c.bay_id, kind="Appointment", words="appointments"),
        Used(by=bookings.c.bay_id, kind="SlotHold", words="times that are or were booked"),
    ),
)


async def create_service_bay(writer: Writer, actor: Actor, command: Create) -> Written:
    """Create a service bay. Raises what `create` does."""
    return await create(SERVICE_BAY, writer, actor, command)


async def update_service_bay(writer: Writer, actor: Actor, command: Update) -> Written:
    """Change a service bay; nobody who waits is offered time any more in one that is made inactive.

    Guard: as `update`; for offers, as `withdraw_offers_in`. Raises what `update` does.
    """
    return await update(SERVICE_BAY, writer, actor, command)


async def delete_service_bay(writer: Writer, actor: Actor, command: Delete) -> Written:
    """Delete a service bay in which nothing was booked. Raises what `delete` does."""
    return await delete(SERVICE_BAY, writer, actor, command)
