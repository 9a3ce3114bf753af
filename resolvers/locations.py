"""Where technicians are, followed by one viewer."""

import asyncio
from collections.abc import AsyncGenerator
from uuid import UUID

from app.domain.people import Actor
from app.domain.policy import Action, Standing, may
from app.domain.refusals import Forbidden, Invalid
from app.live.locations import LocationFollower
from app.reads import entities, locations
from app.reads.bounds import bounded
from app.reads.filters import TechnicianFilter
from app.reads.record import Record
from resolvers.context import Operation

USUAL_SECONDS = 5
LONGEST_SECONDS = 300


async def watch(
    operation: Operation, wanted: TechnicianFilter | None, interval_seconds: int | None
) -> AsyncGenerator[Record, None]:
    """Follow where technicians are, each at most once in `interval_seconds`; never ends.

    What was in between is never told. Each is told with a fresh look at the database, and to the actor as
    they are by then; that is looked at when nothing moves, too.

    Raises:
        Forbidden: the actor is no dispatcher, or no longer.
        Invalid: the filter or the interval makes no sense.
    """
    seconds = USUAL_SECONDS if interval_seconds is None else interval_seconds
    if not 1 <= seconds <= LONGEST_SECONDS:
        problem = f"minIntervalSeconds must lie between 1 and {LONGEST_SECONDS}."
        raise Invalid(field=("minIntervalSeconds",), problem=problem)
    bounded(wanted)
    _permit(operation.actor)
    followed = operation.process.locations.followed(operation.actor.organization_id, interval_seconds=seconds)
    async with followed as follower:
        while True:
            for technician_id in await _chosen(operation, follower, wanted):
                location = follower.take(technician_id)
                await _renew(operation)
                yield Record(entities.TECHNICIAN_LOCATION, location)


async def _chosen(
    operation: Operation, follower: LocationFollower, wanted: TechnicianFilter | None
) -> "list[UUID] | tuple[()]":
    """Return whose location is to be told now; none when nothing has moved for a while."""
    try:
        async with asyncio.timeout(operation.process.log.heartbeat_seconds):
            due = await follower.due()
    except TimeoutError:
        await _renew(operation)
        return ()
    if wanted is None:
        return due
    await _renew(operation)
    chosen = await locations.among(operation.reader, due, wanted, now=operation.process.clock())
    for each in due:
        if each not in chosen:
            follower.take(each)
    return [each for each in due if each in chosen]


async def _renew(operation: Operation) -> None:
    """Take a fresh look as who the actor is by now. Raises Forbidden."""
    actor = await operation.reload()
    _permit(actor)
    await operation.renew(actor)


def _permit(actor: Actor) -> None:
    if not may(actor, Action.SUBSCRIBE_BOARD, Standing()):
        raise Forbidden(action="watch where technicians are")
