"""Somebody has waited in vain."""

from dataclasses import dataclass, replace
from uuid import UUID

from app.domain.events import EventType
from app.domain.people import Actor
from app.domain.timers import TooEarly
from app.domain.waitlist import WaitlistStatus
from app.services.appointments.waiting import lock_entry, save_entry
from app.services.change import Change
from app.services.perform import Writer, Written, perform


@dataclass(frozen=True, slots=True, kw_only=True)
class EndWait:
    """Whose wait."""

    entry_id: UUID
    idempotency_key: str | None = None


class _NothingToDo(Exception):
    pass


async def end_wait(writer: Writer, actor: Actor, command: EndWait) -> Written | None:
    """End a wait whose time is over; None: it has ended, or something is offered right now. Ids: entry.

    Guard: the entry's row lock.

    Raises:
        TooEarly: its time is not over.
    """

    async def work(change: Change) -> dict[str, UUID]:
        entry = await lock_entry(change, command.entry_id)
        # Of what is offered the answer, or its end, decides.
        if entry is None or entry.status is not WaitlistStatus.WAITING:
            raise _NothingToDo
        if entry.expires_at > change.now:
            raise TooEarly(entry.expires_at - change.now)
        after = replace(entry, status=WaitlistStatus.EXPIRED)
        await save_entry(change, entry, after, told_as=EventType.WAITLIST_EXPIRED)
        return {"entry": entry.id}

    try:
        return await perform(writer, actor, "endWait", command, work)
    except _NothingToDo:
        return None
