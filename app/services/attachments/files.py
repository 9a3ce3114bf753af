"""What use cases need of the outside to keep files: a store of bytes, and somebody who knows malware."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from app.domain.file_addresses import FileKey
from app.domain.files import FileLimits, ScanState

# Each may need a few megabytes, and a processor.
_CHECKS_AT_ONCE = 2


class NothingArrived(Exception):
    """No bytes were sent for an upload, or not all of them yet."""


class StoreFailed(Exception):
    """The store of files cannot be reached, or refuses us; the text names no secret."""


class ScannerFailed(Exception):
    """The scanner cannot be reached, or cannot say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a client sends the bytes of a file, and how."""

    url: str
    method: str
    headers: Mapping[str, str]
    expires_at: datetime


class FileStore(Protocol):
    """Keeps bytes: those that came for an upload, and those that were taken, which no client can reach.

    Everything may be repeated. Every method raises StoreFailed when the store is away.
    """

    async def target(self, upload: FileKey, size_bytes: int, *, now: datetime, expires_at: datetime) -> Target:
        """Return where a client may send the bytes of an upload, once, until then."""

    async def take(self, upload: FileKey, content: FileKey, *, longest: int) -> int:
        """Copy what came for an upload to where nobody can change it any more; return its length.

        What is longer than `longest` is left where it is.

        Raises:
            NothingArrived: nothing did.
        """

    def opened(self, content: FileKey) -> AbstractAsyncContextManager[BinaryIO]:
        """Open bytes to be read in any order."""

    def read(self, content: FileKey, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """Yield the bytes from `start` to before `end`, piece by piece."""

    async def end_upload(self, upload: FileKey) -> None:
        """Erase what came for an upload; its address takes nothing more, as far as the store can say so."""

    async def forget_upload(self, upload: FileKey) -> None:
        """Erase whatever is left of an upload whose address is of no use any more."""

    async def erase(self, content: FileKey) -> None:
        """Erase bytes, whether they are there or not."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the scanner says: CLEAN, or INFECTED with what it found."""

    state: ScanState
    finding: str | None = None


class Scanner(Protocol):
    """Tells whether bytes are malware."""

    async def scan(self, pieces: AsyncIterator[bytes]) -> Verdict:
        """Look at bytes. Raises ScannerFailed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Where files are kept and what may be one; without a scanner nobody looks for malware.

    `folder` is for what has to lie somewhere while it is checked, `checks` bounds how many are at once.
    """

    store: FileStore
    limits: FileLimits
    scanner: Scanner | None = None
    folder: Path | None = None
    checks: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_CHECKS_AT_ONCE))
