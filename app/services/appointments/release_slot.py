"""Somebody gives a held slot back."""

from dataclasses import dataclass
from uuid import UUID

from app.domain.people import Actor
from app.domain.refusals import InvalidTransition
from app.services.appointments.holds import give_back
from app.services.appointments.offered import hold_of
from app.services.change import Change
from app.services.perform import Writer, Written, perform


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSlot:
    """Which hold."""

    hold_id: UUID
    idempotency_key: str | None = None


async def release_slot(writer: Writer, actor: Actor, command: ReleaseSlot) -> Written:
    """Give a hold back, one's own, one's customer's, or as a dispatcher anybody's. Ids: deleted_hold.

    Guard: the technician's lock.

    Raises:
        InvalidTransition: it has run out or was given back before.
    """

    async def work(change: Change) -> dict[str, UUID]:
        hold = await hold_of(change, command.hold_id)
        if not await give_back(change, hold):
            over = "The slot is not held any more."
            raise InvalidTransition(subject="hold", current="RELEASED", to="RELEASED", allowed=(), why=over)
        return {"deleted_hold": hold.id}

    return await perform(writer, actor, "releaseSlot", command, work)
