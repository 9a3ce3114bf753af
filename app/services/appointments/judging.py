"""A slot judged under the locks of whose time it takes: whatever stands against it now."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from app.db.locks import lock_bays, lock_parts, lock_technicians
from app.domain.organizations import BookingRules
from app.domain.refusals import ConstraintKind, Invalid, NotEligible, Rejection, SlotTaken
from app.domain.slot_offers import SlotOffer
from app.planning.slots.agenda import laid_out
from app.planning.slots.judging import Proposal, objections
from app.planning.slots.reasons import complaint
from app.services.appointments.search import request_of, slot_rules
from app.services.appointments.supply import free_parts, read_supply
from app.services.appointments.wanting import refused_by
from app.services.change import Change

LONGEST_AHEAD = timedelta(days=58)
_QUARTER = 15
# Somebody else came first; the others can only be mended by another choice.
_TAKEN = frozenset({ConstraintKind.OVERLAP, ConstraintKind.BAY})


async def lock_time(change: Change, *offers: SlotOffer, technicians: Iterable[UUID] = ()) -> None:
    """Lock everybody whose time is taken or given back, then the bays, then the parts, each in order of their ids."""
    connection, organization_id = change.connection, change.actor.organization_id
    await lock_technicians(connection, organization_id, [*(each.technician_id for each in offers), *technicians])
    await lock_bays(connection, organization_id, [each.bay_id for each in offers if each.bay_id is not None])
    await lock_parts(connection, organization_id, [part.part_id for each in offers for part in each.wanted.parts])


async def expect_bookable(
    change: Change,
    offer: SlotOffer,
    rules: BookingRules,
    *,
    field: str,
    but_bookings: Iterable[UUID] = (),
    but_appointments: Iterable[UUID] = (),
) -> None:
    """Refuse a slot that cannot be booked now; its technician, bay and parts are locked.

    What takes time itself for the same work, a hold or the appointment that is moved, is left out.

    Raises:
        Invalid: it has begun, or lies too far ahead.
        SlotTaken: the technician or the bay is booked, or not there any more.
        NotEligible: something else stands against it.
    """
    if offer.starts_at < change.now:
        raise Invalid(field=(field,), problem="The slot has begun already; look for another.")
    if offer.starts_at > change.now + LONGEST_AHEAD:
        raise Invalid(field=(field,), problem=f"A slot lies at most {LONGEST_AHEAD.days} days ahead.")
    reasons = await against(change, offer, rules, but=but_bookings, but_appointments=but_appointments)
    if reasons is None or _TAKEN & {reason.constraint for reason in reasons}:
        raise SlotTaken(field=(field,), wanted=offer.wanted)
    if reasons:
        raise NotEligible(field=(field,), reasons=reasons, overridable=False)


async def against(
    change: Change,
    offer: SlotOffer,
    rules: BookingRules,
    *,
    but: Iterable[UUID] = (),
    but_appointments: Iterable[UUID] = (),
) -> tuple[Rejection, ...] | None:
    """Return everything that stands against a slot that is ahead; nothing: it can be booked.

    None: it cannot even be judged, as its technician or facility is not there any more.
    """
    connection, now, wanted = change.connection, change.now, offer.wanted
    organization_id = change.actor.organization_id
    horizon = (offer.starts_at - now).days + 2
    supply = await read_supply(
        connection,
        organization_id,
        now=now,
        horizon_days=horizon,
        technician_ids=[offer.technician_id],
        bay_ids=[] if offer.bay_id is None else [offer.bay_id],
        but=but,
    )
    ids = [part.part_id for part in wanted.parts]
    parts = await free_parts(connection, organization_id, ids, but=but_appointments)
    on_grid = offer.starts_at.minute % _QUARTER == 0 and offer.starts_at.second == 0
    settled = slot_rules(rules, horizon_days=horizon, grid_minutes=_QUARTER if on_grid else 1)
    request = request_of(wanted, refused_by=await refused_by(connection, organization_id, wanted.ticket_id))
    proposal = Proposal(
        technician_id=offer.technician_id,
        start=offer.starts_at,
        facility_id=offer.facility_id,
        bay_id=offer.bay_id,
    )
    try:
        agenda = laid_out(replace(supply.problem(settled), parts=parts))
        found = objections(agenda, replace(request, facility_id=offer.facility_id), proposal, now=now)
    except ValueError:
        return None
    return tuple(
        Rejection(
            constraint=kind,
            count=1,
            message=f"The technician {complaint(kind)}.",
            technician_ids=(offer.technician_id,),
        )
        for kind in found
    )
