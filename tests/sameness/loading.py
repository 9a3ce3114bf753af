"""Puts organisations into a migrated database, with a log of their own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.db import log
from app.db.tables.api_keys import api_keys
from app.db.tables.appointments import appointment_series, appointments, bookings, part_reservations, waitlist_entries
from app.db.tables.assignments import assignment_parts, assignments
from app.db.tables.attachments import attachments, file_contents
from app.db.tables.availability import shift_breaks, shifts, time_off
from app.db.tables.customers import assets, customer_users, customers, parts
from app.db.tables.locations import technician_locations
from app.db.tables.log import event_heads, log_identity
from app.db.tables.organizations import (
    escalation_tiers,
    organization_settings,
    organizations,
    skills,
    teams,
    territories,
)
from app.db.tables.people import technician_skills, technician_territories, technicians, users
from app.db.tables.sla import business_calendars, sla_clocks, sla_policies
from app.db.tables.supply import (
    facilities,
    service_bay_skills,
    service_bays,
    service_type_skills,
    service_types,
    territory_holidays,
)
from app.db.tables.tickets import comments, ticket_required_parts, ticket_required_skills, tickets
from app.db.tables.views import saved_views
from app.db.transaction import transaction
from app.demo.ids import fixed_id
from app.domain.events import Concerned, EventType, FieldChange, NewEvent
from app.domain.people import EventSource
from tests.sameness.organisation import Organisation, Row
from tests.sameness.rows import Rows, rows_of

_TABLES = {
    table.name: table
    for table in (
        *(organizations, organization_settings, teams, territories, skills, escalation_tiers),
        *(users, technicians, technician_skills, technician_territories),
        *(business_calendars, sla_policies),
        *(customers, customer_users, assets, parts),
        *(facilities, service_bays, service_bay_skills, territory_holidays, shifts, shift_breaks, time_off),
        *(service_types, service_type_skills),
        *(appointment_series, appointments, part_reservations, waitlist_entries, bookings),
        *(tickets, ticket_required_skills, ticket_required_parts, comments),
        *(assignments, assignment_parts, technician_locations, file_contents, attachments, sla_clocks, saved_views),
        api_keys,
    )
}
EPOCH = UUID(int=7)
CURSOR_KEY = bytes(range(48))


async def load(engine: AsyncEngine, organisation: Organisation, *, many: int, now: datetime) -> Rows:
    """Insert an organisation and return its rows; the last events are told at `now`."""
    rows = rows_of(organisation, tickets=many)
    async with transaction(engine, organisation.id, timeout_seconds=60) as connection:
        for name, members in rows.items():
            await connection.execute(_insert(name, members), members)
        head = {"organization_id": organisation.id, "recorded_at": now}
        await connection.execute(sa.insert(event_heads).values(head))
    for ticket in rows["tickets"][:8]:
        async with transaction(engine, organisation.id) as connection:
            await _tell(connection, organisation, _events_of(organisation, ticket, rows, now), now)
    return rows


async def fix_log(engine: AsyncEngine) -> None:
    """Give the log the same identity in every database, so that cursors are the same; for its owner."""
    async with engine.begin() as connection:
        await connection.execute(sa.update(log_identity).values(epoch=EPOCH, cursor_key=CURSOR_KEY))


def _insert(name: str, rows: Sequence[Row]) -> sa.Insert:
    table = _TABLES[name]
    if name != "tickets":
        return sa.insert(table)
    # As text, because what the database keeps of a number is more than Python's floats hold.
    document = sa.cast(sa.bindparam("document", type_=sa.Text), JSONB)
    others: dict[str, Any] = {column: sa.bindparam(column) for column in rows[0] if column != "document"}
    return sa.insert(table).values(custom_fields=document, **others)


async def _tell(connection: AsyncConnection, of: Organisation, new: Sequence[NewEvent], now: datetime) -> None:
    await log.append(
        connection,
        organization_id=of.id,
        change_id=of.new("Change"),
        actor_id=of.maybe(list(of.users.values()), 0.8),
        source=of.pick((EventSource.WEB, EventSource.MOBILE, EventSource.SYSTEM)),
        ip_address=of.maybe(["192.0.2.7", "2001:db8::1"]),
        now=now,
        new=new,
        answer=None,
    )


def _events_of(of: Organisation, ticket: Row, rows: Rows, now: datetime) -> list[NewEvent]:
    """Return a change of a ticket with what else belongs to it: its jobs and comments, and a user."""
    about: dict[str, Any] = {name: ticket[name] for name in ("requester_id", "customer_id", "territory_id")}
    told = [
        _event(of, EventType.TICKET_CREATED, "Ticket", ticket["id"], now, Concerned(**about), ticket_id=ticket["id"])
    ]
    for job in [job for job in rows["assignments"] if job["ticket_id"] == ticket["id"]][:2]:
        concerned = Concerned(technician_id=job["technician_id"], **about)
        keys = {"ticket_id": ticket["id"], "assignment_id": job["id"]}
        told.append(_event(of, EventType.JOB_ASSIGNED, "Assignment", job["id"], now, concerned, **keys))
    for row in [row for row in rows["appointments"] if row["ticket_id"] == ticket["id"]][:1]:
        concerned = Concerned(technician_id=row["technician_id"], **about)
        keys = {"ticket_id": ticket["id"]}
        told.append(_event(of, EventType.APPOINTMENT_CONFIRMED, "Appointment", row["id"], now, concerned, **keys))
    for said in [said for said in rows["comments"] if said["ticket_id"] == ticket["id"]][:2]:
        concerned = Concerned(internal=said["internal"], **about)
        told.append(_event(of, EventType.COMMENT_ADDED, "Comment", said["id"], now, concerned, ticket_id=ticket["id"]))
    user_id = of.pick(list(of.users.values()))
    told.append(_event(of, EventType.RECORD_CHANGED, "User", user_id, now, Concerned()))
    return told


def _event(
    of: Organisation, kind: EventType, name: str, key: UUID, now: datetime, concerned: Concerned, **keys: UUID
) -> NewEvent:
    words = of.vocabulary
    changes = (
        FieldChange(field="title", old=of.pick(words.lines), new=of.pick(words.texts)),
        FieldChange(field="tags", old=None, new=list(words.tags[:3])),
    )
    return NewEvent(
        type=kind,
        kind=name,
        id=key,
        version=of.chance.randint(1, 5),
        occurred_at=now,
        changes=changes,
        before=of.pick((None, concerned)),
        after=concerned,
        **keys,
    )


def other_key(kind: str) -> UUID:
    """Return a key that no row has."""
    return fixed_id(f"nobody's {kind}")
