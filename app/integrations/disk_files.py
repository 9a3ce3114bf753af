"""Files in a folder of this machine, or of a volume that all servers and workers share.

What came for an upload stands under its name only when it is whole, and that once: what is put in its place
when it is over keeps the name until the address is of no use any more.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, TypeVar, TypeVarTuple, Unpack
from uuid import uuid4

from app.domain.file_addresses import FileAddresses, FileKey
from app.services.attachments.files import NothingArrived, StoreFailed, Target

_PIECE = 256 * 1024
T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


class DiskFiles:
    """Keeps files below a folder."""

    def __init__(self, folder: Path, addresses: FileAddresses) -> None:
        self._folder = folder
        self._addresses = addresses

    async def target(self, upload: FileKey, size_bytes: int, *, now: datetime, expires_at: datetime) -> Target:  # noqa: ARG002  # the address says when it ends
        """Return the address of our own route."""
        url = self._addresses.upload(upload, size_bytes, expires_at)
        headers = {"Content-Type": "application/octet-stream"}
        return Target(url=url, method="PUT", headers=headers, expires_at=expires_at)

    @asynccontextmanager
    async def incoming(self, upload: FileKey) -> "AsyncIterator[Incoming]":
        """Give what takes the bytes of an upload; unless it was closed in form nothing stays of it."""
        path = self._folder / "incoming" / f"{upload.id}.{uuid4().hex}"
        file = await _tried(_created, path)
        incoming = Incoming(file, path, self._upload(upload))
        try:
            yield incoming
        finally:
            await asyncio.shield(asyncio.to_thread(_gone, file, path))

    async def has_come(self, upload: FileKey) -> bool:
        """Tell whether the bytes of an upload have come already."""
        return await _tried(self._upload(upload).exists)

    async def take(self, upload: FileKey, content: FileKey, *, longest: int) -> int:
        """Give what came a second name, which no address leads to."""
        return await _tried(_linked, self._upload(upload), self._content(content), longest)

    @asynccontextmanager
    async def opened(self, content: FileKey) -> AsyncIterator[BinaryIO]:
        """Open the file itself."""
        file = await _tried(_open, self._content(content))
        try:
            yield file
        finally:
            await asyncio.to_thread(file.close)

    async def read(self, content: FileKey, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """Yield pieces of the file."""
        async with self.opened(content) as file:
            await asyncio.to_thread(file.seek, start)
            while start < end and (piece := await _tried(file.read, min(_PIECE, end - start))):
                start += len(piece)
                yield piece

    async def end_upload(self, upload: FileKey) -> None:
        """Put nothing in the place of what came, so that its name stays taken."""
        await _tried(_emptied, self._upload(upload))

    async def forget_upload(self, upload: FileKey) -> None:
        """Take the name away, and what processes that died have left of it."""
        await _tried(_forgotten, self._upload(upload), self._folder / "incoming")

    async def erase(self, content: FileKey) -> None:
        """Take the file away."""
        await _tried(_removed, self._content(content))

    def _upload(self, key: FileKey) -> Path:
        return self._folder / "uploads" / str(key.organization_id) / str(key.id)

    def _content(self, key: FileKey) -> Path:
        name = key.id.hex
        return self._folder / "contents" / str(key.organization_id) / name[-2:] / name


class Incoming:
    """Bytes that come; `taken` tells whether they got their name."""

    def __init__(self, file: BinaryIO, path: Path, name: Path) -> None:
        self._file = file
        self._path = path
        self._name = name

    async def write(self, piece: bytes) -> None:
        """Write a piece. Raises StoreFailed."""
        await _tried(self._file.write, piece)

    async def close(self) -> bool:
        """Give the whole its name; False when somebody else's has it. Raises StoreFailed."""
        return await _tried(_named, self._file, self._path, self._name)


async def _tried(work: Callable[[Unpack[Arguments]], T], *arguments: *Arguments) -> T:
    try:
        return await asyncio.to_thread(work, *arguments)
    except OSError as error:
        # The system's own text names a path of this machine.
        raise StoreFailed(f"the folder for files cannot be used: {os.strerror(error.errno or 0)}") from error


def _created(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


def _named(file: BinaryIO, path: Path, name: Path) -> bool:
    file.flush()
    os.fsync(file.fileno())
    name.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, name)
    except FileExistsError:
        return False
    _lasting(name.parent)
    return True


def _gone(file: BinaryIO, path: Path) -> None:
    with suppress(OSError):
        file.close()
    path.unlink(missing_ok=True)


def _linked(upload: Path, content: Path, longest: int) -> int:
    try:
        length = upload.stat().st_size
    except FileNotFoundError:
        raise NothingArrived from None
    if length == 0:
        raise NothingArrived
    if length <= longest:
        content.parent.mkdir(parents=True, exist_ok=True)
        os.link(upload, content)
        _lasting(content.parent)
    return length


def _emptied(name: Path) -> None:
    nothing = name.with_name(f"{name.name}.{uuid4().hex}")
    name.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(nothing, os.O_CREAT | os.O_EXCL, 0o600))
    nothing.replace(name)


def _forgotten(name: Path, incoming: Path) -> None:
    for folder in (incoming, name.parent):
        for left in folder.glob(f"{name.name}*"):
            left.unlink(missing_ok=True)


def _removed(path: Path) -> None:
    path.unlink(missing_ok=True)


def _lasting(folder: Path) -> None:
    """Let the folder's names outlast a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
