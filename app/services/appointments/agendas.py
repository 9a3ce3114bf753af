"""Agendas of organisations, kept by one process and brought up to date from the log before each question.

Laying one out anew takes a second where there are many technicians; what bookings change is revised in milliseconds.
A process that keeps an old agenda offers slots that are gone at worst: booking judges each again.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.db.tables.base import Uuid
from app.db.transaction import UNREACHABLE, Mode, transaction
from app.domain.organizations import HORIZON_DAYS, BookingRules, booking_rules
from app.planning.slots.agenda import Agenda, laid_out, revised
from app.planning.slots.problem import Booking, SlotRules
from app.services.appointments.search import slot_rules
from app.services.appointments.supply import Supply, read_supply
from app.services.appointments.thinking import thought
from app.services.organization import settings_of

_MOST_KEPT = 50
# Older ones are laid out anew beside the questions, which still ask the old one.
_AGES_AFTER = timedelta(minutes=30)
# Beyond that, laying out anew costs less.
_MOST_REVISED = 50

# Time that was taken or given back, and by whom. Bookings are never moved: an appointment that was has several.
_CHANGED = sa.text(
    """
    SELECT h.position,
        (SELECT array_agg(DISTINCT who) FROM (
            SELECT unnest(ARRAY[e.technician_before, e.technician_after]) AS who FROM events AS e
            WHERE e.organization_id = h.organization_id AND e.position > :since
                AND e.kind IN ('Appointment', 'SlotHold', 'Shift', 'TimeOff')
        ) AS people WHERE who IS NOT NULL) AS technicians,
        (SELECT array_agg(DISTINCT b.bay_id) FROM events AS e
            JOIN bookings AS b ON b.organization_id = e.organization_id
                AND (b.id = e.subject_id OR b.appointment_id = e.subject_id)
            WHERE e.organization_id = h.organization_id AND e.position > :since
                AND e.kind IN ('Appointment', 'SlotHold') AND b.bay_id IS NOT NULL) AS bays,
        EXISTS (SELECT 1 FROM events AS e
            WHERE e.organization_id = h.organization_id AND e.position > :since AND e.type = 'RECORD_CHANGED'
                AND e.kind IN ('Technician', 'User', 'Facility', 'ServiceBay', 'Territory', 'Organization',
                    'BusinessCalendar')) AS everything
    FROM event_heads AS h WHERE h.organization_id = :organization_id
    """
).bindparams(sa.bindparam("organization_id", type_=Uuid), sa.bindparam("since", type_=sa.BigInteger))
_HEAD = sa.text("SELECT position FROM event_heads WHERE organization_id = :organization_id").bindparams(
    sa.bindparam("organization_id", type_=Uuid)
)


log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An agenda with the position of the log that it stands at."""

    agenda: Agenda
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _News:
    """Technicians and bays that have changed until a position of the log."""

    position: int
    supply: Supply


@dataclass(slots=True)
class _Kept:
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    standing: Standing | None = None
    renewing: "asyncio.Task[None] | None" = None


class Agendas:
    """Keeps the agendas of the organisations that were asked for last."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        clock: Callable[[], datetime],
        rules: BookingRules,
        horizon_days: int = HORIZON_DAYS,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._rules = rules
        self.horizon_days = horizon_days
        self._kept: OrderedDict[UUID, _Kept] = OrderedDict()

    async def of(self, organization_id: UUID) -> Standing:
        """Return the organisation's agenda as things stand now."""
        kept = self._kept.setdefault(organization_id, _Kept())
        self._kept.move_to_end(organization_id)
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        async with kept.turn:
            kept.standing = await self._present(organization_id, kept.standing)
        if self._clock() - kept.standing.agenda.problem.now > _AGES_AFTER and kept.renewing is None:
            kept.renewing = asyncio.create_task(self._renew(organization_id, kept))
        return kept.standing

    async def _present(self, organization_id: UUID, old: Standing | None) -> Standing:
        now = self._clock()
        async with transaction(self._engine, organization_id, mode=Mode.READ) as connection:
            rules = await self._settled(connection, organization_id)
            if old is not None and old.agenda.problem.rules == rules and old.agenda.problem.now <= now:
                news = await _news(connection, organization_id, old, now, self.horizon_days)
            else:
                news = None
            if news is None:
                position = await _head(connection, organization_id)
                supply = await read_supply(connection, organization_id, now=now, horizon_days=self.horizon_days)
        if old is not None and news is not None:
            agenda = old.agenda
            if news.supply.technicians or news.supply.bays:
                agenda = await thought(_revised, agenda, news.supply)
            return Standing(agenda=agenda, position=news.position)
        agenda = await thought(lambda: laid_out(supply.problem(rules)))
        return Standing(agenda=agenda, position=position)

    async def _renew(self, organization_id: UUID, kept: _Kept) -> None:
        """Lay the agenda out anew; what happens meanwhile is revised by the next question."""
        try:
            new = await self._present(organization_id, None)
            async with kept.turn:
                kept.standing = new
        except UNREACHABLE as error:
            # The next question that is late enough tries again.
            log.warning("agenda.not_renewed", organization_id=str(organization_id), reason=type(error).__name__)
        finally:
            kept.renewing = None

    async def _settled(self, connection: AsyncConnection, organization_id: UUID) -> SlotRules:
        own = booking_rules(await settings_of(connection, organization_id), self._rules)
        return slot_rules(own, horizon_days=self.horizon_days)


async def _news(
    connection: AsyncConnection, organization_id: UUID, old: Standing, now: datetime, horizon_days: int
) -> _News | None:
    """Return what has changed since an agenda was read; None: so much that it is better laid out anew."""
    agenda = old.agenda
    values = {"organization_id": organization_id, "since": old.position}
    row = (await connection.execute(_CHANGED, values)).one()
    over = agenda.problem.now + timedelta(hours=1)
    technicians, bays = set(row.technicians or ()), set(row.bays or ())
    if now >= agenda.good_until:
        # Holds have run out: whose they were is free again.
        technicians |= {each.id for each in agenda.problem.technicians if _held(each.bookings, now)}
        bays |= {each.id for each in agenda.problem.bays if _held(each.bookings, now)}
    known = agenda.roster.number_of.keys()
    unknown = technicians - known or bays - {each.id for each in agenda.problem.bays}
    if row.everything or unknown or now >= over or len(technicians) > _MOST_REVISED:
        return None
    supply = await read_supply(
        connection, organization_id, now=now, horizon_days=horizon_days, technician_ids=technicians, bay_ids=bays
    )
    return _News(position=row.position, supply=supply)


def _held(bookings: tuple[Booking, ...], now: datetime) -> bool:
    return any(each.expires_at is not None and each.expires_at <= now for each in bookings)


def _revised(agenda: Agenda, supply: Supply) -> Agenda:
    return revised(agenda, technicians=supply.made_technicians(), bays=supply.made_bays())


async def _head(connection: AsyncConnection, organization_id: UUID) -> int:
    position: int | None = await connection.scalar(_HEAD, {"organization_id": organization_id})
    if position is None:
        raise LookupError("the organisation has no log")
    return position
