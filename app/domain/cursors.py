"""Event cursors: a position in an organisation's log as clients see it, opaque and unforgeable.

The text is base64url, without padding, of: format version (1 byte), log epoch (16), organisation
(16), position (8, big-endian) and the first 16 bytes of an HMAC-SHA-256 over all of that.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from dataclasses import dataclass
from hashlib import sha256
from struct import Struct
from uuid import UUID

_BODY = Struct(">B16s16sq")
_MAC_BYTES = 16
_POSITION_BYTES = 8
_BLOCK_BYTES = 64
_VERSION = 1
_TEXT_LENGTH = -(-(_BODY.size + _MAC_BYTES) * 8 // 6)


class UnknownCursor(Exception):
    """The text is no cursor that this log has given out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPosition:
    """A place in one organisation's log; position 0 is before the first event."""

    organization_id: UUID
    epoch: UUID
    position: int


@dataclass(frozen=True, slots=True)
class CursorCodec:
    """Writes and reads cursors under one secret key."""

    key: bytes

    def encode(self, at: LogPosition) -> str:
        """Return the cursor of a position."""
        body = _BODY.pack(_VERSION, at.epoch.bytes, at.organization_id.bytes, at.position)
        return urlsafe_b64encode(body + self._mac(body)).rstrip(b"=").decode()

    def decode(self, text: str) -> LogPosition:
        """Return the position of a cursor.

        Raises:
            UnknownCursor: malformed, forged, or written under another key.
        """
        if len(text) != _TEXT_LENGTH:
            raise UnknownCursor
        try:
            raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        except (BadBase64, UnicodeEncodeError) as error:
            raise UnknownCursor from error
        body, mac = raw[: _BODY.size], raw[_BODY.size :]
        if not hmac.compare_digest(mac, self._mac(body)):
            raise UnknownCursor
        version, epoch, organization, position = _BODY.unpack(body)
        if version != _VERSION or position < 0:
            raise UnknownCursor
        return LogPosition(organization_id=UUID(bytes=organization), epoch=UUID(bytes=epoch), position=position)

    def start(self, organization_id: UUID, epoch: UUID) -> bytes:
        """Return what stands before the position in the cursors of a log."""
        return _BODY.pack(_VERSION, epoch.bytes, organization_id.bytes, 0)[:-_POSITION_BYTES]

    @property
    def pads(self) -> tuple[bytes, bytes]:
        """The key as HMAC pads it for the inner and for the outer hash (RFC 2104)."""
        key = self.key if len(self.key) <= _BLOCK_BYTES else sha256(self.key).digest()
        padded = key.ljust(_BLOCK_BYTES, b"\0")
        return bytes(byte ^ 0x36 for byte in padded), bytes(byte ^ 0x5C for byte in padded)

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self.key, body, sha256)[:_MAC_BYTES]
