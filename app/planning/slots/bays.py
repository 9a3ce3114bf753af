"""Service bays: which suit a piece of work, and from which starts on they are free long enough."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from app.planning.slots.axis import Axis, Minutes
from app.planning.slots.problem import Bay, Facility
from app.planning.slots.rows import inner, live
from app.planning.slots.spans import joined

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A facility with its active bays, the one to be taken first before the others.

    `busy` has a row for each booking of a bay: the bay's number, start and end. `opening` are the hours
    it is open, None: always.
    """

    facility: Facility
    bays: tuple[Bay, ...]
    busy: Minutes
    opening: tuple[tuple[int, int], ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeBays:
    """The suitable bays of a site, and for each (rows) the starts (columns) from which it is free."""

    bays: tuple[Bay, ...]
    free: Mask

    def first(self, start: int) -> Bay:
        """Return the bay to be taken at a start at which one is free."""
        return self.bays[int(np.argmax(self.free[:, start]))]


def sites(facilities: Sequence[Facility], bays: Sequence[Bay], axis: Axis, now: datetime) -> tuple[Site, ...]:
    """Return the facilities by id, each with its bays.

    A bay that is equipped for less comes first, so that the others stay free; then the name counts.
    """
    here: dict[UUID, list[Bay]] = {each.id: [] for each in facilities}
    for bay in bays:
        if bay.active:
            here[bay.facility_id].append(bay)
    return tuple(_site(each, here[each.id], axis, now) for each in sorted(facilities, key=lambda each: each.id))


def _site(facility: Facility, bays: list[Bay], axis: Axis, now: datetime) -> Site:
    ordered = sorted(bays, key=lambda each: (len(each.equipped_for), _natural(each.name), each.id))
    busy = [
        (number, axis.floor(booking.start), axis.ceil(booking.end))
        for number, bay in enumerate(ordered)
        for booking in live(bay.bookings, now)
    ]
    opening = None if facility.opening is None else tuple(joined(inner(each, axis) for each in facility.opening))
    return Site(
        facility=facility,
        bays=tuple(ordered),
        busy=np.array(busy, dtype=np.int64).reshape(-1, 3),
        opening=opening,
    )


def free_bays(site: Site, skills: Mapping[UUID, int], *, minutes: int, buffer: int, axis: Axis) -> FreeBays:
    """Return the bays equipped for all the skills, and where work of so many minutes leaves the buffer around it."""
    suited = [number for number, bay in enumerate(site.bays) if bay.equipped_for.issuperset(skills)]
    starts, rows = axis.starts, len(suited)
    line = np.full(len(site.bays), -1)
    line[suited] = np.arange(rows)
    row = line[site.busy[:, 0]]
    busy, row = site.busy[row >= 0], row[row >= 0]
    # A booking forbids the starts that lie strictly between these two minutes.
    low = (busy[:, 1] - minutes - buffer) // axis.grid + 1
    high = -(-(busy[:, 2] + buffer) // axis.grid)
    low, high = np.clip(low, 0, starts), np.clip(high, 0, starts)
    low = np.minimum(low, high)
    width, size = starts + 1, rows * (starts + 1)
    change = np.bincount(row * width + low, minlength=size) - np.bincount(row * width + high, minlength=size)
    free = np.cumsum(change.reshape(rows, width), axis=1)[:, :-1] == 0
    if site.opening is not None:
        free &= within(site.opening, minutes=minutes, axis=axis)
    return FreeBays(bays=tuple(site.bays[number] for number in suited), free=free)


def within(stretches: Sequence[tuple[int, int]], *, minutes: int, axis: Axis) -> Mask:
    """Return the starts from which so many minutes lie in one of the stretches."""
    allowed = np.zeros(axis.starts, dtype=np.bool_)
    for start, end in stretches:
        first, last = -(-start // axis.grid), (end - minutes) // axis.grid
        if last >= 0:
            allowed[max(0, first) : last + 1] = True
    return allowed


def _natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return what sorts a name as people do: Bay 3 before Bay 10."""
    return tuple(
        (0, int(piece), "") if piece.isdecimal() else (1, 0, piece.casefold())
        for piece in re.split(r"(\d+)", name)
        if piece
    )
