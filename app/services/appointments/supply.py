"""What slots are looked for in, read from the database: technicians, bays and parts as they stand.

Time comes as seconds within JSON, a row for each technician and bay, so that ten thousands of shifts and
bookings are taken apart beside the event loop (`Supply.problem`), not on it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.tables.base import Moment, Uuid
from app.domain.calendars import WEEKDAYS
from app.planning.slots.axis import first_instant
from app.planning.slots.hours import WeeklyHours
from app.planning.slots.hours import laid_out as hours_laid_out
from app.planning.slots.problem import Bay, Booking, Facility, PartStock, Problem, Shift, SlotRules, Span, Technician

# Bookings before now that may matter: those of the local day, and the way from the last one.
_BEFORE = timedelta(hours=36)
_BEYOND = timedelta(days=2)

_TECHNICIANS = """
    SELECT t.id, t.active AND u.active AS active, t.tier_level, t.home_latitude, t.home_longitude,
        t.rating_total::float8 / nullif(t.rating_count, 0) AS rating,
        coalesce((
            SELECT place.time_zone FROM technician_territories AS works
            JOIN territories AS place
                ON place.organization_id = works.organization_id AND place.id = works.territory_id
            WHERE works.organization_id = t.organization_id AND works.technician_id = t.id
            ORDER BY place.name, place.id LIMIT 1
        ), o.time_zone) AS zone,
        (SELECT json_agg(json_build_array(k.skill_id, k.level, k.expires_on)) FROM technician_skills AS k
            WHERE k.organization_id = t.organization_id AND k.technician_id = t.id)::text AS skills,
        (SELECT json_agg(works.territory_id) FROM technician_territories AS works
            WHERE works.organization_id = t.organization_id AND works.technician_id = t.id)::text AS territories,
        (SELECT json_agg(free.day) FROM (
            SELECT h.day FROM territory_holidays AS h
            JOIN technician_territories AS works
                ON works.organization_id = h.organization_id AND works.territory_id = h.territory_id
            WHERE works.organization_id = t.organization_id AND works.technician_id = t.id
                AND h.day BETWEEN (:since)::date - 1 AND (:until)::date + 1
            GROUP BY h.day
            HAVING count(*) = (SELECT count(*) FROM technician_territories AS works
                WHERE works.organization_id = t.organization_id AND works.technician_id = t.id)
        ) AS free)::text AS holidays,
        (SELECT json_agg(json_build_array(extract(epoch FROM s.starts_at), extract(epoch FROM s.ends_at), s.on_call,
            (SELECT json_agg(json_build_array(extract(epoch FROM b.starts_at), extract(epoch FROM b.ends_at))
                ORDER BY b.starts_at)
                FROM shift_breaks AS b WHERE b.organization_id = s.organization_id AND b.shift_id = s.id))
            ORDER BY s.starts_at)
            FROM shifts AS s WHERE s.organization_id = t.organization_id AND s.technician_id = t.id
                AND s.ends_at > :since AND s.starts_at < :until)::text AS shifts,
        (SELECT json_agg(json_build_array(extract(epoch FROM f.starts_at), extract(epoch FROM f.ends_at))
            ORDER BY f.starts_at)
            FROM time_off AS f WHERE f.organization_id = t.organization_id AND f.technician_id = t.id
                AND f.ends_at > :since AND f.starts_at < :until)::text AS time_off,
        {bookings}
    FROM technicians AS t
    JOIN users AS u ON u.organization_id = t.organization_id AND u.id = t.user_id
    JOIN organizations AS o ON o.organization_id = t.organization_id
    WHERE t.organization_id = :organization_id {which}
    ORDER BY t.id
"""
_BAYS = """
    SELECT t.id, t.facility_id, t.name, t.active AND home.active AS active,
        (SELECT json_agg(k.skill_id) FROM service_bay_skills AS k
            WHERE k.organization_id = t.organization_id AND k.bay_id = t.id)::text AS skills,
        {bookings}
    FROM service_bays AS t
    JOIN facilities AS home ON home.organization_id = t.organization_id AND home.id = t.facility_id
    WHERE t.organization_id = :organization_id {which}
    ORDER BY t.id
