"""An identity provider over HTTP, the clock of the server that trusts it, and every way in to that server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, RSAKey
from sqlalchemy.ext.asyncio import AsyncEngine

from app import clock as real_clock
from tests.auth.key_server import KeyServer
from tests.graphql.socket_client import opened
from tests.graphql.test_websocket import BOARD
from tests.serving import Served
from tests.world import World

AUDIENCE, ISSUER = "fieldgraph", "https://id.example"
FIRST = ECKey.generate_key("P-256", {"kid": "first"})
SECOND = ECKey.generate_key("P-256", {"kid": "second"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
# Of somebody who is no provider of ours; it bears the name of one that is.
STRANGER = ECKey.generate_key("P-256", {"kid": "first"})
SETTINGS: Mapping[str, Any] = {
    "auth_audience": AUDIENCE,
    "auth_issuer": ISSUER,
    "auth_algorithms": ("ES256",),
    "max_sockets_per_user": 1000,
    "max_subscriptions_per_user": 1000,
}
WHO = "{ viewer { roles } }"

# What each way in says: a status over HTTP; over websockets ack, or the code that closes it; of a stream of events
# its status and whether it began to tell.
Ways = tuple[int, str | int, tuple[int, bool]]
LET_IN: Ways = (200, "ack", (200, True))
REFUSED: Ways = (401, 4403, (401, False))
LATER: Ways = (503, 1012, (503, False))


@dataclass(slots=True)
class Clock:
    """The server's clock: the machine's, put forward."""

    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        """Return the time by it."""
        return real_clock.now() + self.ahead

    def forward(self, **time: float) -> None:
        """Let so much time have passed."""
        self.ahead += timedelta(**time)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """A server with an identity provider."""

    served: Served
    provider: KeyServer
    engine: AsyncEngine
    world: World
    clock: Clock
    # API keys by what is the matter with them, and what else cases need.
    keys: dict[str, str] = field(default_factory=dict)

    def claims(self, name: str = "dispatcher", **other: Any) -> dict[str, Any]:
        """Return the claims of a good token of a user; None leaves one out."""
        at = int(self.clock.now().timestamp())
        said = {
            "sub": str(self.world.users[name]),
            "org": str(self.world.organization_id),
            "iat": at - 10,
            "exp": at + 7 * 24 * 3600,
            "aud": AUDIENCE,
            "iss": ISSUER,
            **other,
        }
        return {claim: value for claim, value in said.items() if value is not None}

    def ended(self, after: int) -> int:
        """Return a moment so many seconds after the manager's sessions were ended."""
        return int(self.keys["sessions ended"]) + after

    def seconds(self, after: float) -> int:
        """Return a moment so many seconds from now, as tokens have it."""
        return int((self.clock.now() + timedelta(seconds=after)).timestamp())

    def token(self, key: Key = FIRST, *, name: str = "dispatcher", kid: Any = "", alg: str = "", **claims: Any) -> str:
        """Return a token that `key` signs and names, or names otherwise (None: not at all)."""
        algorithm = alg or {"EC": "ES256", "RSA": "RS256", "oct": "HS256"}[key.key_type]
        header: dict[str, Any] = {"alg": algorithm, "kid": key.kid if kid == "" else kid}
        if header["kid"] is None:
            del header["kid"]
        return jwt.encode(header, self.claims(name, **claims), key, [algorithm])

    async def ways(self, header: str | None) -> Ways:
        """Come in by every way with an Authorization header, and return what each says."""
        return (await self.by_http(header), await self.by_websocket(header), await self.by_events(header))

    async def by_http(self, header: str | None, query: str = WHO) -> int:
        """Ask something small."""
        answer = await self.answer(header, query)
        assert header is None or len(header) < 20 or header.split()[-1] not in answer.text
        assert (answer.status_code == 200) is ("data" in answer.json()), answer.text
        return answer.status_code

    async def answer(self, header: str | None, query: str = WHO) -> httpx.Response:
        """Return the whole answer to a question."""
        async with httpx.AsyncClient(timeout=30) as client:
            return await client.post(self.served.http, json={"query": query}, headers=_said(header))

    async def by_websocket(self, header: str | None) -> str | int:
        """Open a websocket."""
        async with opened(self.served) as socket:
            await socket.say({"type": "connection_init", "payload": _said(header)})
            try:
                return "ack" if (await socket.hear()) == {"type": "connection_ack"} else "?"
            except Exception:  # noqa: BLE001  # how it was closed is looked at below
                return await socket.closed()

    async def by_events(self, header: str | None) -> tuple[int, bool]:
        """Follow a board as server-sent events until it tells something."""
        headers = {**_said(header), "Accept": "text/event-stream"}
        async with (
            httpx.AsyncClient(timeout=30) as client,
            client.stream("POST", self.served.http, json={"query": BOARD}, headers=headers) as stream,
        ):
            lines = stream.aiter_lines()
            told = [await anext(lines, "") for _ in range(3)]
            return stream.status_code, any("StreamReady" in line for line in told)


def _said(header: str | None) -> dict[str, str]:
    return {} if header is None else {"Authorization": header}


def secret_of(text: str) -> OctKey:
    """Return a secret as a key, as whoever mixes up algorithms would have it."""
    return OctKey.import_key(text)
