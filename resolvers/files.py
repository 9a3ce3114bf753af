"""Where the bytes of files go, and where they come from."""

from uuid import UUID

from app.domain.file_addresses import FileKey
from app.domain.files import READABLE
from app.reads.record import Record
from app.services.attachments.files import Target
from app.services.attachments.uploads import announced_upload
from resolvers.context import Operation


async def target_of(operation: Operation, key: UUID) -> Target | None:
    """Return where the bytes of the actor's upload are to be sent; None when it is over."""
    process, actor = operation.process, operation.actor
    upload = await operation.reader.run(announced_upload, actor, key)
    if upload is None:
        return None
    return await process.files.store.target(
        FileKey(actor.organization_id, key), upload.size_bytes, now=process.clock(), expires_at=upload.expires_at
    )


def download(operation: Operation, attachment: Record) -> str | None:
    """Return where an attachment can be had from; None when it cannot."""
    if attachment.scan_state not in READABLE:
        return None
    process = operation.process
    return process.addresses.download(FileKey(operation.actor.organization_id, attachment.id), process.clock())
