"""Alerts that monitoring has told of: what came of each is kept, so that it comes of it once."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import locks
from app.db.tables.appointments import alerts
from app.db.tables.base import Uuid
from app.domain.refusals import IdempotencyInProgress, Invalid
from app.services.change import Change
from app.services.perform import Written

_PATIENCE_SECONDS = 5.0
# So many events a change has at most that makes a ticket and books it; those of one change lie together.
_MOST_EVENTS = 100
# The ticket was made by the alert, so its first event and its first job are of the same change.
_KNOWN = sa.text(
    """
    SELECT a.input_hash, a.ticket_id, a.appointment_id, e.change_id,
        (SELECT j.id FROM assignments AS j WHERE j.organization_id = a.organization_id AND j.ticket_id = a.ticket_id
            AND j.sequence = 1 AND a.appointment_id IS NOT NULL) AS assignment_id,
        (SELECT max(last.position) FROM events AS last WHERE last.organization_id = a.organization_id
            AND last.position BETWEEN e.position AND e.position + :most AND last.change_id = e.change_id) AS position
    FROM alerts AS a
    JOIN events AS e ON e.organization_id = a.organization_id AND e.subject_id = a.ticket_id AND e.version = 1
        AND e.type = 'TICKET_CREATED'
    WHERE a.organization_id = :organization_id AND a.alert_id = :alert_id
    """
).bindparams(sa.bindparam("organization_id", type_=Uuid), sa.bindparam("most", type_=sa.Integer))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert by its id, with a hash of all that it says."""

    id: str
    input_hash: bytes


async def lock_alert(change: Change, alert: Alert) -> None:
    """Let nobody else make anything of this alert until the change ends.

    Guard: the alert's advisory lock; what came of it is read afterwards.

    Raises:
        IdempotencyInProgress: somebody else has been at it for five seconds.
    """
    names = (str(change.actor.organization_id), "alert", alert.id)
    if not await locks.try_lock_key(change.connection, *names, patience_seconds=_PATIENCE_SECONDS):
        raise IdempotencyInProgress(field=("alertId",))


async def what_came_of(connection: AsyncConnection, organization_id: UUID, alert: Alert) -> Written | None:
    """Return what was written when the alert was told of for the first time, None: it was not.

    Raises:
        Invalid: it said something else then.
    """
    values = {"organization_id": organization_id, "alert_id": alert.id, "most": _MOST_EVENTS}
    row = (await connection.execute(_KNOWN, values)).one_or_none()
    if row is None:
        return None
    if row.input_hash != alert.input_hash:
        problem = "An alert with this alertId was told of with other content; give a new alert an id of its own."
        raise Invalid(field=("alertId",), problem=problem)
    found = {"ticket": row.ticket_id, "appointment": row.appointment_id, "assignment": row.assignment_id}
    ids = {name: id_ for name, id_ in found.items() if id_ is not None}
    return Written(change_id=row.change_id, position=row.position, ids=ids)


async def keep_alert(change: Change, alert: Alert, *, ticket_id: UUID, appointment_id: UUID | None) -> None:
    """Keep what came of an alert."""
    row = {
        "organization_id": change.actor.organization_id,
        "alert_id": alert.id,
        "input_hash": alert.input_hash,
        "ticket_id": ticket_id,
        "appointment_id": appointment_id,
        "created_at": change.now,
    }
    await change.connection.execute(sa.insert(alerts).values(row))
