"""The rows of one organisation on their way to the tables, and the log that tells of each."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Protocol
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.bulk import copy_rows
from app.db.tables import assignments as assignment_tables
from app.db.tables import customers as customer_tables
from app.db.tables import organizations as organization_tables
from app.db.tables import people as people_tables
from app.db.tables import tickets as ticket_tables
from app.db.tables.log import events
from app.domain.administration import record_event
from app.domain.assignments import Assignment
from app.domain.events import PAYLOAD_VERSION, Concerned, NewEvent
from app.domain.people import EventSource
from app.domain.tickets import Ticket

# Whoever is pointed to comes first.
_ORDER = (
    organization_tables.teams,
    organization_tables.territories,
    organization_tables.skills,
    organization_tables.escalation_tiers,
    people_tables.users,
    people_tables.technicians,
    people_tables.technician_skills,
    people_tables.technician_territories,
    customer_tables.customers,
    customer_tables.customer_users,
    customer_tables.assets,
    customer_tables.parts,
    ticket_tables.tickets,
    ticket_tables.ticket_required_skills,
    ticket_tables.ticket_required_parts,
    ticket_tables.comments,
    assignment_tables.assignments,
    assignment_tables.assignment_parts,
    events,
)
_TENANT = "organization_id"
_NOBODY = Concerned()
_EVENT_COLUMNS = (
    _TENANT, "position", "id", "change_id", "type", "payload_version", "kind", "subject_id", "version",
    "ticket_id", "assignment_id", "existed", "exists_after", "technician_before", "technician_after",
    "team_before", "team_after", "territory_before", "territory_after", "requester_before",
    "requester_after", "customer_before", "customer_after", "internal_before", "internal_after",
    "changes", "actor_id", "source", "ip_address", "occurred_at", "recorded_at",
)  # fmt: skip
_COLUMNS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "events": _EVENT_COLUMNS,
        "tickets": tuple(each.name for each in fields(Ticket)),
        "assignments": tuple(each.name for each in fields(Assignment)),
        "escalation_tiers": (
            *(_TENANT, "level", "code", "name", "accept_within_minutes", "team_id"),
            *("created_at", "updated_at"),
        ),
    }
)
Rows = Mapping[str, Sequence[Sequence[object]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """Who makes a change, and by what way."""

    user_id: UUID | None
    source: EventSource
    ip_address: str | None = None


SYSTEM = Hand(user_id=None, source=EventSource.SYSTEM)


class Ids(Protocol):
    """Gives keys."""

    def new(self, at: datetime, /) -> UUID:
        """Return a new key of this moment."""


class Journal:
    """Collects rows and gives events their positions; moments must not go back.

    It goes on behind `position`, recorded at `recorded_at`; an empty log stands at 0 and has no time.
    """

    def __init__(
        self, organization_id: UUID, ids: Ids, *, position: int = 0, recorded_at: datetime | None = None
    ) -> None:
        self.organization_id = organization_id
        self.ids = ids
        self.position = position
        self.recorded_at = recorded_at
        self._rows: dict[str, list[Sequence[object]]] = defaultdict(list)

    @property
    def waiting(self) -> int:
        """How many events are not written yet."""
        return len(self._rows["events"])

    def keep(self, table: sa.Table, record: Any) -> None:
        """Add the row of a record."""
        self._rows[table.name].append(_values(table.name)(record))

    def keep_row(self, table: sa.Table, *values: object) -> None:
        """Add a row: the values of all columns after the organisation, in the table's order."""
        self._rows[table.name].append((self.organization_id, *values))

    def found(self, table: sa.Table, record: Any, at: datetime, hand: Hand) -> None:
        """Add the row of a new record of administration, and log its creation."""
        if table is not organization_tables.organizations:
            self.keep(table, record)
        self.log(at, hand, record_event(None, record, at))

    def log(self, at: datetime, hand: Hand, *told: NewEvent) -> None:
        """Log one change; its events take the next positions in the order given."""
        change_id = self.ids.new(at)
        self.recorded_at = at if self.recorded_at is None else max(at, self.recorded_at)
        rows = self._rows["events"]
        for event in told:
            self.position += 1
            before, after = event.before or _NOBODY, event.after or _NOBODY
            rows.append(
                (
                    self.organization_id,
                    self.position,
                    self.ids.new(at),
                    change_id,
                    event.type,
                    PAYLOAD_VERSION,
                    event.kind,
                    event.id,
                    event.version,
                    event.ticket_id,
                    event.assignment_id,
                    event.before is not None,
                    event.after is not None,
                    before.technician_id,
                    after.technician_id,
                    before.team_id,
                    after.team_id,
                    before.territory_id,
                    after.territory_id,
                    before.requester_id,
                    after.requester_id,
                    before.customer_id,
                    after.customer_id,
                    before.internal,
                    after.internal,
                    event.changes,
                    hand.user_id,
                    hand.source,
                    hand.ip_address,
                    event.occurred_at,
                    self.recorded_at,
                )
            )

    def take(self) -> Rows:
        """Hand over the rows collected so far and begin anew."""
        taken, self._rows = self._rows, defaultdict(list)
        return taken


async def write(connection: AsyncConnection, rows: Rows) -> None:
    """Insert rows that a journal handed over."""
    for table in _ORDER:
        if waiting := rows.get(table.name):
            await copy_rows(connection, table, _columns_of(table), waiting)


def _columns_of(table: sa.Table) -> Sequence[str]:
    return _COLUMNS.get(table.name) or [column.name for column in table.c if column.computed is None]


@cache
def _values(table_name: str) -> "attrgetter[tuple[object, ...]]":
    return attrgetter(*_columns_of(next(table for table in _ORDER if table.name == table_name)))
