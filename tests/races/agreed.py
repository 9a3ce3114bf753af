"""What must be true of appointments and of the time they take, whatever anybody has tried."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.db.tables.appointments import appointments, bookings
from app.db.tables.assignments import assignments
from app.db.transaction import Mode, transaction
from app.domain.wanted import wanted
from app.planning.slots.answer import ScoreBreakdown, Slot
from app.planning.slots.problem import Problem, Span
from app.planning.slots.request import SlotRequest
from app.services.appointments.search import request_of, slot_rules
from app.services.appointments.supply import read_supply
from tests.planning.checker import complaints
from tests.services.appointments.workshop import Workshop

OPEN = {"SCHEDULED", "CONFIRMED", "IN_PROGRESS"}
_NO_SCORE = ScoreBreakdown(
    urgency=0, customer_preference=0, waiting_penalty=0, workload_balance=0, travel_penalty=0
)  # fmt: skip
# Whatever was taken when: rows are released, never moved.
_OVERLAPS = """
    SELECT count(*) FROM bookings AS a JOIN bookings AS b
        ON a.organization_id = b.organization_id AND a.{column} = b.{column} AND a.id < b.id
        AND a.during && b.during
        AND (a.active AND b.active OR tstzrange(a.created_at, coalesce(a.released_at, 'infinity'))
            && tstzrange(b.created_at, coalesce(b.released_at, 'infinity')))
"""


async def overlaps(shop: Workshop) -> tuple[int, int]:
    """Return how many pairs of bookings of one technician, and of one bay, ever took the same time."""
    async with transaction(shop.engine, shop.world.organization_id, mode=Mode.READ, timeout_seconds=60) as connection:
        found = [
            await connection.scalar(sa.text(_OVERLAPS.format(column=each))) for each in ("technician_id", "bay_id")
        ]
    return int(found[0] or 0), int(found[1] or 0)


async def check_agreed(shop: Workshop, *, since: datetime, days: int) -> int:
    """Fail where appointments, jobs and bookings do not agree, or a slot is not allowed; return how many stand."""
    assert await overlaps(shop) == (0, 0)
    rows, taken = await shop.rows(appointments), await shop.taken()
    jobs = {each.id: each for each in await shop.rows(assignments)}
    by_appointment = {each.appointment_id: each for each in taken if each.kind == "APPOINTMENT"}
    standing = [each for each in rows if each.status in OPEN]
    assert by_appointment.keys() == {each.id for each in standing}
    assert len({each.ticket_id for each in standing}) == len(standing)
    for row in standing:
        booking, job = by_appointment[row.id], jobs[row.assignment_id]
        assert (booking.technician_id, booking.bay_id) == (row.technician_id, row.bay_id)
        assert (booking.starts_at, booking.ends_at) == (row.starts_at, row.ends_at)
        assert (job.ticket_id, job.technician_id, job.ended_at) == (row.ticket_id, row.technician_id, None)
    wrong = await wrong_slots(shop, since=since, days=days)
    assert wrong == [], wrong
    return len(standing)


async def wrong_slots(shop: Workshop, *, since: datetime, days: int) -> list[str]:
    """Return what the independent checker says of all that is booked and held."""
    return complaints(await _empty(shop, since, days), await _served(shop))


async def _empty(shop: Workshop, since: datetime, days: int) -> Problem:
    """Return the organisation as if nothing were booked."""
    organization_id = shop.world.organization_id
    async with transaction(shop.engine, organization_id, mode=Mode.READ) as connection:
        supply = await read_supply(connection, organization_id, now=since, horizon_days=days)
    problem = supply.problem(slot_rules(shop.server, horizon_days=days))
    return replace(
        problem,
        technicians=tuple(replace(each, bookings=()) for each in problem.technicians),
        bays=tuple(replace(each, bookings=()) for each in problem.bays),
    )


async def _served(shop: Workshop) -> list[tuple[SlotRequest, Slot]]:
    asked = {each.id: each.request for each in await shop.rows(appointments, appointments.c.status.in_(OPEN))}
    live = bookings.c.active & (bookings.c.expires_at.is_(None) | (bookings.c.expires_at > shop.clock()))
    return list(_pairs(shop, asked, await shop.rows(bookings, live)))


def _pairs(shop: Workshop, asked: dict[Any, Any], taken: Iterable[Any]) -> Iterable[tuple[SlotRequest, Slot]]:
    for row in taken:
        kept = row.offer["wanted"] if row.appointment_id is None else asked[row.appointment_id]
        request = request_of(wanted(kept), refused_by=frozenset())
        # There is but one.
        facility_id = None if row.bay_id is None else shop.facility_id
        yield request, _slot(row, facility_id)


def _slot(row: Any, facility_id: Any) -> Slot:
    window = Span(start=row.starts_at, end=row.ends_at)
    return Slot(
        technician_id=row.technician_id,
        facility_id=facility_id,
        bay_id=row.bay_id,
        window=window,
        arrival_window=window,
        parts_available=True,
        parts_ready_on=None,
        estimated_completion=row.ends_at,
        travel_minutes=None,
        distance_km=None,
        distance_source=None,
        confidence=1,
        score=_NO_SCORE,
    )
