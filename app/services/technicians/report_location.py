"""A technician's phone says where it is, and where it was while nobody could be reached."""

from dataclasses import dataclass

from app.db import locations
from app.domain.locations import Point, checked, newest
from app.domain.people import Actor
from app.domain.policy import Action, Standing
from app.domain.refusals import Forbidden
from app.services.perform import Writer, beside_the_log
from app.services.situations import require


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportLocation:
    """Where the actor was, 1 to 500 points in any order."""

    points: tuple[Point, ...]


async def report_location(writer: Writer, actor: Actor, command: ReportLocation) -> None:
    """Keep the newest of the points as the actor's location, unless something as new is known.

    No trail is kept, and no event is told. A repeat changes nothing.

    Guard: the time; the one statement that writes compares it under the row's lock.

    Raises:
        Forbidden: the actor is no technician.
        Invalid, Refusals: something is wrong with the points; nothing is written.
    """
    own = "report a location, being no technician"
    if actor.technician_id is None:
        raise Forbidden(action=own)
    require(actor, Action.REPORT_LOCATION, Standing(technician_id=actor.technician_id), words=own)
    now = writer.clock()
    point = newest(checked(command.points, now=now), now=now)
    if point is None:
        return
    async with beside_the_log(writer, actor) as connection:
        await locations.keep(connection, actor.organization_id, actor.technician_id, point)
