"""A hold's time runs out."""

from dataclasses import dataclass
from uuid import UUID

from app.domain.bookings import BookingKind
from app.domain.people import Actor
from app.domain.timers import TooEarly
from app.services.appointments.holds import give_back
from app.services.appointments.taking import find_booking
from app.services.change import Change
from app.services.perform import Writer, Written, perform


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireHold:
    """Which hold."""

    hold_id: UUID
    idempotency_key: str | None = None


class _NothingToDo(Exception):
    pass


async def expire_hold(writer: Writer, actor: Actor, command: ExpireHold) -> Written | None:
    """Give the time of a hold back that has run out; None: it was booked or given back. Ids: none.

    Guard: the technician's lock, under which the hold is read again.

    Raises:
        TooEarly: it still stands.
    """

    async def work(change: Change) -> dict[str, UUID]:
        hold = await find_booking(change, command.hold_id)
        if hold is None or hold.kind is not BookingKind.HOLD or not hold.active or hold.expires_at is None:
            raise _NothingToDo
        if hold.expires_at > change.now:
            raise TooEarly(hold.expires_at - change.now)
        if not await give_back(change, hold):
            raise _NothingToDo
        return {}

    try:
        return await perform(writer, actor, "expireHold", command, work)
    except _NothingToDo:
        return None
