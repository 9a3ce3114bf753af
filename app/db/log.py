"""The log in SQL: how a change is appended, and how readers follow it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.tables.base import Json, Moment, Uuid
from app.db.tables.log import event_heads, events, log_identity
from app.domain.events import PAYLOAD_VERSION, Concerned, Event, EventType, FieldChange, NewEvent
from app.domain.people import EventSource

_CONCERNED = ("technician", "team", "territory", "requester", "customer")

# One statement, and the last of its transaction: the head's row lock is held for one round trip
# and the commit, and positions are handed out in the order in which transactions commit.
_APPEND = sa.text(
    """
    WITH head AS (
        UPDATE event_heads
        SET position = position + :count, recorded_at = greatest(recorded_at, :now)
        WHERE organization_id = :organization_id
        RETURNING position - :count AS base, recorded_at
    ), appended AS (
        INSERT INTO events (organization_id, position, change_id, type, payload_version, kind, subject_id,
            version, ticket_id, assignment_id, existed, exists_after, technician_before, technician_after,
            team_before, team_after, territory_before, territory_after, requester_before, requester_after,
            customer_before, customer_after, territories_before, territories_after, internal_before,
            internal_after, changes, actor_id, source, ip_address, occurred_at, recorded_at)
        SELECT :organization_id, head.base + e.number, :change_id, e.type, :payload_version, e.kind,
            e.subject_id, e.version, e.ticket_id, e.assignment_id, e.existed, e.exists_after,
            e.technician_before, e.technician_after, e.team_before, e.team_after, e.territory_before,
            e.territory_after, e.requester_before, e.requester_after, e.customer_before, e.customer_after,
            e.territories_before, e.territories_after, e.internal_before, e.internal_after, e.changes,
            :actor_id, :source, :ip_address ::text::inet, e.occurred_at, head.recorded_at
        FROM head, jsonb_to_recordset(:events) AS e(number integer, type text, kind text, subject_id uuid,
            version integer, ticket_id uuid, assignment_id uuid, existed boolean, exists_after boolean,
            technician_before uuid, technician_after uuid, team_before uuid, team_after uuid,
            territory_before uuid, territory_after uuid, requester_before uuid, requester_after uuid,
            customer_before uuid, customer_after uuid, territories_before uuid[], territories_after uuid[],
            internal_before boolean, internal_after boolean, changes jsonb, occurred_at timestamptz)
    ), kept AS (
        INSERT INTO idempotency_results (organization_id, actor_id, mutation, key, input_hash, change_id,
            position, result, created_at)
        SELECT :organization_id, :actor_id, :mutation, :key, :input_hash, :change_id, head.base + :count,
            :result, :now
        FROM head WHERE :key ::text IS NOT NULL
        ON CONFLICT (organization_id, actor_id, mutation, key) DO UPDATE
        SET input_hash = excluded.input_hash, change_id = excluded.change_id, position = excluded.position,
            result = excluded.result, created_at = excluded.created_at
    )
    SELECT base + :count FROM head
    """
).bindparams(
    sa.bindparam("organization_id", type_=Uuid),
    sa.bindparam("count", type_=sa.Integer),
    sa.bindparam("now", type_=Moment),
    sa.bindparam("change_id", type_=Uuid),
    sa.bindparam("payload_version", type_=sa.SmallInteger),
    sa.bindparam("actor_id", type_=Uuid),
    sa.bindparam("source", type_=sa.Text),
    sa.bindparam("ip_address", type_=sa.Text),
    sa.bindparam("events", type_=Json),
    sa.bindparam("mutation", type_=sa.Text),
    sa.bindparam("key", type_=sa.Text),
    sa.bindparam("input_hash", type_=sa.LargeBinary),
    sa.bindparam("result", type_=Json),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogIdentity:
    """What makes this log's cursors its own: the epoch changes when a backup is restored."""

    epoch: UUID
    cursor_key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """What to store for a repeat of the same request."""

    mutation: str
    key: str
    input_hash: bytes
    result: Mapping[str, Any]


async def append(
    connection: AsyncConnection,
    *,
    organization_id: UUID,
    change_id: UUID,
    actor_id: UUID | None,
    source: EventSource,
    ip_address: str | None,
    now: datetime,
    new: Sequence[NewEvent],
    answer: KeptAnswer | None,
) -> int:
    """Raise the organisation's head, insert the events and the answer; return the new head.

    Must be the last statement before the commit. Guard: the head's row lock orders all writers of
    one organisation, so positions are gapless and appear in commit order.
    """
    position = await connection.scalar(
        _APPEND,
        {
            "organization_id": organization_id,
            "count": len(new),
            "now": now,
            "change_id": change_id,
            "payload_version": PAYLOAD_VERSION,
            "actor_id": actor_id,
            "source": source,
            "ip_address": ip_address,
            "events": [_row(number, event) for number, event in enumerate(new, start=1)],
            "mutation": answer.mutation if answer else None,
            "key": answer.key if answer else None,
            "input_hash": answer.input_hash if answer else None,
            "result": dict(answer.result) if answer else None,
        },
    )
    if position is None:
        raise LookupError("the organisation has no log")
    return int(position)


async def identity(connection: AsyncConnection) -> LogIdentity:
    """Return the log's epoch and the key of its cursors."""
    row = (await connection.execute(sa.select(log_identity.c.epoch, log_identity.c.cursor_key))).one()
    return LogIdentity(epoch=row.epoch, cursor_key=row.cursor_key)


