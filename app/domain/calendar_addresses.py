"""Addresses of calendars: whoever has one may read one technician's feed, or one appointment, and nothing else.

The last part of an address is base64url, without padding, of: purpose (1 byte), organisation (16), technician or
appointment (16), then of a feed its generation (4, big-endian), of an appointment the moment it ends in seconds (8)
and whether it says where (1), and the first 16 bytes of an HMAC-SHA-256 over all of that. A feed's address holds until
its generation is over: then it was revoked. The addresses of appointments end together, at every full hour.
"""

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from struct import Struct
from uuid import UUID

from app.domain.file_addresses import BadAddress, FileAddresses
from app.domain.signing import pads, signed, unsigned

CALENDAR_PATH = "/calendars/"
ENDING = ".ics"
ENTRIES_END_EACH_SECONDS = 3600
ENTRIES_LAST_HOURS = 24
_FEEDS, _ENTRIES = 1, 2
_FEED = Struct(">B16s16sI")
_ENTRY = Struct(">B16s16sqB")


@dataclass(frozen=True, slots=True)
class FeedKey:
    """Names a technician's feed, as long as its generation is this one."""

    organization_id: UUID
    technician_id: UUID
    generation: int


@dataclass(frozen=True, slots=True)
class EntryKey:
    """Names an appointment, to be shown with where it is or without."""

    organization_id: UUID
    appointment_id: UUID
    with_place: bool


@dataclass(frozen=True, slots=True)
class CalendarAddresses:
    """Writes and reads addresses under one secret key; `base` is what they begin with, empty for this server."""

    secret: bytes = field(repr=False)
    base: str = ""

    @classmethod
    def beside(cls, files: FileAddresses) -> "CalendarAddresses":
        """Return those of the processes that share addresses of files, by a key that nothing else is signed with."""
        return cls(hmac.digest(files.secret, b"addresses of calendars", sha256), files.base)

    def feed(self, key: FeedKey) -> str:
        """Return where a technician's feed may be had from, until it is revoked."""
        return self._address(_FEED.pack(_FEEDS, key.organization_id.bytes, key.technician_id.bytes, key.generation))

    def entry(self, key: EntryKey, now: datetime) -> str:
        """Return where an appointment may be had from, for 24 to 25 hours."""
        turns = int(now.timestamp()) // ENTRIES_END_EACH_SECONDS + ENTRIES_LAST_HOURS + 1
        ends = turns * ENTRIES_END_EACH_SECONDS
        body = _ENTRY.pack(_ENTRIES, key.organization_id.bytes, key.appointment_id.bytes, ends, key.with_place)
        return self._address(body)

    def read(self, name: str, now: datetime) -> FeedKey | EntryKey:
        """Return what the last part of an address is for. Raises BadAddress."""
        if not name.endswith(ENDING):
            raise BadAddress
        token = name.removesuffix(ENDING)
        for shape, purpose in ((_FEED, _FEEDS), (_ENTRY, _ENTRIES)):
            body = unsigned(self.secret, token, shape.size)
            if body is None:
                continue
            told, organization, subject, *rest = shape.unpack(body)
            if told != purpose:
                continue
            if purpose == _FEEDS:
                return FeedKey(UUID(bytes=organization), UUID(bytes=subject), rest[0])
            if rest[0] > now.timestamp():
                return EntryKey(UUID(bytes=organization), UUID(bytes=subject), bool(rest[1]))
        raise BadAddress

    def start_of_feeds(self, organization_id: UUID) -> bytes:
        """Return what the addresses of an organisation's feeds begin with before the technician."""
        return bytes([_FEEDS]) + organization_id.bytes

    def start_of_entries(self, organization_id: UUID) -> bytes:
        """Return what the addresses of an organisation's appointments begin with before the appointment."""
        return bytes([_ENTRIES]) + organization_id.bytes

    @property
    def pads(self) -> tuple[bytes, bytes]:
        """The key as HMAC pads it for the inner and for the outer hash (RFC 2104)."""
        return pads(self.secret)

    def _address(self, body: bytes) -> str:
        return f"{self.base}{CALENDAR_PATH}{signed(self.secret, body)}{ENDING}"
