"""Short texts that nobody else can make: bytes and the first 16 bytes of their HMAC-SHA-256, in base64url."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from hashlib import sha256

MAC_BYTES = 16
_BLOCK_BYTES = 64
_LONGEST_TOKEN = 200


def signed(secret: bytes, body: bytes) -> str:
    """Return the text for these bytes, without padding."""
    return urlsafe_b64encode(body + _mac(secret, body)).rstrip(b"=").decode()


def unsigned(secret: bytes, token: str, size: int) -> bytes | None:
    """Return the bytes, of which there must be so many, that a text was made for; None for a text of anybody else."""
    if len(token) > _LONGEST_TOKEN:
        return None
    try:
        raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (BadBase64, UnicodeEncodeError):
        return None
    body, mac = raw[:size], raw[size:]
    # Base64 has more than one text for some bytes: only ours counts.
    if len(body) != size or not hmac.compare_digest(mac, _mac(secret, body)) or signed(secret, body) != token:
        return None
    return body


def pads(secret: bytes) -> tuple[bytes, bytes]:
    """Return the key as HMAC pads it for the inner and for the outer hash (RFC 2104)."""
    padded = secret.ljust(_BLOCK_BYTES, b"\0")
    return bytes(byte ^ 0x36 for byte in padded), bytes(byte ^ 0x5C for byte in padded)


def _mac(secret: bytes, body: bytes) -> bytes:
    return hmac.digest(secret, body, sha256)[:MAC_BYTES]