"""
_BOOKINGS = """
        (SELECT json_agg(json_build_array(b.id, extract(epoch FROM b.starts_at), extract(epoch FROM b.ends_at),
            b.latitude, b.longitude, extract(epoch FROM b.expires_at)) ORDER BY b.starts_at)
            FROM bookings AS b WHERE b.organization_id = t.organization_id AND b.{column} = t.id AND b.active
                AND b.ends_at > :since AND b.starts_at < :until
                AND (b.expires_at IS NULL OR b.expires_at > :now) AND b.id <> ALL (:but))::text AS bookings
"""
_FACILITIES = """
    SELECT f.id, f.latitude, f.longitude, f.territory_id, c.time_zone, c.weekly::text AS weekly, c.holidays
    FROM facilities AS f
    LEFT JOIN business_calendars AS c ON c.organization_id = f.organization_id AND c.id = f.calendar_id
    WHERE f.organization_id = :organization_id
    ORDER BY f.id
"""
_PARTS = sa.text(
    """
    SELECT p.id, p.part_number, p.lead_time_days, p.stock - coalesce((
        SELECT sum(r.quantity) FROM part_reservations AS r
        WHERE r.organization_id = p.organization_id AND r.part_id = p.id AND r.appointment_id <> ALL (:but)
    ), 0) AS free
    FROM parts AS p
    WHERE p.organization_id = :organization_id AND p.id = ANY (:part_ids)
    ORDER BY p.id
    """
).bindparams(
    sa.bindparam("organization_id", type_=Uuid),
    sa.bindparam("part_ids", type_=sa.ARRAY(Uuid)),
    sa.bindparam("but", type_=sa.ARRAY(Uuid)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """Rows as they were read: of all technicians, bays and facilities, or of some."""

    now: datetime
    until: datetime
    technicians: Sequence[Any]
    bays: Sequence[Any]
    facilities: Sequence[Any]

    def made_technicians(self) -> tuple[Technician, ...]:
        """Return the technicians."""
        return tuple(_technician(row) for row in self.technicians)

    def made_bays(self) -> tuple[Bay, ...]:
        """Return the bays."""
        return tuple(_bay(row) for row in self.bays)

    def problem(self, rules: SlotRules) -> Problem:
        """Return what slots are looked for in, without parts."""
        facilities = tuple(_facility(row, self.now - _BEFORE, self.until) for row in self.facilities)
        return Problem(
            now=self.now,
            technicians=self.made_technicians(),
            bays=self.made_bays(),
            facilities=facilities,
            rules=rules,
        )


async def read_supply(
    connection: AsyncConnection,
    organization_id: UUID,
    *,
    now: datetime,
    horizon_days: int,
    technician_ids: Iterable[UUID] | None = None,
    bay_ids: Iterable[UUID] | None = None,
    but: Iterable[UUID] = (),
) -> Supply:
    """Return what there is from now on for so many days: of all technicians and bays, or of those named.

    Holds that have run out are none; bookings in `but` are left out.
    """
    until = now + timedelta(days=horizon_days) + _BEYOND
    times = {"organization_id": organization_id, "now": now, "since": now - _BEFORE, "until": until, "but": list(but)}
    whose = None if technician_ids is None else list(technician_ids)
    which = None if bay_ids is None else list(bay_ids)
    technicians: Sequence[Any] = ()
    bays: Sequence[Any] = ()
    if whose is None or whose:
        query = _select(_TECHNICIANS, "technician_id", whose is not None)
        technicians = (await connection.execute(query, times if whose is None else {**times, "ids": whose})).all()
    if which is None or which:
        query = _select(_BAYS, "bay_id", which is not None)
        bays = (await connection.execute(query, times if which is None else {**times, "ids": which})).all()
    facilities: Sequence[Any] = ()
    if bays:
        facilities = (await connection.execute(_select_facilities(), {"organization_id": organization_id})).all()
    return Supply(now=now, until=until, technicians=technicians, bays=bays, facilities=facilities)


async def free_parts(
    connection: AsyncConnection, organization_id: UUID, part_ids: Iterable[UUID], *, but: Iterable[UUID] = ()
) -> dict[str, PartStock]:
    """Return by part number how many are neither used nor reserved; appointments in `but` reserve nothing."""
    ids = list(part_ids)
    if not ids:
        return {}
    values = {"organization_id": organization_id, "part_ids": ids, "but": list(but)}
    rows = await connection.execute(_PARTS, values)
    return {row.part_number: PartStock(stock=max(0, row.free), lead_time_days=row.lead_time_days) for row in rows}


@cache
def _select(text: str, column: str, some: bool) -> "sa.TextClause":
    bookings = _BOOKINGS.format(column=column)
    query = sa.text(text.format(bookings=bookings, which="AND t.id = ANY (:ids)" if some else "")).bindparams(
        sa.bindparam("organization_id", type_=Uuid),
        sa.bindparam("now", type_=Moment),
        sa.bindparam("since", type_=Moment),
        sa.bindparam("until", type_=Moment),
        sa.bindparam("but", type_=sa.ARRAY(Uuid)),
    )
    return query.bindparams(sa.bindparam("ids", type_=sa.ARRAY(Uuid))) if some else query


@cache
def _select_facilities() -> "sa.TextClause":
    return sa.text(_FACILITIES).bindparams(sa.bindparam("organization_id", type_=Uuid))


def _technician(row: Any) -> Technician:
    zone = ZoneInfo(row.zone)
    skills = _listed(row.skills)
    holidays = [_day(date.fromisoformat(day), zone) for day in _listed(row.holidays)]
    home = None if row.home_latitude is None or row.home_longitude is None else (row.home_latitude, row.home_longitude)
    return Technician(
        id=row.id,
        zone=zone,
        active=row.active,
        tier_level=row.tier_level,
        skills={UUID(skill): level for skill, level, _ in skills},
        certified_until={UUID(skill): date.fromisoformat(until) for skill, _, until in skills if until is not None},
        territories=frozenset(UUID(each) for each in _listed(row.territories)),
        home=home,
        rating=row.rating,
        shifts=tuple(_shift(each, holidays) for each in _listed(row.shifts)),
        time_off=tuple(Span(start=_moment(start), end=_moment(end)) for start, end in _listed(row.time_off)),
        bookings=tuple(_bookings(row.bookings)),
    )


def _shift(kept: Sequence[Any], holidays: Sequence[Span]) -> Shift:
    start, end, on_call, breaks = kept
    since, until = _moment(start), _moment(end)
    pauses = [Span(start=_moment(begin), end=_moment(over)) for begin, over in breaks or ()]
    # Who is on call is so on holidays too.
    free = () if on_call else (day for day in holidays if day.start < until and day.end > since)
    pauses += [Span(start=max(day.start, since), end=min(day.end, until)) for day in free]
    return Shift(start=since, end=until, on_call=on_call, breaks=tuple(pauses))


def _bay(row: Any) -> Bay:
    return Bay(
        id=row.id,
        facility_id=row.facility_id,
        name=row.name,
        active=row.active,
        equipped_for=frozenset(UUID(each) for each in _listed(row.skills)),
        bookings=tuple(_bookings(row.bookings)),
    )


def _facility(row: Any, since: datetime, until: datetime) -> Facility:
    place = None if row.latitude is None or row.longitude is None else (row.latitude, row.longitude)
    opening = None
    if row.weekly is not None:
        weekly = orjson.loads(row.weekly)
        hours = WeeklyHours(
            zone=ZoneInfo(row.time_zone),
            weekly={
                number: tuple((_clock(opens), _clock(closes)) for opens, closes in weekly.get(name, ()))
                for number, name in enumerate(WEEKDAYS)
            },
            holidays=frozenset(row.holidays or ()),
        )
        opening = hours_laid_out(hours, start=since, end=until)
    return Facility(id=row.id, place=place, territory_id=row.territory_id, opening=opening)


def _clock(text: str) -> time:
    """Return a time of day; 24:00 is the midnight at the day's end, as hours that end before they begin are."""
    hours, minutes = (int(each) for each in text.split(":"))
    return time(hours % 24, minutes)


def _bookings(kept: str | None) -> Iterator[Booking]:
    for id_, start, end, latitude, longitude, expires in _listed(kept):
        yield Booking(
            id=UUID(id_),
            start=_moment(start),
            end=_moment(end),
            place=None if latitude is None or longitude is None else (latitude, longitude),
            expires_at=None if expires is None else _moment(expires),
        )


def _day(day: date, zone: ZoneInfo) -> Span:
    return Span(start=first_instant(day, zone), end=first_instant(day + timedelta(days=1), zone))


def _listed(kept: str | None) -> list[Any]:
    found: list[Any] = [] if kept is None else orjson.loads(kept)
    return found


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
