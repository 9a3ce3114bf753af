"""What is asked: the same things of every peer, in its own words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from benchmarks.read.operations import Operation
from schema.ids import global_id

_JOBS = 400
_STATUSES = ("ASSIGNED", "IN_PROGRESS")
_ACTIVE = ("ASSIGNED", "ACCEPTED", "EN_ROUTE", "IN_PROGRESS", "PAUSED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """What an organisation is asked about: jobs, and technicians with the length of their queues."""

    organization_id: UUID
    jobs: Sequence[UUID]
    technicians: Sequence[tuple[UUID, int]]


async def subjects(database: str, organization_id: UUID) -> Subjects:
    """Return some hundred jobs and every technician with a queue, in an order that is always the same."""
    connection = await asyncpg.connect(database)
    try:
        jobs = await connection.fetch(
            "SELECT id FROM assignments WHERE organization_id = $1 ORDER BY md5(id::text) LIMIT $2",
            organization_id,
            _JOBS,
        )
        technicians = await connection.fetch(
            "SELECT technician_id, count(*) AS jobs FROM assignments WHERE organization_id = $1 AND status = ANY ($2)"
            " GROUP BY technician_id ORDER BY md5(technician_id::text)",
            organization_id,
            list(_ACTIVE),
        )
    finally:
        await connection.close()
    return Subjects(
        organization_id=organization_id,
        jobs=[row["id"] for row in jobs],
        technicians=[(row["technician_id"], row["jobs"]) for row in technicians],
    )


def bodies(operation: Operation, asked: Subjects, *, theirs: bool) -> list[bytes]:
    """Return the request bodies of an operation, ours or PostGraphile's."""
    text = operation.theirs if theirs else operation.ours
    name = text.split("(")[0].split()[-1]
    found: list[dict[str, Any]] = []
    organization = {"org": str(asked.organization_id)}
    if operation.takes == "job":
        found = [
            {**organization, "id": str(job)} if theirs else {"id": global_id("Assignment", job)} for job in asked.jobs
        ]
    elif operation.takes == "technician":
        found = [
            {**organization, "id": str(key), "n": length} if theirs else {"id": global_id("Technician", key)}
            for key, length in asked.technicians
        ]
    else:
        found = [{**organization, "status": word} if theirs else {"status": [word]} for word in _STATUSES]
    return [orjson.dumps({"query": text, "operationName": name, "variables": each}) for each in found]
