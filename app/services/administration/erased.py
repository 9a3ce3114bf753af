"""Whoever was erased is not brought back."""

from uuid import UUID

import sqlalchemy as sa

from app.db.tables.privacy import erasures
from app.domain.erasures import ErasureSubject
from app.domain.refusals import Forbidden
from app.services.change import Change

_KINDS = {subject.kind: subject for subject in ErasureSubject}


async def check_not_erased(change: Change, kind: str, id_: UUID) -> None:
    """Refuse to make active whose data was erased.

    Guard: the row's lock, which the caller has and an erasure takes, too.

    Raises:
        Forbidden: the row is of a user, technician or customer who was erased.
    """
    subject, of = _KINDS.get(kind), erasures.c
    if subject is None:
        return
    mine = (of.organization_id == change.actor.organization_id, of.kind == subject, of.subject_id == id_)
    if await change.connection.scalar(sa.select(sa.exists().where(*mine))):
        raise Forbidden(field=("active",), action="bring back somebody whose data was erased")
