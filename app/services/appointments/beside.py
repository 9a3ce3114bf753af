"""An agenda as it would be with offers booked that nobody has booked yet."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

from uuid_utils.compat import uuid7

from app.domain.slot_offers import SlotOffer
from app.planning.slots.agenda import Agenda, revised
from app.planning.slots.problem import Bay, Booking, PartStock, Technician

_Booked = TypeVar("_Booked", Technician, Bay)


def beside(agenda: Agenda, offers: Iterable[SlotOffer]) -> Agenda:
    """Return the agenda after these offers; some milliseconds of work. Whoever is not in it any more is left out."""
    technicians: dict[UUID, Technician] = {}
    bays: dict[UUID, Bay] = {}
    known_technicians = {each.id: each for each in agenda.problem.technicians}
    known_bays = {each.id: each for each in agenda.problem.bays}
    sites = {each.id: each.place for each in agenda.problem.facilities}
    for offer in offers:
        place = offer.wanted.place if offer.facility_id is None else sites.get(offer.facility_id)
        booking = Booking(id=uuid7(), start=offer.starts_at, end=offer.ends_at, place=place)
        _add(technicians, known_technicians, offer.technician_id, booking)
        if offer.bay_id is not None:
            _add(bays, known_bays, offer.bay_id, booking)
    if not technicians and not bays:
        return agenda
    return revised(agenda, technicians=technicians.values(), bays=bays.values())


def _add(changed: dict[UUID, _Booked], known: Mapping[UUID, _Booked], id_: UUID, booking: Booking) -> None:
    if id_ in known:
        before: _Booked = changed.get(id_) or known[id_]
        changed[id_] = replace(before, bookings=tuple(sorted((*before.bookings, booking), key=lambda each: each.start)))


def left_of(parts: Mapping[str, PartStock], offers: Sequence[SlotOffer]) -> dict[str, PartStock]:
    """Return the stock that is left when these offers are booked."""
    left = dict(parts)
    for part in (part for offer in offers for part in offer.wanted.parts):
        stock = left.get(part.part_number)
        if stock is not None:
            left[part.part_number] = replace(stock, stock=max(0, stock.stock - part.quantity))
    return left
