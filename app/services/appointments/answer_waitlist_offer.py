"""Whoever waited takes the time they are offered, or does not."""

from dataclasses import dataclass, replace
from uuid import UUID

from app.db import records
from app.db.tables.appointments import waitlist_entries
from app.domain.events import EventType
from app.domain.people import Actor
from app.domain.policy import Action, Standing, dispatches, may
from app.domain.refusals import HoldExpired, NotFound
from app.domain.waitlist import WaitlistEntry, WaitlistStatus
from app.domain.wanted import wanted
from app.services.appointments.agreed import lock_agreed
from app.services.appointments.booking import Terms, book, ids_of, ticket_for
from app.services.appointments.holds import give_back
from app.services.appointments.offered import held_offer, rules_of
from app.services.appointments.reschedule_appointment import Move, move_appointment
from app.services.appointments.waiting import lock_entry, offered_to, save_entry
from app.services.change import Change
from app.services.perform import Writer, Written, perform


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerWaitlistOffer:
    """Whose offer, and whether they take it."""

    entry_id: UUID
    accept: bool
    idempotency_key: str | None = None


async def answer_waitlist_offer(writer: Writer, actor: Actor, command: AnswerWaitlistOffer) -> Written:
    """Take the time that is held for who waits, or decline it, so that the next is asked.

    Taken, it is the appointment's new time, or a new appointment. Whoever declines waits on. Ids: entry, and where it
    was taken appointment, ticket, assignment.

    Guard: the ticket's row lock, the locks of technicians, bays and parts, then the entry's row lock.

    Raises:
        NotFound: nobody waits so, or it is not the actor's to know.
        HoldExpired: nothing is offered, or the offer has run out.
    """

    async def work(change: Change) -> dict[str, UUID]:
        entry = await entry_of(change, command.entry_id)
        hold = await offered_to(change, entry.id)
        if hold is None or hold.expires_at is None or hold.expires_at <= change.now:
            raise HoldExpired(field=("entryId",), wanted=wanted(entry.request))
        if not command.accept:
            # The entry waits on, and the next one is asked once this is committed.
            await give_back(change, hold)
            return {"entry": entry.id}
        rules, settings = await rules_of(writer, change)
        offer = held_offer(hold)
        if entry.appointment_id is None:
            situation = await ticket_for(change, offer.wanted)
            terms = Terms(rules=rules, settings=settings, hold=hold, field="entryId")
            appointment = await book(change, offer, situation, terms)
        else:
            agreed = await lock_agreed(change, entry.appointment_id, field="entryId")
            move = Move(offer=offer, rules=rules, settings=settings, hold=hold, field="entryId")
            appointment = await move_appointment(change, agreed, move)
        present = await lock_entry(change, entry.id)
        if present is None or present.status is not WaitlistStatus.OFFERED:
            raise HoldExpired(field=("entryId",), wanted=wanted(entry.request))
        booked = replace(present, status=WaitlistStatus.BOOKED, appointment_id=appointment.id)
        await save_entry(
            change, present, booked, told_as=EventType.WAITLIST_BOOKED, technician_id=appointment.technician_id
        )
        return {"entry": entry.id, **ids_of(appointment)}

    return await perform(writer, actor, "answerWaitlistOffer", command, work)


async def entry_of(change: Change, entry_id: UUID) -> WaitlistEntry:
    """Read an entry that the actor may answer for: their own, their customer's, or any for dispatchers.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    entry = await records.fetch_one(
        change.connection, waitlist_entries, WaitlistEntry, change.actor.organization_id, entry_id
    )
    if entry is None or not _answers(change.actor, entry):
        raise NotFound(field=("entryId",), kind="waitlist entry")
    return entry


def _answers(actor: Actor, entry: WaitlistEntry) -> bool:
    if dispatches(actor) or (actor.user_id is not None and actor.user_id == entry.joined_by):
        return True
    standing = Standing(customer_id=entry.customer_id)
    return entry.customer_id is not None and may(actor, Action.BOOK_SLOT, standing)
