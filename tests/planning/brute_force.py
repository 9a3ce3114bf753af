"""Slots by trying every technician, bay and start, minute by minute: slow, plain, with no code of the engine.

It takes the engine's questions and nothing else of it: hours are sets of minutes, days are read off the
local clock, ways are a haversine, and every figure of the score is written here once more.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property
from math import asin, ceil, cos, radians, sin, sqrt
from uuid import UUID

from app.planning.slots.problem import Bay, Booking, Facility, Place, Problem, Span, Technician
from app.planning.slots.request import SlotRequest

ORDER = (
    "INACTIVE",
    "TIER",
    "SKILL",
    "TERRITORY",
    "PREVIOUSLY_REJECTED",
    "SHIFT",
    "TIME_OFF",
    "CERTIFICATE_EXPIRED",
    "PARTS",
    "CUSTOMER_WINDOW",
    "MAX_PER_DAY",
    "OVERLAP",
    "BUFFER",
    "TRAVEL",
    "BAY",
)
URGENCY = {"LOW": 100_000, "MEDIUM": 200_000, "HIGH": 400_000, "CRITICAL": 800_000}
WAITING = {"LOW": 2, "MEDIUM": 4, "HIGH": 7, "CRITICAL": 40}
USUAL = {"ROUTINE_MAINTENANCE": "LOW", "DIAGNOSTIC": "MEDIUM", "COMPONENT_REPAIR": "HIGH", "EMERGENCY": "CRITICAL"}
MINUTE = timedelta(minutes=1)
SIX_HOURS = 360


@dataclass(frozen=True)
class Offer:
    """What is compared: a slot as plain values."""

    start: datetime
    technician_id: UUID
    facility_id: UUID | None
    bay_id: UUID | None
    urgency: int
    preference: int
    waiting: int
    balance: int
    travel: int

    @property
    def total(self) -> int:
        return self.urgency + self.preference + self.waiting + self.balance + self.travel


@dataclass(frozen=True, eq=False)
class Where:
    """The customer's place, or a facility."""

    place: Place | None
    territory_id: UUID | None
    facility: Facility | None


def minutes_between(start: Place | None, end: Place | None) -> int:
    """Return the minutes of a way, 0 if an end is not known."""
    if start is None or end is None:
        return 0
    lat, lon, to_lat, to_lon = (radians(each) for each in (*start, *end))
    half = sin((to_lat - lat) / 2) ** 2 + cos(lat) * cos(to_lat) * sin((to_lon - lon) / 2) ** 2
    return ceil(2 * 6371.0088 * asin(sqrt(half)) * 1.3 / 28 * 60)


