"""Bytes that no attachment refers to any more are erased."""

from uuid import UUID

import sqlalchemy as sa

from app.db.tables.attachments import attachments, file_contents
from app.domain.file_addresses import FileKey
from app.domain.people import Actor
from app.services.attachments.files import FileStore
from app.services.perform import Writer, beside_the_log


async def erase_file(writer: Writer, actor: Actor, attachment_id: UUID, store: FileStore) -> None:
    """Erase the bytes that a deleted attachment had, unless others refer to them. May be repeated at any point.

    Bytes are doomed first: whoever brings the same ones from then on keeps a copy of their own.

    Guard: the row lock of the bytes; who refers to them is counted in a later statement.
    """
    content_id = await _doomed(writer, actor, attachment_id)
    if content_id is None:
        return
    await store.erase(FileKey(actor.organization_id, content_id))
    async with beside_the_log(writer, actor) as connection:
        await connection.execute(
            sa.update(file_contents)
            .where(file_contents.c.organization_id == actor.organization_id, file_contents.c.id == content_id)
            .values(erased_at=sa.func.greatest(file_contents.c.doomed_at, writer.clock()))
        )


async def _doomed(writer: Writer, actor: Actor, attachment_id: UUID) -> UUID | None:
    """Return bytes that nobody can come to refer to any more; None when they are needed, or gone."""
    organization_id = actor.organization_id
    async with beside_the_log(writer, actor) as connection:
        content_id: UUID | None = await connection.scalar(
            sa.select(attachments.c.former_content_id).where(
                attachments.c.organization_id == organization_id, attachments.c.id == attachment_id
            )
        )
        mine = (file_contents.c.organization_id == organization_id, file_contents.c.id == content_id)
        query = sa.select(file_contents.c.doomed_at, file_contents.c.erased_at).where(*mine).with_for_update()
        row = (await connection.execute(query)).one_or_none()
        if row is None or row.erased_at is not None:
            return None
        if row.doomed_at is None:
            needed = sa.exists().where(
                attachments.c.organization_id == organization_id, attachments.c.content_id == content_id
            )
            if await connection.scalar(sa.select(needed)):
                return None
            await connection.execute(sa.update(file_contents).where(*mine).values(doomed_at=writer.clock()))
    return content_id
