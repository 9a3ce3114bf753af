"""Offers that nobody answers."""

from app.db.timers.carrying import Handler
from app.domain.people import Actor, EventSource, Role
from app.domain.timers import Timer
from app.services.assignments.expire_offer import ExpireOffer, expire_offer
from app.services.perform import Writer


def offer_expires(writer: Writer) -> Handler:
    """Return what lets an offer expire and passes its ticket on."""

    async def carry(timer: Timer) -> None:
        server = Actor(
            organization_id=timer.organization_id,
            user_id=None,
            roles=frozenset({Role.DISPATCHER}),
            source=EventSource.SYSTEM,
        )
        await expire_offer(writer, server, ExpireOffer(assignment_id=timer.subject_id))

    return carry
