"""On which boards technicians stand as things are in a change."""

from collections.abc import Iterable, Mapping
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.base import Uuid
from app.domain.assignments import ACTIVE
from app.domain.lanes import Lane
from app.services.change import Change

_LANES = sa.text(
    """
    SELECT t.id, t.team_id,
        ARRAY(SELECT works.territory_id FROM technician_territories AS works
            WHERE works.organization_id = t.organization_id AND works.technician_id = t.id) AS works_in,
        ARRAY(SELECT ticket.territory_id FROM assignments AS job
            JOIN tickets AS ticket ON ticket.organization_id = job.organization_id AND ticket.id = job.ticket_id
            WHERE job.organization_id = t.organization_id AND job.technician_id = t.id
                AND job.status = ANY (:active) AND ticket.territory_id IS NOT NULL) AS busy_in
    FROM technicians AS t
    WHERE t.organization_id = :organization_id AND t.id = ANY (:ids)
    """
).bindparams(
    sa.bindparam("organization_id", type_=Uuid),
    sa.bindparam("ids", type_=sa.ARRAY(Uuid)),
    sa.bindparam("active", [each.value for each in ACTIVE], type_=sa.ARRAY(sa.Text)),
)


async def lanes_of(change: Change, technician_ids: Iterable[UUID]) -> Mapping[UUID, Lane]:
    """Return where these technicians have lanes as things stand in the change."""
    ids = sorted(set(technician_ids))
    values = {"organization_id": change.actor.organization_id, "ids": ids}
    rows = await change.connection.execute(_LANES, values)
    return {
        row.id: Lane(team_id=row.team_id, works_in=frozenset(row.works_in), busy_in=frozenset(row.busy_in))
        for row in rows
    }
