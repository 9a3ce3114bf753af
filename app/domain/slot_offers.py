"""Slots as they are offered, and the tokens by which they are held and booked.

A token is base64url, without padding, of: format version (1 byte), the organisation (16), and the offer as
compressed JSON, encrypted by AES-SIV (RFC 5297) together with what is before it. Whoever has one can read nothing of
it, such as where a customer lives, and book no more than what it says, once it was judged again. Equal offers have
equal tokens.
"""

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha512
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from app.domain.assignments import DistanceSource
from app.domain.events import plain
from app.domain.wanted import Wanted, wanted

_VERSION = b"\x01"
_HEAD_BYTES = 17
# Far more than any offer needs, and little enough to unpack.
_LONGEST_TOKEN = 16_384
_LONGEST_OFFER_BYTES = 65_536
GOOD_FOR = timedelta(hours=1)


class UnknownToken(Exception):
    """The text is no token of this organisation's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotScore:
    """Points of a slot, in thousandths."""

    urgency: int
    customer_preference: int
    waiting_penalty: int
    workload_balance: int
    travel_penalty: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotOffer:
    """A slot with what it was offered for. `starts_at` to `ends_at` is the work, `[start, end)`.

    `recommended`: it was among the best of a search. `made_at` is when it was found; a token of it is good for
    an hour from then.
    """

    technician_id: UUID
    facility_id: UUID | None
    bay_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    arrival_until: datetime
    parts_available: bool
    parts_ready_on: date | None
    estimated_completion: datetime
    travel_minutes: int | None
    distance_km: float | None
    distance_source: DistanceSource | None
    confidence: float
    score: SlotScore
    recommended: bool
    made_at: datetime
    wanted: Wanted

    def written(self) -> dict[str, Any]:
        """Return it in JSON's types; `slot_offer` reads it."""
        plainly = {name: plain(getattr(self, name)) for name in SlotOffer.__slots__ if name not in {"wanted", "score"}}
        ready = None if self.parts_ready_on is None else self.parts_ready_on.isoformat()
        score = [getattr(self.score, name) for name in SlotScore.__slots__]
        return {**plainly, "parts_ready_on": ready, "score": score, "wanted": self.wanted.written()}


def slot_offer(kept: Mapping[str, Any]) -> SlotOffer:
    """Return what `SlotOffer.written` has written.

    Raises:
        KeyError, TypeError, ValueError: it was something else.
    """
    ready, source = kept["parts_ready_on"], kept["distance_source"]
    return SlotOffer(
        technician_id=UUID(kept["technician_id"]),
        facility_id=None if kept["facility_id"] is None else UUID(kept["facility_id"]),
        bay_id=None if kept["bay_id"] is None else UUID(kept["bay_id"]),
        starts_at=datetime.fromisoformat(kept["starts_at"]),
        ends_at=datetime.fromisoformat(kept["ends_at"]),
        arrival_until=datetime.fromisoformat(kept["arrival_until"]),
        parts_available=kept["parts_available"],
        parts_ready_on=None if ready is None else date.fromisoformat(ready),
        estimated_completion=datetime.fromisoformat(kept["estimated_completion"]),
        travel_minutes=kept["travel_minutes"],
        distance_km=kept["distance_km"],
        distance_source=None if source is None else DistanceSource(source),
        confidence=kept["confidence"],
        score=SlotScore(**dict(zip(SlotScore.__slots__, kept["score"], strict=True))),
        recommended=kept["recommended"],
        made_at=datetime.fromisoformat(kept["made_at"]),
        wanted=wanted(kept["wanted"]),
    )


@dataclass(frozen=True, slots=True)
class SlotTokens:
    """Writes and reads tokens under one secret key."""

    key: bytes

    def encode(self, organization_id: UUID, offer: SlotOffer) -> str:
        """Return the token of an offer."""
        head = _VERSION + organization_id.bytes
        sealed = self._cipher().encrypt(zlib.compress(orjson.dumps(offer.written())), [head])
        return urlsafe_b64encode(head + sealed).rstrip(b"=").decode()

    def decode(self, organization_id: UUID, text: str) -> SlotOffer:
        """Return the offer of a token.

        Raises:
            UnknownToken: malformed, forged, another organisation's, or written under another key.
        """
        if len(text) > _LONGEST_TOKEN:
            raise UnknownToken
        try:
            raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        except (BadBase64, UnicodeEncodeError) as error:
            raise UnknownToken from error
        head, sealed = raw[:_HEAD_BYTES], raw[_HEAD_BYTES:]
        if head != _VERSION + organization_id.bytes:
            raise UnknownToken
        try:
            kept = self._cipher().decrypt(sealed, [head])
        except InvalidTag as error:
            raise UnknownToken from error
        return slot_offer(orjson.loads(zlib.decompressobj().decompress(kept, _LONGEST_OFFER_BYTES)))

    def _cipher(self) -> AESSIV:
        # Half of it authenticates, the other half encrypts; the same secret signs other things otherwise.
        return AESSIV(sha512(b"slot tokens" + self.key).digest())
