"""What the database holds in the end, read with plain SQL by a login that sees every row."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias
from uuid import UUID

import asyncpg

from app.domain.cursors import CursorCodec

Rows: TypeAlias = list[tuple[str, UUID]]

# Per mutation, each row that has its mark: the text that the client chose, or the row's own id.
_MARKED: Mapping[str, str] = MappingProxyType(
    {
        "createTicket": "SELECT title, id FROM tickets WHERE organization_id = $1",
        "addComment": "SELECT body, id FROM comments WHERE organization_id = $1",
        "assignTicket": "SELECT reason_note, id FROM assignments WHERE organization_id = $1",
        "rejectAssignment": "SELECT rejection_reason, id FROM assignments WHERE organization_id = $1",
        "acceptAssignment": "SELECT assignment_id::text, assignment_id FROM events "
        "WHERE organization_id = $1 AND type = 'JOB_ACCEPTED'",
    }
)
_COUNTS = (
    "SELECT (SELECT count(*) FROM organizations) AS organizations, (SELECT count(*) FROM tickets) AS tickets, "
    "(SELECT count(*) FROM comments) AS comments, (SELECT count(*) FROM assignments) AS assignments"
)
_DIGEST = (
    "SELECT md5(string_agg(position::text || id::text || changes::text, ',' ORDER BY organization_id, position)) "
    "FROM events WHERE organization_id <> $1 OR position <= $2"
)
_GAPS = (
    "SELECT h.organization_id FROM event_heads h LEFT JOIN events e USING (organization_id) "
    "GROUP BY h.organization_id, h.position "
    "HAVING count(e.position) <> h.position OR max(e.position) <> h.position OR min(e.position) <> 1"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """How things stood before the clients came; `digest` is of every event by then."""

    organization_id: UUID
    position: int
    digest: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """What the database keeps for a repeat."""

    change_id: UUID
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """How things stand afterwards. Events and changes are those after the baseline.

    `changes` has the last position of each, `unasked` those that the server has made by itself as time went by,
    `answers` those kept by mutation and key, `gaps` the organisations whose positions are not 1, 2, … up to the head.
    """

    marked: Mapping[str, Rows]
    events: list[UUID]
    changes: Mapping[UUID, int]
    unasked: frozenset[UUID]
    answers: Mapping[tuple[str, str], list[KeptAnswer]]
    gaps: list[UUID]
    digest: str
    counts: Mapping[str, int]
    codec: CursorCodec


async def baseline(url: str, organization_id: UUID) -> Baseline:
    """Read how things stand before the clients come."""
    connection = await asyncpg.connect(url)
    try:
        query = "SELECT position FROM event_heads WHERE organization_id = $1"
        position = await connection.fetchval(query, organization_id)
        return Baseline(
            organization_id=organization_id,
            position=position,
            digest=await connection.fetchval(_DIGEST, organization_id, position) or "",
            counts=await _counts(connection),
        )
    finally:
        await connection.close()


async def stored(url: str, before: Baseline) -> Stored:
    """Read how things stand now."""
    connection = await asyncpg.connect(url)
    try:
        organization_id = before.organization_id
        since = "FROM events WHERE organization_id = $1 AND position > $2"
        events = await connection.fetch(f"SELECT id {since} ORDER BY position", organization_id, before.position)
        changes = await connection.fetch(
            "SELECT change_id, max(position) AS last, bool_and(source = 'SYSTEM') AS unasked "
            f"{since} GROUP BY change_id",
            organization_id,
            before.position,
        )
        kept = await connection.fetch(
            "SELECT mutation, key, change_id, position FROM idempotency_results WHERE organization_id = $1",
            organization_id,
        )
        answers: dict[tuple[str, str], list[KeptAnswer]] = {}
        for row in kept:
            answer = KeptAnswer(change_id=row["change_id"], position=row["position"])
            answers.setdefault((row["mutation"], row["key"]), []).append(answer)
        marked = {
            mutation: [(str(mark), key) for mark, key in await connection.fetch(query, organization_id)]
            for mutation, query in _MARKED.items()
        }
        return Stored(
            marked=marked,
            events=[row["id"] for row in events],
            changes={row["change_id"]: row["last"] for row in changes},
            unasked=frozenset(row["change_id"] for row in changes if row["unasked"]),
            answers=answers,
            gaps=[row["organization_id"] for row in await connection.fetch(_GAPS)],
            digest=await connection.fetchval(_DIGEST, organization_id, before.position) or "",
            counts=await _counts(connection),
            codec=CursorCodec(await connection.fetchval("SELECT cursor_key FROM log_identity")),
        )
    finally:
        await connection.close()


async def _counts(connection: "asyncpg.Connection[asyncpg.Record]") -> Mapping[str, int]:
    row = await connection.fetchrow(_COUNTS)
    assert row is not None, "an aggregate has one row"
    return dict(row)
