"""Where technicians work."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from app.db.tables.organizations import territories
from app.db.tables.people import technician_territories
from app.db.tables.supply import facilities, territory_holidays
from app.db.tables.tickets import tickets
from app.domain import validation
from app.domain.areas import area
from app.domain.events import Concerned
from app.domain.people import Actor
from app.domain.policy import Action
from app.services.administration.checking import LONGEST_NAME, at_most, words, zone
from app.services.administration.keeping import create, delete, update
from app.services.administration.saying import ACTIVE, Create, Kept, Lines, Row, Said, Update, Used
from app.services.deleting import Delete
from app.services.perform import Writer, Written

MOST_HOLIDAYS = 400


def _holidays(entries: Sequence[Row]) -> tuple[Row, ...]:
    named: list[dict[str, Any]] = [
        {"day": entry["day"], "name": validation.text(entry["name"], "holidays", longest=LONGEST_NAME)}
        for entry in entries
    ]
    return at_most("holidays", named, MOST_HOLIDAYS, "day")


TERRITORY = Kept(
    kind="Territory",
    words="territory",
    many="territories",
    table=territories,
    right=Action.MANAGE_SETTINGS,
    said=(words("name"), zone(), Said(name="area", check=area), ACTIVE),
    lines=(
        Lines(
            name="holidays",
            table=territory_holidays,
            parent="territory_id",
            columns=("day", "name"),
            check=_holidays,
        ),
    ),
    alike=MappingProxyType({"territories_organization_id_name_key": "name"}),
    uses=(
        Used(by=tickets.c.territory_id, kind="Ticket", words="tickets"),
        Used(by=technician_territories.c.territory_id, kind="Technician", words="technicians"),
        Used(by=facilities.c.territory_id, kind="Facility", words="facilities"),
    ),
    concerns=lambda row: Concerned(territory_id=row["id"], internal=True),
)


async def create_territory(writer: Writer, actor: Actor, command: Create) -> Written:
    """Create a territory. Raises what `create` does."""
    return await create(TERRITORY, writer, actor, command)


async def update_territory(writer: Writer, actor: Actor, command: Update) -> Written:
    """Change a territory, its area, or the days on which nobody works in it. Raises what `update` does.

    What has fallen into it stays there. Whoever looks meanwhile which area holds a place locks nothing: they go by the
    area as it was before or as it is after, and either is what they would have found alone.
    """
    return await update(TERRITORY, writer, actor, command)


async def delete_territory(writer: Writer, actor: Actor, command: Delete) -> Written:
    """Delete a territory in which nobody works and nothing lies. Raises what `delete` does."""
    return await delete(TERRITORY, writer, actor, command)
