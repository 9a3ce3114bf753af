"""Somebody books many at once, at times that are chosen together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from uuid import UUID

from app.db.transaction import Mode, transaction
from app.domain.appointments import Urgency
from app.domain.organizations import BookingRules, OrganizationSettings
from app.domain.people import Actor
from app.domain.policy import Action, dispatches
from app.domain.refusals import Forbidden, Invalid, NoCandidate, NotEligible, Refusal, SlotTaken
from app.domain.situations import Situation
from app.domain.slot_offers import SlotOffer
from app.planning.slots.problem import PartStock
from app.services.appointments.agendas import Agendas
from app.services.appointments.beside import beside, left_of
from app.services.appointments.booking import Terms, book, ids_of, ticket_for
from app.services.appointments.judging import lock_time
from app.services.appointments.looking import Outlook, outlook_of
from app.services.appointments.offered import rules_of
from app.services.appointments.search import search
from app.services.appointments.thinking import thought
from app.services.appointments.together import BatchSolver, chosen_together
from app.services.appointments.wanting import SlotQuestion, wanted_of
from app.services.change import Change, RefusedItem
from app.services.perform import Writer, Written, answered_before, perform
from app.services.situations import lock_ticket, require, standing_of
from app.services.tickets.create_ticket import lock_numbers

MOST_AT_ONCE = 50
LEAST_SECONDS, MOST_SECONDS = 0.5, 30.0
# When others book what was chosen, it is chosen anew, so often at most.
_ROUNDS = 3
# Of what replaces it, so many are tried one after the other.
_ALTERNATIVES = 5
_MUTATION = "bookAppointments"
# Where a slot itself is refused, nothing below the request is to blame.
_SLOT = "slot"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookAppointments:
    """What is wanted, 1 to 50 of it, and how long may be searched, 0.5 to 30 seconds."""

    requests: tuple[SlotQuestion, ...]
    seconds: float = 5.0
    notify: bool = True
    idempotency_key: str | None = None


@dataclass(slots=True, kw_only=True)
class _Batch:
    """What is known of each place: what it wants, what it is offered, the best first, why it is refused."""

    outlooks: dict[int, Outlook]
    offers: dict[int, Sequence[SlotOffer]]
    refused: dict[int, Refusal]

    @property
    def parts(self) -> Mapping[str, PartStock]:
        return {number: stock for each in self.outlooks.values() for number, stock in each.parts.items()}

    @property
    def first_choices(self) -> list[SlotOffer]:
        """What each place gets unless others are faster."""
        return [each[0] for each in self.offers.values()]

    @property
    def missing(self) -> list[int]:
        """The places that have neither an offer nor a refusal, the most urgent first."""
        places = self.outlooks.keys() - self.offers.keys() - self.refused.keys()
        order = list(Urgency)
        return sorted(places, key=lambda place: (-order.index(self.outlooks[place].wanted.urgency), place))


class _TakenMeanwhile(Exception):
    """Others have booked what was chosen for these places."""

    def __init__(self, places: list[int]) -> None:
        super().__init__(f"{len(places)} of the slots were taken meanwhile")
        self.places = places


async def book_appointments(
    writer: Writer, actor: Actor, command: BookAppointments, agendas: Agendas, solver: BatchSolver
) -> Written:
    """Book a slot for each request, chosen together so that all fit; tell of those that cannot be why not.

    Work without a ticket gets one. What others book meanwhile is replaced by the next best.
    Ids: appointment.0, ticket.0, assignment.0 and so on by their places.

    Guard: the counter's row lock, the row locks of tickets in the order of their ids, then the locks of all
    technicians, bays and parts, under which each slot is judged again; the exclusion constraints on bookings.
    Everything is searched before the transaction.

    Raises:
        Forbidden: the actor is no dispatcher.
        Invalid: too many or no requests, or the time makes no sense.
        DependencyUnavailable: the search did not work; nothing is written.
    """
    if not dispatches(actor):
        raise Forbidden(action="book many appointments at once")
    _check(command)
    before = await answered_before(writer, actor, _MUTATION, command)
    if before is not None:
        return before
    batch = await _wanted(writer, actor, command, agendas.horizon_days)
    standing = await agendas.of(actor.organization_id)
    chosen = await chosen_together(
        solver,
        standing.agenda,
        batch.outlooks,
        parts=batch.parts,
        seconds=command.seconds,
        now=writer.clock() + timedelta(seconds=command.seconds),
    )
    batch.offers = {place: [offer] for place, offer in chosen.items()}
    for rounds_left in reversed(range(_ROUNDS)):
        await _fill(writer, actor, batch, agendas)
        try:
            return await _written(writer, actor, command, batch, chooses_again=rounds_left > 0)
        except _TakenMeanwhile as taken:
            for place in taken.places:
                del batch.offers[place]
    raise AssertionError("the last round returns or raises")


def _check(command: BookAppointments) -> None:
    if not 1 <= len(command.requests) <= MOST_AT_ONCE:
        raise Invalid(field=("requests",), problem=f"requests must have 1 to {MOST_AT_ONCE} entries.")
    if not LEAST_SECONDS <= command.seconds <= MOST_SECONDS:
        problem = f"timeBudgetMs must be from {LEAST_SECONDS * 1000:,.0f} to {MOST_SECONDS * 1000:,.0f}."
        raise Invalid(field=("timeBudgetMs",), problem=problem)


async def _wanted(writer: Writer, actor: Actor, command: BookAppointments, horizon_days: int) -> _Batch:
    batch = _Batch(outlooks={}, offers={}, refused={})
    named: set[UUID] = set()
    async with transaction(writer.engine, actor.organization_id, mode=Mode.READ) as connection:
        for place, question in enumerate(command.requests):
            try:
                if question.ticket_id is not None and question.ticket_id in named:
                    raise Invalid(field=("ticketId",), problem="A request before this one is for the same ticket.")
                wanted = await wanted_of(connection, actor, question, now=writer.clock(), horizon_days=horizon_days)
            except Refusal as refusal:
                batch.refused[place] = refusal
            else:
                named |= set() if question.ticket_id is None else {question.ticket_id}
                batch.outlooks[place] = await outlook_of(connection, actor.organization_id, wanted)
    return batch


async def _fill(writer: Writer, actor: Actor, batch: _Batch, agendas: Agendas) -> None:
    """Look for the next best, beside what the others are offered, for each place that has nothing."""
    if not batch.missing:
        return
    standing = await agendas.of(actor.organization_id)
    agenda = await thought(beside, standing.agenda, batch.first_choices)
    for place in batch.missing:
        outlook = batch.outlooks[place]
        found = await search(
            agenda,
            outlook.wanted,
            parts=left_of(outlook.parts, batch.first_choices),
            refused_by=outlook.refused_by,
            now=writer.clock(),
            limit=_ALTERNATIVES,
        )
        if not found.offers:
            batch.refused[place] = NoCandidate(reasons=tuple(found.rejections))
            continue
        batch.offers[place] = found.offers
        agenda = await thought(beside, agenda, [found.offers[0]])


async def _written(
    writer: Writer, actor: Actor, command: BookAppointments, batch: _Batch, *, chooses_again: bool
) -> Written:
    async def work(change: Change) -> dict[str, UUID]:
        situations = await _lock(change, batch)
        rules, settings = await rules_of(writer, change)
        terms = _terms(rules, settings, notify=command.notify)
        ids: dict[str, UUID] = {}
        refused, taken = dict(batch.refused), list[int]()
        for place, offers in sorted(batch.offers.items()):
            try:
                found = await _first_of(change, offers, situations.get(place), terms)
            except (SlotTaken, NotEligible) as refusal:
                taken.append(place)
                refused[place] = refusal
            except Refusal as refusal:
                refused[place] = refusal
            else:
                ids |= {f"{role}.{place}": id_ for role, id_ in found.items()}
        if taken and chooses_again:
            raise _TakenMeanwhile(taken)
        for place, reason in sorted(refused.items()):
            change.refused[change.new_id()] = _item(place, reason)
        return ids

    return await perform(writer, actor, _MUTATION, command, work)


def _terms(rules: BookingRules, settings: OrganizationSettings, *, notify: bool) -> Terms:
    return Terms(rules=rules, settings=settings, notify=notify, automatic=True, field=_SLOT)


async def _lock(change: Change, batch: _Batch) -> dict[int, Situation | Refusal]:
    """Lock everything that the batch needs, in the one order; return the tickets that are there, by place."""
    named = {place: offers[0].wanted.ticket_id for place, offers in batch.offers.items()}
    tickets = {place: ticket_id for place, ticket_id in named.items() if ticket_id is not None}
    if len(tickets) < len(batch.offers):
        await lock_numbers(change)
    found: dict[int, Situation | Refusal] = {}
    for place, ticket_id in sorted(tickets.items(), key=lambda each: each[1]):
        try:
            found[place] = await lock_ticket(change, ticket_id)
        except Refusal as gone:
            found[place] = gone
    situations = [each for each in found.values() if isinstance(each, Situation)]
    holders = [each.job.technician_id for each in situations if each.job is not None]
    await lock_time(change, *chain.from_iterable(batch.offers.values()), technicians=holders)
    return found


async def _first_of(
    change: Change, offers: Sequence[SlotOffer], found: Situation | Refusal | None, terms: Terms
) -> dict[str, UUID]:
    """Book the first of the offers that is still to be had; if none is, what stood against the last one is raised."""
    refused: Refusal | None = None
    for offer in offers:
        try:
            async with change.attempt():
                return await _book(change, offer, found, terms)
        except (SlotTaken, NotEligible) as refusal:
            refused = refusal
    raise LookupError("a place with offers has one at least") if refused is None else refused


async def _book(
    change: Change, offer: SlotOffer, found: Situation | Refusal | None, terms: Terms
) -> dict[str, UUID]:  # fmt: skip
    if isinstance(found, Refusal):
        raise found
    if found is None:
        situation = await ticket_for(change, offer.wanted)
    else:
        situation = found
        require(change.actor, Action.BOOK_SLOT, standing_of(situation), words="book appointments for this ticket")
    return ids_of(await book(change, offer, situation, terms))


def _item(place: int, refusal: Refusal) -> RefusedItem:
    inner = () if refusal.field in {None, (_SLOT,)} else refusal.field
    path = ["requests", str(place), *inner]
    return RefusedItem(place=place, code=refusal.code, message=refusal.message, field=path)
