"""What a client chose: a slot by its token, or one that is held."""

from dataclasses import dataclass, replace
from uuid import UUID

from app.domain.bookings import Booking, BookingKind
from app.domain.organizations import BookingRules, OrganizationSettings, booking_rules
from app.domain.people import Actor
from app.domain.policy import Action, Standing, dispatches, may
from app.domain.refusals import HoldExpired, Invalid, NotFound
from app.domain.slot_offers import GOOD_FOR, SlotOffer, SlotTokens, UnknownToken, slot_offer
from app.services.appointments.taking import find_booking
from app.services.change import Change
from app.services.organization import settings_of
from app.services.perform import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """An offer, the hold it is kept by, if any, and the field of the input that named it."""

    offer: SlotOffer
    hold: Booking | None
    field: str


def offer_of_token(change: Change, tokens: SlotTokens, token: str, *, field: str = "slotToken") -> SlotOffer:
    """Return the offer of a token.

    Raises:
        Invalid: it is no token, or too old.
    """
    try:
        offer = tokens.decode(change.actor.organization_id, token)
    except UnknownToken:
        problem = f"{field} is no token of a slot; take one from availableSlots."
        raise Invalid(field=(field,), problem=problem) from None
    if change.now > offer.made_at + GOOD_FOR:
        hours = GOOD_FOR.seconds // 3600
        raise Invalid(field=(field,), problem=f"The slot was found more than {hours} hour ago; look for slots again.")
    return offer


async def chosen(change: Change, tokens: SlotTokens, *, slot_token: str | None, hold_id: UUID | None) -> Chosen:
    """Return what was chosen: by a hold or by a token, one of the two.

    Raises:
        Invalid: neither or both are given, or the token is none.
        NotFound: there is no such hold, or it is somebody else's.
        HoldExpired: it has run out, or was given back.
    """
    if (slot_token is None) == (hold_id is None):
        raise Invalid(field=("holdId",), problem="Give either holdId or slotToken.")
    if hold_id is None:
        return Chosen(
            offer=offer_of_token(change, tokens, slot_token or ""),
            hold=None,
            field="slotToken",
        )
    hold = await hold_of(change, hold_id)
    if hold.waitlist_entry_id is not None:
        raise Invalid(field=("holdId",), problem="It is held for somebody who waits: answer that offer instead.")
    offer = held_offer(hold)
    if not hold.active or hold.expires_at is None or hold.expires_at <= change.now:
        raise HoldExpired(field=("holdId",), wanted=offer.wanted)
    return Chosen(offer=offer, hold=hold, field="holdId")


async def hold_of(change: Change, hold_id: UUID, *, field: str = "holdId") -> Booking:
    """Return a hold that the actor may use: their own, their customer's, or any for dispatchers. Raises NotFound."""
    hold = await find_booking(change, hold_id)
    if hold is None or hold.kind is not BookingKind.HOLD or not uses(change.actor, hold):
        raise NotFound(field=(field,), kind="hold")
    return hold


def uses(actor: Actor, hold: Booking) -> bool:
    """Tell whether an actor may book, or give back, what is held."""
    if dispatches(actor) or (actor.user_id is not None and actor.user_id == hold.held_by):
        return True
    standing = Standing(customer_id=hold.customer_id)
    return hold.customer_id is not None and may(actor, Action.BOOK_SLOT, standing)


def held_offer(hold: Booking) -> SlotOffer:
    """Return the offer that a hold keeps."""
    if hold.offer is None:
        raise LookupError("a hold keeps its offer")
    return slot_offer(hold.offer)


def for_things(
    offer: SlotOffer, *, asset_id: UUID | None, customer_id: UUID | None, ticket_id: UUID | None
) -> SlotOffer:
    """Return the offer for what is named at booking, where the search did not say it.

    Raises:
        Invalid: the search was for something else.
    """
    wanted = offer.wanted
    return replace(
        offer,
        wanted=replace(
            wanted,
            ticket_id=_same("ticketId", wanted.ticket_id, ticket_id),
            asset_id=_same("assetId", wanted.asset_id, asset_id),
            customer_id=_same("customerId", wanted.customer_id, customer_id),
        ),
    )


def _same(field: str, known: UUID | None, named: UUID | None) -> UUID | None:
    if named is not None and known not in {None, named}:
        raise Invalid(field=(field,), problem="The slot was looked for with another one; look for slots again.")
    return known or named


async def rules_of(writer: Writer, change: Change) -> tuple[BookingRules, OrganizationSettings]:
    """Return how the organisation books, and its settings."""
    settings = await settings_of(change.connection, change.actor.organization_id)
    return booking_rules(settings, writer.booking_rules), settings
