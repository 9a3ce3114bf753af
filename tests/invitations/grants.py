"""What both providers' fakes have in common: grants, tokens that run out, answers that are ordered beforehand."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

CLIENT_ID, CLIENT_SECRET = "fieldgraph", "the client's secret"
GRANT = "the technician's grant"


@dataclass(slots=True)
class Ordered:
    """An answer in place of the usual one; with `after` the work is done all the same before."""

    status: int
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    after: bool = False


@dataclass(slots=True)
class Provider:
    """A provider with one technician's grant."""

    grant: str = GRANT
    # With each exchange the grant is replaced, as Microsoft does.
    rolls: bool = False
    lasts: int = 3600
    tokens: list[str] = field(default_factory=list)
    exchanges: list[dict[str, str]] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    # The traces of which callers say that a request is a part.
    traces: list[str] = field(default_factory=list)
    ordered: list[Ordered] = field(default_factory=list)
    token_status: int = 200
    # Work is done, and that is said when this is set.
    holds_back: asyncio.Event | None = None

    async def exchange(self, request: Request) -> Response:
        """Answer at the token endpoint (RFC 6749, 5.1 and 5.2)."""
        form = dict(parse_qsl((await request.body()).decode()))
        self.exchanges.append(form)
        if self.token_status != 200:
            return JSONResponse({"error": "temporarily_unavailable"}, self.token_status)
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return JSONResponse({"error": "invalid_client"}, 401)
        if form.get("grant_type") != "refresh_token" or form.get("refresh_token") != self.grant:
            return JSONResponse({"error": "invalid_grant", "error_description": "Token has been revoked."}, 400)
        token = f"access {len(self.tokens) + 1}"
        self.tokens.append(token)
        answer: dict[str, Any] = {"access_token": token, "token_type": "Bearer", "expires_in": self.lasts}
        if self.rolls:
            self.grant = f"{GRANT} {len(self.tokens)}"
            answer["refresh_token"] = self.grant
        return JSONResponse(answer)

    def forget_tokens(self) -> None:
        """Take back the tokens that were given out, before their time."""
        self.tokens = [f"taken back {number}" for number, _ in enumerate(self.tokens)]

    def guarded(self, work: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """Let work be done for those who have a token, and order answers in its place."""

        async def answer(request: Request) -> Response:
            self.requests.append((request.method, request.url.path))
            self.traces.append(request.headers.get("traceparent", ""))
            given = request.headers.get("authorization", "").removeprefix("Bearer ")
            if not self.tokens or given != self.tokens[-1]:
                return JSONResponse({"error": {"code": 401, "message": "Invalid Credentials"}}, 401)
            if not self.ordered:
                done = await work(request)
                if self.holds_back is not None:
                    await self.holds_back.wait()
                return done
            instead = self.ordered.pop(0)
            if instead.after:
                await work(request)
            return JSONResponse(instead.body, instead.status, instead.headers)

        return answer
