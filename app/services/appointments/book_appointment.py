"""Somebody books a slot."""

from dataclasses import dataclass, replace
from uuid import UUID

from app.domain import validation
from app.domain.people import Actor
from app.domain.policy import Action
from app.services.appointments.begin_series import begin_series
from app.services.appointments.booking import Terms, book, ids_of, ticket_for
from app.services.appointments.offered import chosen, for_things, rules_of
from app.services.appointments.wanting import expect_books, for_ticket
from app.services.change import Change
from app.services.perform import Writer, Written, perform
from app.services.situations import lock_ticket, require, standing_of


@dataclass(frozen=True, slots=True, kw_only=True)
class BookAppointment:
    """Which slot, by its hold or its token, and for what; `rrule` makes it come again (RFC 5545)."""

    hold_id: UUID | None = None
    slot_token: str | None = None
    ticket_id: UUID | None = None
    asset_id: UUID | None = None
    customer_id: UUID | None = None
    notes: str | None = None
    rrule: str | None = None
    notify: bool = True
    idempotency_key: str | None = None


async def book_appointment(writer: Writer, actor: Actor, command: BookAppointment) -> Written:
    """Make an appointment of a slot; a ticket is created where none is named, and is the technician's job at once.

    With `rrule` those that follow within the next weeks are made too, the others by the worker later.
    Ids: appointment, assignment, ticket, series.

    Guard: the ticket's row lock or the counter's, then the locks of technicians, bays and parts, under which the
    slot is judged again; the exclusion constraints on bookings.
    """

    async def work(change: Change) -> dict[str, UUID]:
        notes = validation.optional_text(command.notes, "notes", longest=validation.LONGEST_REASON)
        choice = await chosen(change, writer.slot_tokens, slot_token=command.slot_token, hold_id=command.hold_id)
        wish = for_things(
            choice.offer,
            ticket_id=command.ticket_id,
            asset_id=command.asset_id,
            customer_id=command.customer_id,
        )
        if wish.wanted.ticket_id is None:
            expect_books(actor, wish.wanted.customer_id)
            situation = await ticket_for(change, wish.wanted)
        else:
            situation = await lock_ticket(change, wish.wanted.ticket_id)
            require(actor, Action.BOOK_SLOT, standing_of(situation), words="book appointments for this ticket")
            if choice.offer.wanted.ticket_id is None:
                whole = await for_ticket(change.connection, wish.wanted, situation.ticket)
                wish = replace(wish, wanted=whole)
        rules, settings = await rules_of(writer, change)
        terms = Terms(
            rules=rules, settings=settings, hold=choice.hold, notes=notes, notify=command.notify, field=choice.field
        )
        if command.rrule is None:
            return ids_of(await book(change, wish, situation, terms))
        requester_id = situation.ticket.requester_id
        series = await begin_series(
            change, wish, command.rrule, requester_id=requester_id, notes=notes, notify=command.notify
        )
        first = replace(terms, series_id=series.id, occurrence_at=wish.starts_at)
        return {**ids_of(await book(change, wish, situation, first)), "series": series.id}

    return await perform(writer, actor, "bookAppointment", command, work)
