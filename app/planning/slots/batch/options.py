"""What each request of a batch could get, the best first, and which of these cannot stand together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np

from app.planning.slots.agenda import Agenda
from app.planning.slots.bays import FreeBays
from app.planning.slots.parts import PartsOutlook, outlook
from app.planning.slots.problem import PartStock
from app.planning.slots.request import SlotRequest
from app.planning.slots.scoring import (
    BALANCE,
    LOAD_AIM,
    PREFERRED_DAY,
    PREFERRED_TECHNICIAN,
    WAITING,
    StartPoints,
    start_points,
    urgency_points,
)
from app.planning.slots.survey import Survey, allowed_starts, spots, survey
from app.planning.slots.ways import estimated_km, vectors, whole_minutes

# So many of the best are kept of each request.
MOST_OPTIONS = 3000


@dataclass(frozen=True, slots=True)
class Option:
    """A technician and a start for one request at one spot; `day` is the technician's local day.

    `start` and `end` are minutes, `shortfall` what it lacks to the request's wish.
    """

    shortfall: int
    technician: int
    start: int
    end: int
    day: int
    spot: int
    opening: int
    booked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """One request's options, the best first, and what it costs to leave it without a slot.

    `bays` has for each spot the bays that are free for it at each start, in minutes.
    """

    id: UUID
    request: SlotRequest
    options: Sequence[Option]
    unplaced: int
    surveys: Sequence[Survey]
    bays: Sequence[Mapping[int, Sequence[UUID]]]
    needs_bay: bool
    points: StartPoints
    parts: PartsOutlook

    def free_bays(self, option: Option) -> Sequence[UUID]:
        """Return the bays that are free for an option when no other request of the batch has any."""
        return self.bays[option.spot].get(option.start, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """The choices of all requests, and what must lie between two of them.

    `pauses` are the minutes that a technician needs from one place to another, rows and columns by place,
    the buffer at least; `place_of` is the row of each request at each of its spots.
    """

    choices: Sequence[Choices]
    pauses: Sequence[Sequence[int]]
    place_of: Sequence[Sequence[int]]
    buffer: int
    cap: int

    def clash(self, one: int, option: Option, other: int, beside: Option) -> bool:
        """Tell whether two options of one technician cannot both be, the way from one to the other counted."""
        pause = self.pauses[self.place_of[one][option.spot]][self.place_of[other][beside.spot]]
        return option.start < beside.end + pause and beside.start < option.end + pause

    def too_close(self, option: Option, beside: Option) -> bool:
        """Tell whether two options cannot be in the same bay."""
        return option.start < beside.end + self.buffer and beside.start < option.end + self.buffer


def contest(agenda: Agenda, requests: Sequence[tuple[UUID, SlotRequest]], now: datetime) -> Contest:
    """Return what the requests could get each. Parts that are short go to the more urgent ones.

    Raises:
        ValueError: the agenda does not hold at `now`.
    """
    now_minute = agenda.now_minute(now)
    stock = dict(agenda.problem.parts)
    order = sorted(range(len(requests)), key=lambda number: (-urgency_points(requests[number][1]), number))
    parts: dict[int, PartsOutlook] = {}
    for number in order:
        request = requests[number][1]
        parts[number] = outlook(request.parts, stock, now=now, zone=request.zone)
        _take(stock, request)
    choices = [
        _choices(agenda, identity, request, parts[number], now_minute)
        for number, (identity, request) in enumerate(requests)
    ]
    places = [each.spot.place for choice in choices for each in choice.surveys]
    where = vectors(places)
    count = len(places)
    first, second = np.repeat(np.arange(count), count), np.tile(np.arange(count), count)
    rows: list[list[int]] = []
    for choice in choices:
        begin = sum(len(each) for each in rows)
        rows.append(list(range(begin, begin + len(choice.surveys))))
    rules = agenda.problem.rules
    ways = whole_minutes(estimated_km(where[first], where[second])).reshape(count, count)
    return Contest(
        choices=choices,
        pauses=np.maximum(rules.buffer_minutes, ways).tolist(),
        place_of=rows,
        buffer=rules.buffer_minutes,
        cap=rules.max_bookings_per_day,
    )


def _take(stock: dict[str, PartStock], request: SlotRequest) -> None:
    for need in request.parts:
        held = stock.get(need.part_number)
        if held is not None:
            left = max(0, held.stock - need.quantity)
            stock[need.part_number] = PartStock(stock=left, lead_time_days=held.lead_time_days)


def _choices(agenda: Agenda, identity: UUID, request: SlotRequest, parts: PartsOutlook, now_minute: int) -> Choices:
    allowed = allowed_starts(agenda, request, parts, now_minute)
    points = start_points(request, agenda.axis, now_minute)
    surveys = [survey(agenda, request, spot, allowed) for spot in spots(agenda, request)]
    wish = (
        BALANCE * LOAD_AIM
        + (PREFERRED_DAY if request.preferred_date is not None else 0)
        + (PREFERRED_TECHNICIAN if request.preferred_technician_id is not None else 0)
    )
    longest = WAITING[request.settled_urgency] * agenda.axis.days * 24 * 60
    found = [
        option
        for number, each in enumerate(surveys)
        for option in _options(agenda, request, each, number, points, wish)
    ]
    found.sort(key=lambda each: (each.shortfall, each.start, int(agenda.roster.merit[each.technician]), each.spot))
    return Choices(
        id=identity,
        request=request,
        options=found[:MOST_OPTIONS],
        unplaced=urgency_points(request) + wish + longest,
        surveys=surveys,
        bays=[_bays_by_start(each.bays, agenda.axis.grid) for each in surveys],
        needs_bay=any(each.bays is not None for each in surveys),
        points=points,
        parts=parts,
    )


def _options(
    agenda: Agenda, request: SlotRequest, found: Survey, spot: int, points: StartPoints, wish: int
) -> list[Option]:
    """Return the best options at one spot, in no order."""
    rows, low, high = found.reach.openings, found.reach.low, found.reach.high
    count = high - low + 1
    row = np.repeat(np.arange(len(low)), count)
    start = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(low, count)
    keep = found.allowed[start]
    row, start = row[keep], start[keep]
    shortfall = wish - found.points[row] - points.preference[start] - points.waiting[start]
    if len(row) > MOST_OPTIONS:
        # Equal ones are told apart by start and merit, so that the same are kept every time.
        best = np.lexsort((agenda.roster.merit[rows.technician[row]], start, shortfall))[:MOST_OPTIONS]
        row, start, shortfall = row[best], start[best], shortfall[best]
    minute = start * agenda.axis.grid
    columns = (
        shortfall,
        rows.technician[row],
        minute,
        minute + request.duration_minutes,
        rows.day[row],
        np.full(len(row), spot),
        row,
        rows.booked[row],
    )
    return [Option(*values) for values in zip(*(column.tolist() for column in columns), strict=True)]


def _bays_by_start(bays: FreeBays | None, grid: int) -> Mapping[int, Sequence[UUID]]:
    found: dict[int, list[UUID]] = {}
    if bays is not None:
        for start, number in zip(*(each.tolist() for each in np.nonzero(bays.free.T)), strict=True):
            found.setdefault(start * grid, []).append(bays.bays[number].id)
    return found
