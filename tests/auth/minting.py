"""Tokens made by hand, so that there are some which no library would issue."""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from app.auth.claims import Claims
from app.auth.tokens import SecretVerifier, issue

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
SECRET = "a secret that is only used by tests, long enough for every one of the HMACs"
USER = UUID("01890000-0000-7000-8000-000000000001")
ORGANIZATION = UUID("01890000-0000-7000-8000-000000000002")
HOUR = timedelta(hours=1)
GOOD: dict[str, Any] = {
    "sub": str(USER),
    "org": str(ORGANIZATION),
    "exp": int((NOW + HOUR).timestamp()),
}


def part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(payload: object, *, header: object = None, secret: str = SECRET, hash_name: str = "sha256") -> str:
    """Sign by hand, so that tokens can be made which no library would issue."""
    text = f"{part({'alg': 'HS256'} if header is None else header)}.{part(payload)}"
    return f"{text}.{part(hmac.digest(secret.encode(), text.encode(), hash_name))}"


def issued(**other: Any) -> str:
    return issue(
        **{
            "secret": SECRET,
            "user_id": USER,
            "organization_id": ORGANIZATION,
            "roles": None,
            "now": NOW,
            "lifetime": HOUR,
            **other,
        }
    )


async def claims_of(token: str, *, now: datetime = NOW) -> Claims:
    return await SecretVerifier(SECRET).verify(token, now=now)


def json_values(*, nan: bool = True) -> st.SearchStrategy[object]:
    scalars = (
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=nan, allow_infinity=nan) | st.text(max_size=20)
    )
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
        max_leaves=8,
    )
