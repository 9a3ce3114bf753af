"""Somebody holds a slot while they decide."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.db.timers.setting import set_timer
from app.domain.appointment_events import hold_event
from app.domain.events import EventType
from app.domain.people import Actor
from app.domain.policy import Action, is_staff
from app.domain.refusals import Invalid
from app.domain.timers import Timer, TimerKind
from app.services.appointments.holds import count_holds
from app.services.appointments.judging import expect_bookable, lock_time
from app.services.appointments.offered import offer_of_token, rules_of
from app.services.appointments.taking import take
from app.services.appointments.wanting import expect_books
from app.services.change import Change
from app.services.perform import Writer, Written, perform
from app.services.situations import read_ticket, require, standing_of

# Nobody outside needs to think about more at a time; the others could not be booked by anybody.
MOST_HOLDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldSlot:
    """Which slot, by its token."""

    slot_token: str
    idempotency_key: str | None = None


async def hold_slot(writer: Writer, actor: Actor, command: HoldSlot) -> Written:
    """Hold a slot, for fifteen minutes unless settled otherwise: others are not offered it, and cannot book it.

    Customers hold at most three at a time. Ids: hold.

    Guard: the locks of technician, bay and parts; the exclusion constraints on bookings.
    """

    async def work(change: Change) -> dict[str, UUID]:
        offer = offer_of_token(change, writer.slot_tokens, command.slot_token)
        if offer.wanted.ticket_id is None:
            expect_books(actor, offer.wanted.customer_id)
        else:
            situation = await read_ticket(change, offer.wanted.ticket_id, field="slotToken")
            require(actor, Action.BOOK_SLOT, standing_of(situation), words="hold slots for this ticket")
        rules, _ = await rules_of(writer, change)
        await lock_time(change, offer)
        if not is_staff(actor) and await count_holds(change) >= MOST_HOLDS:
            problem = f"You hold {MOST_HOLDS} slots already; book or release one of them first."
            raise Invalid(field=("slotToken",), problem=problem)
        await expect_bookable(change, offer, rules, field="slotToken")
        lasting = timedelta(minutes=rules.hold_minutes)
        hold = await take(
            change,
            offer,
            buffer_minutes=rules.buffer_minutes,
            hold_until=change.now + lasting,
            held_by=actor.user_id,
        )
        timer = Timer(TimerKind.HOLD_EXPIRES, hold.organization_id, hold.id)
        await set_timer(change.connection, timer, after=lasting)
        change.tell(hold_event(EventType.SLOT_HELD, hold, occurred_at=change.now))
        return {"hold": hold.id}

    return await perform(writer, actor, "holdSlot", command, work)
