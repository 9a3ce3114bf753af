"""Uploads that are under way."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.tables.attachments import uploads
from app.domain.people import Actor


async def announced_upload(connection: AsyncConnection, actor: Actor, id_: UUID) -> Any:
    """Return an upload of the actor's that is not finished; None when there is none."""
    query = sa.select(uploads.c.size_bytes, uploads.c.expires_at).where(
        uploads.c.organization_id == actor.organization_id,
        uploads.c.id == id_,
        uploads.c.user_id == actor.user_id,
        uploads.c.finished_at.is_(None),
    )
    return (await connection.execute(query)).one_or_none()
