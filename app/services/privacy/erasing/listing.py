"""Erasures in a list: whose, when, by whom, and whether the files have gone too."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.tables.attachments import attachments, file_contents
from app.db.tables.privacy import erasures
from app.domain.erasures import ErasureReason, ErasureSubject


class ErasureState(StrEnum):
    """How far an erasure has come; rows and events go at once, bytes are erased by a worker."""

    DONE = "DONE"
    FILES_WAIT = "FILES_WAIT"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedErasure:
    """An erasure in a list; `erased_by` is the user who erased, `files_waiting` how many files have bytes yet."""

    id: UUID
    kind: ErasureSubject
    subject_id: UUID
    reason: ErasureReason
    change_id: UUID
    erased_by: UUID | None
    erased_at: datetime
    files_waiting: int

    @property
    def state(self) -> ErasureState:
        """How far it has come."""
        return ErasureState.FILES_WAIT if self.files_waiting else ErasureState.DONE


async def listed_erasures(
    connection: AsyncConnection, organization_id: UUID, *, most: int, after: UUID | None = None
) -> Sequence[ListedErasure]:
    """Return erasures, at most so many, the newest first, or those that come `after` one in that order."""
    of = erasures.c
    query = sa.select(
        *(of[name] for name in ("id", "kind", "subject_id", "reason", "change_id", "erased_by", "erased_at")),
        _files_waiting().label("files_waiting"),
    ).where(of.organization_id == organization_id, sa.true() if after is None else of.id < after)
    rows = await connection.execute(query.order_by(of.id.desc()).limit(most))
    return [ListedErasure(**row) for row in rows.mappings()]


def _files_waiting() -> "sa.ScalarSelect[int]":
    """Return how many files an erasure has taken whose bytes are there, though nobody else refers to them.

    They were taken in the same change, at its moment. Of one person it is told once, with the user or the customer.
    """
    taken, others, bytes_ = attachments.alias(), attachments.alias(), file_contents.c
    needed = sa.exists().where(others.c.organization_id == bytes_.organization_id, others.c.content_id == bytes_.id)
    return (
        sa.select(sa.func.count(sa.distinct(bytes_.id)))
        .select_from(
            taken.join(
                file_contents,
                (bytes_.organization_id == taken.c.organization_id) & (bytes_.id == taken.c.former_content_id),
            )
        )
        .where(
            taken.c.organization_id == erasures.c.organization_id,
            taken.c.deleted_at == erasures.c.erased_at,
            erasures.c.kind != ErasureSubject.TECHNICIAN,
            bytes_.erased_at.is_(None),
            ~needed,
        )
        .scalar_subquery()
    )
