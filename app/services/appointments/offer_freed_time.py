"""Time that became free is offered to the first of those who wait whom it suits."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from app.db import records
from app.db.tables.appointments import appointments, waitlist_entries
from app.db.timers.setting import set_timer
from app.domain.appointment_events import hold_event
from app.domain.appointment_life import AHEAD
from app.domain.appointments import Appointment
from app.domain.bookings import Booking
from app.domain.events import EventType
from app.domain.organizations import BookingRules
from app.domain.people import Actor
from app.domain.refusals import NotEligible, SlotTaken
from app.domain.slot_offers import SlotOffer
from app.domain.timers import Timer, TimerKind
from app.domain.waitlist import WaitlistEntry, WaitlistStatus
from app.domain.wanted import Wanted, wanted
from app.planning.slots.agenda import Agenda, laid_out
from app.planning.slots.search import find
from app.services.appointments.judging import LONGEST_AHEAD, expect_bookable, lock_time
from app.services.appointments.offered import rules_of
from app.services.appointments.search import offer_of, request_of, slot_rules
from app.services.appointments.supply import free_parts, read_supply
from app.services.appointments.taking import find_booking, take
from app.services.appointments.waiting import in_order, lock_entry, save_entry
from app.services.appointments.wanting import refused_by
from app.services.change import Change
from app.services.perform import Writer, Written, perform

_MOST_ASKED = 100
_MOST_SLOTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferFreedTime:
    """The booking whose time was given back."""

    booking_id: UUID
    idempotency_key: str | None = None


class _NothingToDo(Exception):
    pass


async def offer_freed_time(writer: Writer, actor: Actor, command: OfferFreedTime) -> Written | None:
    """Hold time that became free for the first who waits and whom it suits: fleet, premium, then by time.

    None: it suits nobody, it is over, or somebody else has it by now. Ids: entry, hold.

    Guard: the locks of technician, bay and parts, under which the slot is judged; then the entry's row lock.
    """

    async def work(change: Change) -> dict[str, UUID]:
        freed = await find_booking(change, command.booking_id)
        if freed is None or freed.active or freed.ends_at <= change.now:
            raise _NothingToDo
        if freed.starts_at > change.now + LONGEST_AHEAD:
            raise _NothingToDo
        rules, _ = await rules_of(writer, change)
        waiting = await in_order(change, before=change.now, most=_MOST_ASKED)
        agenda = await _agenda(change, freed, rules) if waiting else None
        for entry_id in waiting:
            ids = None if agenda is None else await _offered(change, entry_id, freed, agenda, rules)
            if ids is not None:
                return ids
        raise _NothingToDo

    try:
        return await perform(writer, actor, "offerFreedTime", command, work)
    except _NothingToDo:
        return None


async def _agenda(change: Change, freed: Booking, rules: BookingRules) -> Agenda:
    """Return the agenda of the one whose time became free, and of all bays."""
    horizon = (freed.starts_at - change.now).days + 2
    supply = await read_supply(
        change.connection,
        freed.organization_id,
        now=change.now,
        horizon_days=horizon,
        technician_ids=[freed.technician_id],
    )
    return laid_out(supply.problem(slot_rules(rules, horizon_days=horizon)))


async def _offered(
    change: Change, entry_id: UUID, freed: Booking, agenda: Agenda, rules: BookingRules
) -> dict[str, UUID] | None:
    """Hold the best slot in the freed time for somebody who waits; None: it does not suit them."""
    entry = await records.fetch_one(change.connection, waitlist_entries, WaitlistEntry, freed.organization_id, entry_id)
    appointment = None if entry is None else await _appointment(change, entry)
    if entry is None or (entry.appointment_id is not None and appointment is None):
        return None
    for offer in await _suiting(change, entry, appointment, freed, agenda):
        try:
            async with change.attempt():
                return await _held(change, entry, offer, rules)
        except (SlotTaken, NotEligible, _NothingToDo):
            # Taken meanwhile, or the entry is: the next one is tried.
            continue
    return None


async def _appointment(change: Change, entry: WaitlistEntry) -> Appointment | None:
    if entry.appointment_id is None:
        return None
    found = await records.fetch_one(
        change.connection, appointments, Appointment, entry.organization_id, entry.appointment_id
    )
    return found if found is not None and found.status in AHEAD else None


async def _suiting(
    change: Change, entry: WaitlistEntry, appointment: Appointment | None, freed: Booking, agenda: Agenda
) -> Sequence[SlotOffer]:
    """Return the slots within the freed time that suit somebody who waits, best first."""
    suits = _within(entry, freed, None if appointment is None else appointment.starts_at)
    if not suits:
        return ()
    known = wanted(entry.request)
    ticket_id = known.ticket_id if appointment is None else appointment.ticket_id
    work: Wanted = replace(known, windows=suits, preferred_date=None, ticket_id=ticket_id)
    refused = await refused_by(change.connection, entry.organization_id, ticket_id)
    stock = await free_parts(
        change.connection,
        entry.organization_id,
        [part.part_id for part in work.parts],
        but=[] if appointment is None else [appointment.id],
    )
    stocked = replace(agenda, problem=replace(agenda.problem, parts=stock))
    answer = find(stocked, request_of(work, refused_by=refused, limit=_MOST_SLOTS), now=change.now)
    # What suited them before counts no longer: they have said what would.
    plain = replace(work, windows=_moments(entry))
    offers = [offer_of(slot, plain, now=change.now) for slot in answer.slots]
    return [offer for offer in offers if offer.starts_at.isoformat() not in entry.declined]


def _within(entry: WaitlistEntry, freed: Booking, before: datetime | None) -> tuple[tuple[datetime, datetime], ...]:
    """Return what of somebody's windows lies in the freed time, and is earlier than what they have."""
    found = []
    for start, end in _moments(entry):
        since, until = max(start, freed.starts_at), min(end, freed.ends_at)
        if since < until and (before is None or since < before):
            found.append((since, until))
    return tuple(found)


def _moments(entry: WaitlistEntry) -> tuple[tuple[datetime, datetime], ...]:
    return tuple((datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in entry.windows)


async def _held(change: Change, entry: WaitlistEntry, offer: SlotOffer, rules: BookingRules) -> dict[str, UUID]:
    await lock_time(change, offer)
    await expect_bookable(change, offer, rules, field="entryId")
    present = await lock_entry(change, entry.id)
    if present is None or present.status is not WaitlistStatus.WAITING or present.paused_at is not None:
        raise _NothingToDo
    lasting = timedelta(minutes=rules.waitlist_offer_minutes)
    hold = await take(
        change,
        offer,
        buffer_minutes=rules.buffer_minutes,
        hold_until=change.now + lasting,
        held_by=entry.joined_by,
        waitlist_entry_id=entry.id,
    )
    timer = Timer(TimerKind.HOLD_EXPIRES, hold.organization_id, hold.id)
    await set_timer(change.connection, timer, after=lasting)
    change.tell(hold_event(EventType.SLOT_HELD, hold, occurred_at=change.now))
    await save_entry(
        change,
        present,
        replace(present, status=WaitlistStatus.OFFERED),
        told_as=EventType.WAITLIST_OFFERED,
        technician_id=hold.technician_id,
    )
    return {"entry": entry.id, "hold": hold.id}
