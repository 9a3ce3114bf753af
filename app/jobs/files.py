"""Files: uploads that are over, bytes that are to be looked at, bytes that nobody needs."""

from app.db.timers.carrying import Handler
from app.domain.people import Actor, EventSource
from app.domain.timers import Timer
from app.services.attachments.end_upload import end_upload
from app.services.attachments.erase_file import erase_file
from app.services.attachments.files import Files, ScannerFailed
from app.services.attachments.scan_file import ScanFile, scan_file
from app.services.perform import Writer


def upload_ends(writer: Writer, files: Files) -> Handler:
    """Return what tidies up behind an upload."""

    async def carry(timer: Timer) -> None:
        await end_upload(writer, _server(timer), timer.subject_id, files.store)

    return carry


def file_scan(writer: Writer, files: Files) -> Handler:
    """Return what has bytes looked at."""

    async def carry(timer: Timer) -> None:
        if files.scanner is None:
            raise ScannerFailed("CLAMD_URL is not set for this worker, and was where the file came in")
        await scan_file(writer, _server(timer), ScanFile(content_id=timer.subject_id), files.store, files.scanner)

    return carry


def file_erase(writer: Writer, files: Files) -> Handler:
    """Return what erases the bytes of a deleted attachment."""

    async def carry(timer: Timer) -> None:
        await erase_file(writer, _server(timer), timer.subject_id, files.store)

    return carry


def _server(timer: Timer) -> Actor:
    return Actor(organization_id=timer.organization_id, user_id=None, roles=frozenset(), source=EventSource.SYSTEM)
