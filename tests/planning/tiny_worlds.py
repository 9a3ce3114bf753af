"""Tiny worlds in which everything that a slot can hang on happens often."""

import os
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from app.domain.appointments import AppointmentType, LocationMode, Urgency
from app.domain.assignments import DistanceSource
from app.domain.distances import Distance
from app.domain.places import CustomerTier
from app.planning.slots.problem import (
    Bay,
    Booking,
    Facility,
    PartStock,
    Place,
    Problem,
    Shift,
    SlotRules,
    Span,
    Technician,
)
from app.planning.slots.request import PartNeed, SlotRequest

# All of them by `make worlds`; a fifth wherever time is short.
_SHARE = float(os.environ.get("WORLDS", "0.2"))
DAYS = 2
SKILLS = (UUID(int=11), UUID(int=12))
AREAS = (UUID(int=21), UUID(int=22))
ZONES: tuple[tzinfo, ...] = (
    UTC,
    *map(ZoneInfo, ("America/New_York", "Asia/Kolkata", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Auckland")),
)
PLACES: tuple[Place | None, ...] = (None, (48.85, 2.35), (48.95, 2.35), (48.85, 2.65), (49.0, 2.6))
# Clocks are moved in all of these nights but the first: in Berlin, Berlin, New York and New York, in Auckland and on
# Lord Howe, where it is half an hour, and there again.
BEGINNINGS = (
    datetime(2026, 5, 4, 6, 0, tzinfo=UTC),
    datetime(2026, 3, 28, 16, 7, tzinfo=UTC),
    datetime(2026, 10, 24, 18, 0, 31, tzinfo=UTC),
    datetime(2026, 3, 7, 21, 44, tzinfo=UTC),
    datetime(2026, 10, 31, 20, 30, tzinfo=UTC),
    datetime(2026, 4, 4, 4, 5, tzinfo=UTC),
    datetime(2026, 10, 3, 6, 50, tzinfo=UTC),
)


def worlds(count: int) -> int:
    """Return how many worlds to try of so many."""
    return max(1, round(count * _SHARE))


places = st.sampled_from(PLACES)
mostly = st.sampled_from((True,) * 9 + (False,))
some_skills = st.sampled_from(({SKILLS[0]: 3, SKILLS[1]: 2},) * 4 + ({SKILLS[0]: 1}, {SKILLS[1]: 3}, {}))


def quarter(midnight: datetime, number: int) -> datetime:
    return midnight + timedelta(minutes=15 * number)


@st.composite
def spans(draw: st.DrawFn, now: datetime, longest: int = 40) -> Span:
    """Draw a span around now, mostly on quarters of an hour."""
    midnight = now.replace(minute=0, second=0)
    start = quarter(midnight, draw(st.integers(-24, 96 * DAYS))) + timedelta(
        minutes=draw(st.sampled_from((0, 0, 0, 5)))
    )
    return Span(
        start=start,
        end=start + timedelta(minutes=draw(st.sampled_from((0, 0, 10))) + 15 * draw(st.integers(1, longest))),
    )


@st.composite
def bookings(draw: st.DrawFn, now: datetime, first_id: int) -> tuple[Booking, ...]:
    found = []
    for number in range(draw(st.sampled_from((0, 1, 2, 3, 4)))):
        span = draw(spans(now, 8))
        expires = draw(st.sampled_from((None, None, None, now + timedelta(minutes=9), now)))
        found.append(
            Booking(
                id=UUID(int=first_id + number), start=span.start, end=span.end, place=draw(places), expires_at=expires
            )
        )
    return tuple(found)


@st.composite
def shifts(draw: st.DrawFn, now: datetime) -> tuple[Shift, ...]:
    midnight = now.replace(minute=0, second=0)
    found = []
    for _ in range(draw(st.sampled_from((1, 2, 3, 3, 4, 0)))):
        start = quarter(midnight, draw(st.integers(-8, 80 * DAYS)))
        end = start + timedelta(minutes=15 * draw(st.sampled_from((6, 20, 32, 40))))
        breaks = () if draw(mostly) else (draw(spans(now, 4)),)
        found.append(Shift(start=start, end=end, breaks=breaks, on_call=not draw(mostly)))
    return tuple(found)


@st.composite
def technicians(draw: st.DrawFn, number: int, now: datetime) -> Technician:
    certified: Mapping[UUID, date] = {}
    if not draw(mostly):
        certified = {SKILLS[0]: now.date() + timedelta(days=draw(st.integers(-1, 2)))}
    return Technician(
        id=UUID(int=1000 + number),
        zone=draw(st.sampled_from(ZONES)),
        active=draw(mostly),
        tier_level=draw(st.sampled_from((1, 2, 2))),
        skills=draw(some_skills),
        certified_until=certified,
        territories=draw(st.sampled_from((frozenset(),) * 3 + (frozenset(AREAS[:1]), frozenset(AREAS)))),
        home=draw(places),
        rating=draw(st.sampled_from((None, 4.0, 4.5))),
        shifts=draw(shifts(now)),
        time_off=() if draw(mostly) else (draw(spans(now, 20)),),
        bookings=draw(bookings(now, 10_000 * (number + 1))),
    )


@st.composite
def service_bays(draw: st.DrawFn, facility_id: UUID, number: int, now: datetime) -> Bay:
    equipped = (frozenset(SKILLS), frozenset(SKILLS), frozenset(SKILLS[:1]), frozenset[UUID]())
    return Bay(
        id=UUID(int=number),
        facility_id=facility_id,
        name=f"Bay {draw(st.integers(2, 11))}",
        active=draw(mostly),
        equipped_for=draw(st.sampled_from(equipped)),
        bookings=draw(bookings(now, 100 * number)),
    )


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    now = draw(st.sampled_from(BEGINNINGS))
    facilities: list[Facility] = []
    bays: list[Bay] = []
    for number in range(draw(st.sampled_from((0, 1, 2)))):
        opening = draw(st.sampled_from((None, None, None, 1, 2)))
        facilities.append(
            Facility(
                id=UUID(int=500 + number),
                place=draw(places),
                territory_id=draw(st.sampled_from((None, *AREAS))),
                opening=None if opening is None else tuple(draw(spans(now, 60)) for _ in range(opening)),
            )
        )
        bays += [
            draw(service_bays(facilities[-1].id, 600 + number * 10 + each, now))
            for each in range(draw(st.sampled_from((1, 2, 2, 0))))
        ]
    return Problem(
        now=now,
        technicians=tuple(draw(technicians(number, now)) for number in range(draw(st.sampled_from((1, 2, 3))))),
        bays=tuple(bays),
        facilities=tuple(facilities),
        parts={
            "A": PartStock(stock=1, lead_time_days=1),
            "B": PartStock(stock=0),
            "C": PartStock(stock=0, lead_time_days=0),
        },
        rules=SlotRules(
            horizon_days=DAYS,
            buffer_minutes=draw(st.sampled_from((0, 10, 30))),
            max_bookings_per_day=draw(st.sampled_from((6, 6, 2, 1))),
            grid_minutes=draw(st.sampled_from((15, 15, 30))),
        ),
    )


@st.composite
def requests(draw: st.DrawFn, problem: Problem) -> SlotRequest:
    now = problem.now
    roads = draw(st.sampled_from((0, 0, 40)))
    zone = draw(st.sampled_from(ZONES))
    return SlotRequest(
        appointment_type=draw(st.sampled_from(AppointmentType)),
        duration_minutes=draw(st.sampled_from((15, 30, 50, 60, 120))),
        urgency=draw(st.sampled_from((None, *Urgency))),
        customer_tier=draw(st.sampled_from(CustomerTier)),
        location_mode=draw(st.sampled_from((*LocationMode, LocationMode.AT_FACILITY)))
        if problem.facilities
        else LocationMode.ON_SITE,
        place=draw(places),
        facility_id=draw(st.sampled_from((None,) * 5 + (UUID(int=500), UUID(int=500), UUID(int=777)))),
        territory_id=draw(st.sampled_from((None,) * 4 + (AREAS[0], UUID(int=29)))),
        tier_level=draw(st.sampled_from((1, 1, 1, 2))),
        exact_tier=not draw(mostly),
        skills=draw(st.sampled_from(({}, {SKILLS[0]: 1}, {SKILLS[0]: 2, SKILLS[1]: 1}))),
        parts=draw(
            st.just(())
            | st.just(())
            | st.lists(
                st.builds(
                    PartNeed,
                    part_number=st.sampled_from("AABCD"),
                    quantity=st.integers(1, 2),
                    critical=st.booleans(),
                ),
                max_size=2,
            ).map(tuple)
        ),
        windows=draw(st.just(()) | st.just(()) | st.lists(spans(now, 60), max_size=2).map(tuple)),
        zone=zone,
        preferred_date=_day(draw(st.integers(-1, 3)), now),
        preferred_technician_id=draw(st.sampled_from((None, UUID(int=1001), UUID(int=9)))),
        refused_by=draw(st.sampled_from((frozenset(),) * 4 + (frozenset({UUID(int=1000), UUID(int=9)}),))),
        known_ways={(48.95, 2.35): Distance(km=9.5, minutes=roads, source=DistanceSource.ROAD)} if roads else {},
        limit=draw(st.sampled_from((1, 3, 5))),
    )


def _day(number: int, now: datetime) -> date | None:
    return None if number < 0 else now.date() + timedelta(days=number)


@st.composite
def questions(draw: st.DrawFn) -> tuple[Problem, SlotRequest]:
    """Draw a problem and a request into it."""
    problem = draw(problems())
    return problem, draw(requests(problem))
