"""Somebody waits no longer."""

from dataclasses import dataclass, replace
from uuid import UUID

from app.db.locks import lock_technicians
from app.domain.events import EventType
from app.domain.people import Actor
from app.domain.refusals import InvalidTransition
from app.domain.waitlist import WaitlistStatus
from app.services.appointments.answer_waitlist_offer import entry_of
from app.services.appointments.holds import give_back
from app.services.appointments.waiting import WAITS, lock_entry, offered_to, save_entry
from app.services.change import Change
from app.services.perform import Writer, Written, perform


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveWaitlist:
    """Who leaves."""

    entry_id: UUID
    idempotency_key: str | None = None


async def leave_waitlist(writer: Writer, actor: Actor, command: LeaveWaitlist) -> Written:
    """Wait no longer; what is held for the entry is offered to the next. Ids: entry.

    Guard: the technician's lock of what is held, then the entry's row lock.

    Raises:
        NotFound: nobody waits so, or it is not the actor's to know.
        InvalidTransition: the wait is over.
    """

    async def work(change: Change) -> dict[str, UUID]:
        entry = await entry_of(change, command.entry_id)
        hold = await offered_to(change, entry.id)
        if hold is not None:
            await lock_technicians(change.connection, hold.organization_id, [hold.technician_id])
        present = await lock_entry(change, entry.id)
        if present is None or present.status not in WAITS:
            status = entry.status if present is None else present.status
            raise InvalidTransition(
                subject="waitlist entry",
                current=status,
                to=WaitlistStatus.CANCELLED,
                allowed=(),
                why="The wait is over.",
            )
        await save_entry(
            change, present, replace(present, status=WaitlistStatus.CANCELLED), told_as=EventType.WAITLIST_LEFT
        )
        if hold is not None:
            await give_back(change, hold)
        return {"entry": entry.id}

    return await perform(writer, actor, "leaveWaitlist", command, work)
