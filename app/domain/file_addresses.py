"""Addresses of files: whoever has one may do one thing with one file for a short while, and nothing else.

The last part of an address is base64url, without padding, of: purpose (1 byte), organisation (16), file (16),
the moment it ends in seconds (8, big-endian), for an upload the length of the file (8), and the first 16 bytes
of an HMAC-SHA-256 over all of that. The addresses of downloads end together, at every fifth minute: so a file
keeps its address for a while, and answers do not differ without need. Those in an export of a person last longer.
"""

import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from struct import Struct
from typing import Any
from uuid import UUID

from app.domain.signing import pads, signed, unsigned

DOWNLOADS_END_EACH_SECONDS = 300
_DOWNLOAD = Struct(">B16s16sq")
_UPLOAD = Struct(">B16s16sqq")
_DOWNLOADS, _UPLOADS = 1, 2
DOWNLOAD_PATH = "/files/"
UPLOAD_PATH = "/uploads/"


class BadAddress(Exception):
    """The address is none that was given out, or its time is over."""


@dataclass(frozen=True, slots=True)
class FileKey:
    """Names a file: an upload, an attachment, or bytes in the store."""

    organization_id: UUID
    id: UUID


@dataclass(frozen=True, slots=True)
class Expected:
    """What an address for an upload lets in."""

    key: FileKey
    size_bytes: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class FileAddresses:
    """Writes and reads addresses under one secret key; `base` is what they begin with, empty for this server."""

    secret: bytes = field(repr=False)
    base: str = ""

    @classmethod
    def of_log(cls, cursor_key: bytes, base: str) -> "FileAddresses":
        """Return those of the processes that share a log, by a key that nothing else is signed with."""
        return cls(hmac.digest(cursor_key, b"addresses of files", sha256), base)

    def upload(self, key: FileKey, size_bytes: int, expires_at: datetime) -> str:
        """Return where so many bytes may be sent until then."""
        ends = int(expires_at.timestamp())
        body = _UPLOAD.pack(_UPLOADS, key.organization_id.bytes, key.id.bytes, ends, size_bytes)
        return f"{self.base}{UPLOAD_PATH}{self._token(body)}"

    def download(self, key: FileKey, now: datetime) -> str:
        """Return where an attachment may be had from, for five to ten minutes."""
        ends = (int(now.timestamp()) // DOWNLOADS_END_EACH_SECONDS + 2) * DOWNLOADS_END_EACH_SECONDS
        return self.download_until(key, datetime.fromtimestamp(ends, UTC))

    def download_until(self, key: FileKey, ends_at: datetime) -> str:
        """Return where an attachment may be had from until then."""
        ends = int(ends_at.timestamp())
        body = _DOWNLOAD.pack(_DOWNLOADS, key.organization_id.bytes, key.id.bytes, ends)
        return f"{self.base}{DOWNLOAD_PATH}{self._token(body)}"

    def expected(self, token: str, now: datetime) -> Expected:
        """Return what the address of an upload lets in. Raises BadAddress."""
        _, organization, id_, ends, size = self._read(token, _UPLOAD, _UPLOADS, now)
        key = FileKey(UUID(bytes=organization), UUID(bytes=id_))
        return Expected(key, size, datetime.fromtimestamp(ends, UTC))

    def wanted(self, token: str, now: datetime) -> FileKey:
        """Return which attachment the address of a download is for. Raises BadAddress."""
        _, organization, id_, _ = self._read(token, _DOWNLOAD, _DOWNLOADS, now)
        return FileKey(UUID(bytes=organization), UUID(bytes=id_))

    def start(self, organization_id: UUID) -> bytes:
        """Return what the addresses of an organisation's downloads begin with before the file."""
        return bytes([_DOWNLOADS]) + organization_id.bytes

    @property
    def pads(self) -> tuple[bytes, bytes]:
        """The key as HMAC pads it for the inner and for the outer hash (RFC 2104)."""
        return pads(self.secret)

    def _token(self, body: bytes) -> str:
        return signed(self.secret, body)

    def _read(self, token: str, shape: Struct, purpose: int, now: datetime) -> tuple[Any, ...]:
        body = unsigned(self.secret, token, shape.size)
        if body is None:
            raise BadAddress
        parts = shape.unpack(body)
        if parts[0] != purpose or parts[3] <= now.timestamp():
            raise BadAddress
        return parts
