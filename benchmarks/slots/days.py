"""Days played through: what becomes of slots that were offered, when work and ways take as long as they will.

Shares nothing with how confidence is drawn but the plan itself. What is supposed here stands in
docs/slots.md: work takes its planned time times a log-normal factor, so do ways; somebody is
away one day in thirty; a dispatcher who sees a delay or an absence finds a substitute half of the time
for each technician who could begin at the same time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from app.domain.distances import estimated
from app.planning.slots.agenda import Agenda, laid_out
from app.planning.slots.answer import Slot
from app.planning.slots.confidence import Circumstances
from app.planning.slots.offering import circumstances, row_of
from app.planning.slots.problem import Booking, Place, Problem, Technician
from app.planning.slots.request import SlotRequest
from app.planning.slots.search import find
from app.planning.slots.survey import Survey, allowed_starts, expected_parts, spots, survey
from benchmarks.slots.company import company, request

# Spread of the logarithm of how much longer work and ways take; half of all take longer than planned.
_WORK_SPREAD = 0.4
_WAY_SPREAD = 0.3
_AWAY = 1 / 30
_SUBSTITUTE = 0.5
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A slot that was offered: what was known, what confidence it had, and whether the work began as promised."""

    seen: Circumstances
    confidence: float
    kept: bool


def outcomes(seed: int, *, requests: int, technicians: int = 40, fullness: float = 0.9) -> list[Outcome]:
    """Return what becomes of the slots offered to so many requests in one company."""
    problem = company(technicians, 10, seed=seed, fullness=fullness)
    agenda, chance = laid_out(problem), np.random.default_rng(10_000 + seed)
    found = []
    for _ in range(requests):
        asked = request(problem, chance)
        surveys = _surveys(agenda, asked)
        for slot in find(agenda, asked, now=problem.now).slots:
            at = next(each for each in surveys if each.spot.facility_id == slot.facility_id)
            number = agenda.roster.number_of[slot.technician_id]
            start = agenda.axis.floor(slot.window.start) // agenda.axis.grid
            seen = circumstances(agenda, at, row_of(at, number, start), start)
            kept = _kept(problem, slot, at.spot.place, seen.spare, chance)
            found.append(Outcome(seen=seen, confidence=slot.confidence, kept=kept))
    return found


def _surveys(agenda: Agenda, asked: SlotRequest) -> list[Survey]:
    now = agenda.problem.now
    parts = expected_parts(agenda, asked, now)
    allowed = allowed_starts(agenda, asked, parts, agenda.now_minute(now))
    return [survey(agenda, asked, spot, allowed) for spot in spots(agenda, asked)]


def _kept(problem: Problem, slot: Slot, place: Place | None, spare: int, chance: np.random.Generator) -> bool:
    technician = next(each for each in problem.technicians if each.id == slot.technician_id)
    arrives = _arrival(technician, slot.window.start, place, chance)
    if chance.random() >= _AWAY and arrives <= slot.arrival_window.end:
        return True
    return bool((chance.random(spare) < _SUBSTITUTE).any())


def _arrival(technician: Technician, start: datetime, place: Place | None, chance: np.random.Generator) -> datetime:
    """Return when the technician comes to the work, after all that is booked before it on that day."""
    today = start.astimezone(technician.zone).date()
    before = [
        each
        for each in technician.bookings
        if each.start < start and each.start.astimezone(technician.zone).date() == today
    ]
    stops: list[tuple[datetime, Place | None, Booking | None]] = [
        (each.start, each.place, each) for each in sorted(before, key=lambda each: each.start)
    ]
    stops.append((start, place, None))
    free, here = datetime.min.replace(tzinfo=start.tzinfo), technician.home
    arrives = start
    for planned, there, booking in stops:
        way = 0 if here is None or there is None else estimated(here, there).minutes
        leaves = max(free, planned - way * _MINUTE)
        arrives = leaves + way * float(chance.lognormal(0, _WAY_SPREAD)) * _MINUTE
        if booking is not None:
            takes = (booking.end - booking.start) * float(chance.lognormal(0, _WORK_SPREAD))
            free, here = max(arrives, planned) + takes, there
    return arrives
