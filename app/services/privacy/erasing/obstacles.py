"""What of somebody's still runs, so that their data cannot be erased under it."""

from collections.abc import Mapping
from types import MappingProxyType

import sqlalchemy as sa

from app.db.personal import Person, rows_of
from app.db.tables.appointments import appointment_series, appointments, bookings, waitlist_entries
from app.db.tables.assignments import assignments
from app.db.tables.tickets import tickets
from app.domain import appointment_life
from app.domain.assignments import ACTIVE
from app.domain.bookings import BookingKind
from app.domain.obstacles import Obstacle, ObstacleKind
from app.domain.privacy.register import REGISTER
from app.domain.tickets import TicketStatus
from app.domain.waitlist import WaitlistStatus
from app.services.change import Change

_OVER = (TicketStatus.RESOLVED, TicketStatus.CLOSED, TicketStatus.CANCELLED)
_WAITS = (WaitlistStatus.WAITING, WaitlistStatus.OFFERED)

_RUNNING: Mapping[ObstacleKind, tuple[sa.Table, "sa.ColumnElement[bool]"]] = MappingProxyType(
    {
        ObstacleKind.OPEN_TICKETS: (tickets, tickets.c.status.not_in(_OVER) & tickets.c.deleted_at.is_(None)),
        ObstacleKind.ACTIVE_JOBS: (assignments, assignments.c.status.in_(ACTIVE)),
        ObstacleKind.COMING_APPOINTMENTS: (appointments, appointments.c.status.in_(appointment_life.OPEN)),
        ObstacleKind.RUNNING_SERIES: (appointment_series, ~appointment_series.c.ended),
        ObstacleKind.HELD_SLOTS: (bookings, (bookings.c.kind == BookingKind.HOLD) & bookings.c.active),
        ObstacleKind.WAITING: (waitlist_entries, waitlist_entries.c.status.in_(_WAITS)),
    }
)


async def obstacles_of(change: Change, person: Person) -> tuple[Obstacle, ...]:
    """Return what of a locked person's still runs, of technicians also what takes their time."""
    found = []
    for kind, (table, running) in _RUNNING.items():
        query = sa.select(sa.func.count()).select_from(table).where(_of(person, table), running)
        count = int(await change.connection.scalar(query) or 0)
        if count:
            found.append(Obstacle(kind=kind, count=count))
    return tuple(found)


def _of(person: Person, table: sa.Table) -> "sa.ColumnElement[bool]":
    theirs = rows_of(person, REGISTER[table.name], erased=True)
    if person.technician_id is None or "technician_id" not in table.c:
        return theirs
    mine = table.c.organization_id == person.organization_id
    return theirs | (mine & (table.c.technician_id == person.technician_id))