class BruteForce:
    """All there is to know of one question, by trying."""

    def __init__(self, problem: Problem, request: SlotRequest, now: datetime) -> None:
        self.problem, self.request, self.now = problem, request, now
        self.rules = problem.rules
        step = timedelta(minutes=self.rules.grid_minutes)
        midnight = datetime(2000, 1, 1, tzinfo=UTC)
        self.zero = midnight + (problem.now - midnight) // step * step
        self.length = request.duration_minutes
        self.starts = range(0, self.rules.horizon_days * 1440, self.rules.grid_minutes)
        self.urgency = request.urgency.value if request.urgency else USUAL[request.appointment_type.value]
        self.without: str | None = None
        self.known: dict[object, int] = {}
        self.hours: dict[tuple[UUID, str], tuple[set[int], set[int]]] = {}

    def at(self, minute: int) -> datetime:
        return self.zero + minute * MINUTE

    def minutes(self, span: Span) -> range:
        """Return the minutes of a span that begins and ends on whole minutes."""
        return range(round((span.start - self.zero) / MINUTE), round((span.end - self.zero) / MINUTE))

    def local_date(self, minute: int, zone: tzinfo) -> date:
        return self.at(minute).astimezone(zone).date()

    def day_begins(self, day: date, zone: tzinfo) -> datetime:
        """Return the first minute of a local day, found by looking at the clock."""
        probe = datetime.combine(day, time(), tzinfo=UTC) - timedelta(hours=30)
        while probe.astimezone(zone).date() < day:
            probe += timedelta(minutes=15)
        return probe

    def working(self, technician: Technician, kind: str) -> tuple[set[int], set[int]]:
        """Return the minutes of regular work and of being on call: "all" hours, with "time off" or really."""
        if (technician.id, kind) in self.hours:
            return self.hours[technician.id, kind]
        off = {m for span in technician.time_off for m in self.minutes(span)}
        if kind == "always":
            days = self.rules.horizon_days
            found = (set(range(-2880, (days + 3) * 1440)) - off, set[int]())
        else:
            breaks = {m for shift in technician.shifts for span in shift.breaks for m in self.minutes(span)}
            regular = {m for shift in technician.shifts if not shift.on_call for m in self.minutes(shift)}
            extra = {m for shift in technician.shifts if shift.on_call for m in self.minutes(shift)} - regular
            gone = breaks | (off if kind == "real" else set())
            found = (regular - gone, extra - gone)
        self.hours[technician.id, kind] = found
        return found

    def stretch(self, technician: Technician, minute: int, kind: str) -> set[int] | None:
        """Return the hours that the work from this minute on lies in, None if it lies in none."""
        regular, extra = self.working(technician, kind)
        work = range(minute, minute + self.length)
        if all(m in regular for m in work):
            return regular
        if self.urgency == "CRITICAL" and all(m in extra for m in work):
            return extra
        return None

    def bookings(self, booked: tuple[Booking, ...]) -> list[Booking]:
        return [b for b in booked if b.expires_at is None or b.expires_at > self.problem.now]

    def span_of(self, booking: Booking) -> tuple[int, int]:
        span = self.minutes(booking)
        return span.start, span.stop

    def neighbours(self, technician: Technician, minute: int) -> tuple[Booking | None, Booking | None]:
        spans = [(self.span_of(b), b) for b in self.bookings(technician.bookings)]
        if self.without == "OVERLAP":
            return None, None
        before = [((e, s, b.id), b) for (s, e), b in spans if e <= minute]
        after = [((s, b.id), b) for (s, e), b in spans if s >= minute + self.length]
        return (
            max(before, key=lambda pair: pair[0])[1] if before else None,
            min(after, key=lambda pair: pair[0])[1] if after else None,
        )

    def stops(self, technician: Technician, minute: int, hours: set[int]) -> tuple[Booking | None, Booking | None]:
        """Return the neighbours that the technician comes from and goes to, None: home."""
        before, after = self.neighbours(technician, minute)
        first = minute
        today = self.local_date(minute, technician.zone)
        while first - 1 in hours and self.local_date(first - 1, technician.zone) == today:
            first -= 1
        last = minute
        while last in hours:
            last += 1
        if before is not None and first - self.span_of(before)[1] >= SIX_HOURS:
            before = None
        if after is not None and self.span_of(after)[0] - last >= SIX_HOURS:
            after = None
        return before, after

    def way(self, start: Place | None, place: Place | None) -> int:
        if start is not None and start in self.request.known_ways:
            return self.request.known_ways[start].minutes
        return minutes_between(start, place)

    def holds(self, kind: str, technician: Technician, where: Where, minute: int) -> bool:
        if kind == self.without:
            return True
        check: Callable[[Technician, Where, int], bool] = getattr(self, "_" + kind.lower())
        return check(technician, where, minute)

    def _inactive(self, technician: Technician, _where: Where, _minute: int) -> bool:
        return technician.active

    def _tier(self, technician: Technician, _where: Where, _minute: int) -> bool:
        needed, has = self.request.tier_level, technician.tier_level
        return has == needed if self.request.exact_tier else has >= needed

    def _skill(self, technician: Technician, _where: Where, _minute: int) -> bool:
        return all(technician.skills.get(skill, 0) >= level for skill, level in self.request.skills.items())

    def _territory(self, technician: Technician, where: Where, _minute: int) -> bool:
        return where.territory_id is None or not technician.territories or where.territory_id in technician.territories

    def _previously_rejected(self, technician: Technician, _where: Where, _minute: int) -> bool:
        return technician.id not in self.request.refused_by

    def hours_of(self, technician: Technician, minute: int) -> set[int] | None:
        """Return the hours in which the work would lie, as far as they count."""
        kind = {"SHIFT": "always", "TIME_OFF": "despite time off"}.get(self.without or "", "real")
        return self.stretch(technician, minute, kind)

    def _shift(self, technician: Technician, _where: Where, minute: int) -> bool:
        return self.at(minute) >= self.now and self.stretch(technician, minute, "despite time off") is not None

    def _time_off(self, technician: Technician, _where: Where, minute: int) -> bool:
        return self.hours_of(technician, minute) is not None

    def _certificate_expired(self, technician: Technician, _where: Where, minute: int) -> bool:
        # The last minute of the work must lie on a day on which the certificate still holds.
        ends = [technician.certified_until[s] for s in self.request.skills if s in technician.certified_until]
        return all(self.local_date(minute + self.length - 1, technician.zone) <= end for end in ends)

    def _parts(self, _technician: Technician, _where: Where, minute: int) -> bool:
        due = self.parts_due(critical=True)
        if isinstance(due, str):
            return False
        return due is None or self.at(minute) >= self.day_begins(due, self.request.zone)

    def parts_due(self, *, critical: bool) -> "date | str | None":
        """Return the day on which the last (critical) part that is short is due, "never" if nobody knows."""
        wanted: dict[str, int] = {}
        for need in self.request.parts:
            wanted[need.part_number] = wanted.get(need.part_number, 0) + need.quantity
        leads: list[int] = []
        for number, quantity in wanted.items():
            stock = self.problem.parts.get(number)
            if stock is not None and stock.stock >= quantity:
                continue
            if critical and not any(n.critical for n in self.request.parts if n.part_number == number):
                continue
            if stock is None or stock.lead_time_days is None:
                return "never"
            leads.append(stock.lead_time_days)
        return self.now.astimezone(self.request.zone).date() + timedelta(days=max(leads)) if leads else None

    def _customer_window(self, _technician: Technician, _where: Where, minute: int) -> bool:
        if not self.request.windows:
            return True
        open_minutes = {m for span in self.request.windows for m in self.minutes(span)}
        return all(m in open_minutes for m in range(minute, minute + self.length))

    def _max_per_day(self, technician: Technician, _where: Where, minute: int) -> bool:
        return len(self.on_day(technician, minute)) < self.rules.max_bookings_per_day

    def on_day(self, technician: Technician, minute: int) -> list[Booking]:
        today = self.local_date(minute, technician.zone)
        live = self.bookings(technician.bookings)
        return [b for b in live if b.start.astimezone(technician.zone).date() == today]

    def _overlap(self, technician: Technician, _where: Where, minute: int) -> bool:
        work = range(minute, minute + self.length)
        return not any(set(work) & set(self.minutes(b)) for b in self.bookings(technician.bookings))

    def _buffer(self, technician: Technician, _where: Where, minute: int) -> bool:
        before, after = self.neighbours(technician, minute)
        pause = self.rules.buffer_minutes
        return (before is None or minute - self.span_of(before)[1] >= pause) and (
            after is None or self.span_of(after)[0] - minute - self.length >= pause
        )

    def _travel(self, technician: Technician, where: Where, minute: int) -> bool:
        hours = self.hours_of(technician, minute)
        assert hours is not None
        before, after = self.stops(technician, minute, hours)
        return (before is None or minute - self.span_of(before)[1] >= self.way(before.place, where.place)) and (
            after is None or self.span_of(after)[0] - minute - self.length >= self.way(after.place, where.place)
        )

    def _bay(self, _technician: Technician, where: Where, minute: int) -> bool:
        return where.facility is None or self.bay(where.facility, minute) is not None

    def bay(self, facility: Facility, minute: int) -> Bay | None:
        """Return the bay to be taken: the one that is equipped for least, then by its number, then by id."""
        end = minute + self.length
        if facility.opening is not None:
            hours = {m for span in facility.opening for m in self.minutes(span)}
            if not all(m in hours for m in range(minute, end)):
                return None
        free = [
            bay
            for bay in self.problem.bays
            if bay.facility_id == facility.id
            and bay.active
            and set(self.request.skills) <= bay.equipped_for
            and all(
                end + self.rules.buffer_minutes <= s or e + self.rules.buffer_minutes <= minute
                for s, e in (self.span_of(b) for b in self.bookings(bay.bookings))
            )
        ]
        return min(free, key=lambda b: (len(b.equipped_for), int(b.name.split()[1]), b.id), default=None)

    @cached_property
    def places(self) -> list[Where]:
        if self.request.location_mode.value == "ON_SITE":
            return [Where(self.request.place, self.request.territory_id, None)]
        return [
            Where(f.place, self.request.territory_id or f.territory_id, f)
            for f in sorted(self.problem.facilities, key=lambda f: f.id)
            if self.request.facility_id in (None, f.id)
        ]

    def first_violation(self, technician: Technician, where: Where, minute: int) -> int:
        """Return the number of the first constraint that does not hold, or how many there are."""
        key = (technician.id, where, minute, self.without)
        if key not in self.known:
            broken = (n for n, kind in enumerate(ORDER) if not self.holds(kind, technician, where, minute))
            self.known[key] = next(broken, len(ORDER))
        return self.known[key]

    def merit(self, technician: Technician) -> tuple[bool, float, UUID]:
        return (technician.rating is None, -(technician.rating or 0), technician.id)

    def fitting(self) -> Iterator[tuple[Technician, Where, int]]:
        for technician in self.problem.technicians:
            for where in self.places:
                for minute in self.starts:
                    if self.first_violation(technician, where, minute) == len(ORDER):
                        yield technician, where, minute

    def offer(self, technician: Technician, where: Where, minute: int) -> Offer:
        hours = self.hours_of(technician, minute)
        assert hours is not None
        before, after = self.stops(technician, minute, hours)
        start = before.place if before else technician.home
        end = after.place if after else technician.home
        detour = max(0, self.way(start, where.place) + self.way(end, where.place) - minutes_between(start, end))
        preference = 30_000 if technician.id == self.request.preferred_technician_id else 0
        if self.request.preferred_date is not None:
            away = abs((self.local_date(minute, self.request.zone) - self.request.preferred_date).days)
            preference += max(0, 120_000 - 15_000 * away)
        today = self.local_date(minute, technician.zone)
        regular, extra = self.working(technician, "real")
        worked = sum(1 for m in regular | extra if self.local_date(m, technician.zone) == today)
        booked = sum(len(self.minutes(b)) for b in self.on_day(technician, minute))
        load = min(1000, booked * 1000 // max(1, worked))
        wait = (self.at(minute) - self.now) // MINUTE
        tier = 0 if self.request.customer_tier.value == "STANDARD" else 50_000
        bay = self.bay(where.facility, minute) if where.facility else None
        return Offer(
            start=self.at(minute),
            technician_id=technician.id,
            facility_id=where.facility.id if where.facility else None,
            bay_id=bay.id if bay else None,
            urgency=URGENCY[self.urgency] + tier,
            preference=preference,
            waiting=-WAITING[self.urgency] * (wait if self.at(minute) > self.now else 0),
            balance=10 * (750 - load),
            travel=-100 * detour,
        )

    def everything(self) -> list[Offer]:
        """Return all slots, the best first."""
        merit = {t.id: self.merit(t) for t in self.problem.technicians}
        found = [self.offer(*each) for each in self.fitting()]
        return sorted(found, key=lambda o: (*self.rank(o), merit[o.technician_id], str(o.facility_id)))

    def rank(self, offer: Offer) -> tuple[float, float]:
        start = offer.start.timestamp()
        emergency = self.request.appointment_type.value == "EMERGENCY"
        return (start, -offer.total) if emergency else (-offer.total, start)

    def offers(self, everything: list[Offer]) -> list[Offer]:
        """Return the slots to be offered of all that there are."""
        best: list[Offer] = []
        for offer in everything:
            if all(offer.start != other.start for other in best):
                best.append(offer)
        chosen: list[Offer] = []
        for lonely in (True, False):
            for offer in best:
                gap = min((abs(offer.start - other.start) for other in chosen), default=timedelta(days=99))
                if len(chosen) < self.request.limit and gap >= (self.length * MINUTE if lonely else MINUTE):
                    chosen.append(offer)
        return sorted(chosen, key=best.index)

    def fallen(self) -> dict[str, list[UUID]]:
        """Return who fell out, by the first constraint that left them no start."""
        found: dict[str, list[UUID]] = {}
        for technician in self.problem.technicians:
            lasted = [self.first_violation(technician, w, m) for w in self.places for m in self.starts]
            # Without a place to work at there is no bay.
            longest = max(lasted) if lasted else ORDER.index("BAY")
            if longest < len(ORDER):
                found.setdefault(ORDER[longest], []).append(technician.id)
        return {kind: found[kind] for kind in ORDER if kind in found}

    def soonest_without(self, kind: str) -> tuple[datetime, UUID] | None:
        """Return the soonest start, and whose, if one constraint did not count."""
        self.without = kind
        found = [(self.at(m), self.merit(t), t.id) for t, _, m in self.fitting() if self.at(m) >= self.now]
        self.without = None
        return min(((start, who) for start, merit, who in sorted(found)), key=lambda p: p[0], default=None)
