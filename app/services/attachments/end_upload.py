"""The time of an upload is over, whether its bytes came, were taken, or were refused."""

from uuid import UUID

import sqlalchemy as sa

from app.db.tables.attachments import file_contents, uploads
from app.domain.file_addresses import FileKey
from app.domain.people import Actor
from app.domain.timers import TooEarly
from app.services.attachments.files import FileStore
from app.services.attachments.finalize_attachment import LONGEST_CHECK
from app.services.perform import Writer, beside_the_log


async def end_upload(writer: Writer, actor: Actor, upload_id: UUID, store: FileStore) -> None:
    """Erase what is left of an upload: what came for it, and a copy that was checked and not kept.

    May be repeated at any point.

    Guard: the upload's row lock; from its end on nobody begins to check it.

    Raises:
        TooEarly: somebody checks it at the moment, or its address can still be used.
    """
    organization_id, now = actor.organization_id, writer.clock()
    mine = (uploads.c.organization_id == organization_id, uploads.c.id == upload_id)
    async with beside_the_log(writer, actor) as connection:
        upload = (await connection.execute(sa.select(uploads).where(*mine).with_for_update())).one_or_none()
        if upload is None:
            return
        if upload.expires_at > now:
            raise TooEarly(upload.expires_at - now)
        if upload.finished_at is None and upload.attempted_at is not None:
            over_at = upload.attempted_at + LONGEST_CHECK
            if over_at > now:
                raise TooEarly(over_at - now)
        if upload.finished_at is None:
            await connection.execute(sa.update(uploads).where(*mine).values(finished_at=now))
        kept = await connection.scalar(
            sa.select(file_contents.c.id).where(
                file_contents.c.organization_id == organization_id, file_contents.c.id == upload.attempt_id
            )
        )
    await store.forget_upload(FileKey(organization_id, upload_id))
    if upload.attempt_id is not None and kept is None:
        await store.erase(FileKey(organization_id, upload.attempt_id))