async def heads(connection: AsyncConnection, organization_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return the last position of each of these organisations."""
    query = sa.select(event_heads.c.organization_id, event_heads.c.position).where(
        event_heads.c.organization_id == sa.any_(sa.cast(list(organization_ids), sa.ARRAY(Uuid)))
    )
    return {row.organization_id: row.position for row in await connection.execute(query)}


async def head(connection: AsyncConnection, organization_id: UUID) -> int:
    """Return the organisation's last position."""
    return (await heads(connection, [organization_id])).get(organization_id, 0)


async def read(
    connection: AsyncConnection, organization_id: UUID, *, after: int, limit: int, until: int | None = None
) -> list[Event]:
    """Return events with `after` < position (≤ `until`), in order, at most `limit`."""
    query = (
        sa.select(events)
        .where(events.c.organization_id == organization_id, events.c.position > after)
        .order_by(events.c.position)
        .limit(limit)
    )
    if until is not None:
        query = query.where(events.c.position <= until)
    return [event_of(dict(row)) for row in (await connection.execute(query)).mappings()]


async def read_subject(
    connection: AsyncConnection, organization_id: UUID, kind: str, subject_id: UUID, *, after_version: int, limit: int
) -> list[Event]:
    """Return what happened to one row of a kind since a version of it, in order."""
    query = (
        sa.select(events)
        .where(
            events.c.organization_id == organization_id,
            events.c.subject_id == subject_id,
            events.c.kind == kind,
            events.c.version > after_version,
        )
        .order_by(events.c.position)
        .limit(limit)
    )
    return [event_of(dict(row)) for row in (await connection.execute(query)).mappings()]


async def read_tickets(
    connection: AsyncConnection, organization_id: UUID, ticket_ids: Sequence[UUID]
) -> dict[UUID, list[Event]]:
    """Return all that happened to each of these tickets and to what hangs on them, in order."""
    found: dict[UUID, list[Event]] = {ticket_id: [] for ticket_id in ticket_ids}
    query = (
        sa.select(events)
        .where(
            events.c.organization_id == organization_id,
            events.c.ticket_id == sa.any_(sa.cast(list(ticket_ids), sa.ARRAY(Uuid))),
        )
        .order_by(events.c.position)
    )
    for row in (await connection.execute(query)).mappings():
        found[row["ticket_id"]].append(event_of(dict(row)))
    return found


async def first_replayable(connection: AsyncConnection, organization_id: UUID, *, since: datetime) -> int:
    """Return the position before the first event recorded at or after `since`.

    Positions and recording times rise together, so the last older event marks the boundary.
    """
    query = (
        sa.select(events.c.position)
        .where(events.c.organization_id == organization_id, events.c.recorded_at < since)
        .order_by(events.c.recorded_at.desc(), events.c.position.desc())
        .limit(1)
    )
    return int(await connection.scalar(query) or 0)


def event_of(row: Mapping[str, Any]) -> Event:
    """Build an event from a row of the table."""
    return Event(
        organization_id=row["organization_id"],
        position=row["position"],
        id=row["id"],
        change_id=row["change_id"],
        type=_type_of(row["type"]),
        payload_version=row["payload_version"],
        kind=row["kind"],
        subject_id=row["subject_id"],
        version=row["version"],
        ticket_id=row["ticket_id"],
        assignment_id=row["assignment_id"],
        before=_concerned(row, "before") if row["existed"] else None,
        after=_concerned(row, "after") if row["exists_after"] else None,
        changes=tuple(FieldChange(field=c["field"], old=c["old"], new=c["new"]) for c in row["changes"]),
        actor_id=row["actor_id"],
        source=row["source"],
        ip_address=None if row["ip_address"] is None else str(row["ip_address"]),
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
    )


def _type_of(word: str) -> EventType:
    # A newer release may write words that this one does not know: something changed, that much is sure.
    return EventType(word) if word in EventType.__members__ else EventType.RECORD_CHANGED


def _concerned(row: Mapping[str, Any], moment: str) -> Concerned:
    ids = {f"{name}_id": row[f"{name}_{moment}"] for name in _CONCERNED}
    territory_ids = frozenset(row[f"territories_{moment}"] or ())
    return Concerned(territory_ids=territory_ids, internal=row[f"internal_{moment}"], **ids)


def _row(number: int, event: NewEvent) -> dict[str, Any]:
    row: dict[str, Any] = {
        "number": number,
        "type": event.type,
        "kind": event.kind,
        "subject_id": str(event.id),
        "version": event.version,
        "ticket_id": _text(event.ticket_id),
        "assignment_id": _text(event.assignment_id),
        "existed": event.before is not None,
        "exists_after": event.after is not None,
        "occurred_at": event.occurred_at.isoformat(),
        "changes": [{"field": c.field, "old": c.old, "new": c.new} for c in event.changes],
    }
    for moment, concerned in (("before", event.before), ("after", event.after)):
        told = concerned or Concerned()
        row[f"internal_{moment}"] = told.internal
        row[f"territories_{moment}"] = [str(each) for each in sorted(told.territory_ids)] or None
        for name in _CONCERNED:
            row[f"{name}_{moment}"] = _text(getattr(told, f"{name}_id"))
    return row


def _text(id_: UUID | None) -> str | None:
    return None if id_ is None else str(id_)
