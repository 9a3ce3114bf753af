"""Grants of technicians turned into short-lived access tokens (RFC 6749, section 6), and asked with."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Any

import httpx

from app.services.invitations.posts import Grant, GrantEnded, Never, NotNow

_UNAUTHORIZED, _TOO_MANY, _SERVERS_FAULT = 401, 429, 500
_OK = 200
# Renewed while it still holds, as the way there takes time.
_EARLY = timedelta(minutes=1)
_USUAL_SECONDS = 3600
_MOST_KEPT = 1000
_LONGEST_WORD = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who asks: the application that technicians gave leave, and where its grants are exchanged."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class _Access:
    token: str = field(repr=False)
    until: datetime
    renewed: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """What was answered: a status, JSON where there was any, and the grant's new token where it was renewed."""

    status: int
    body: Mapping[str, Any]
    refresh_token: str | None = field(repr=False)


class Grants:
    """Asks the services of one provider in technicians' names. Tokens live in memory alone."""

    def __init__(self, http: httpx.AsyncClient, client: Client, clock: Callable[[], datetime]) -> None:
        self._http = http
        self._client = client
        self._clock = clock
        self._kept: OrderedDict[bytes, _Access] = OrderedDict()
        self._turn = asyncio.Lock()

    async def ask(
        self,
        grant: Grant,
        method: str,
        url: str,
        *,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        busy: Callable[[int, Mapping[str, Any]], bool] = lambda _status, _body: False,
    ) -> Reply:
        """Return what was answered, whatever the status, unless it is to be asked again later.

        `busy` tells of a status and a body that they mean so, beside those that always do.

        Raises:
            NotNow: nothing came back, or the service has had enough for now.
            GrantEnded, Never: the grant is worth nothing.
        """
        access = await self._access(grant)
        answer = await self._send(access, method, url, json, headers)
        if answer.status_code == _UNAUTHORIZED:
            # It may have been taken back before its time.
            self._kept.pop(_name(grant.refresh_token), None)
            access = await self._access(grant)
            answer = await self._send(access, method, url, json, headers)
        body = _json(answer)
        if answer.status_code == _UNAUTHORIZED:
            raise Never("the service takes no token of this grant (401)")
        if answer.status_code in {_TOO_MANY, 503} or busy(answer.status_code, body):
            raise NotNow(f"the service has had enough for now ({answer.status_code})", retry_after=self._wait(answer))
        if answer.status_code >= _SERVERS_FAULT:
            raise NotNow(f"the service fails ({answer.status_code})")
        return Reply(answer.status_code, body, access.renewed)

    async def _send(
        self, access: _Access, method: str, url: str, json: Any, headers: Mapping[str, str] | None
    ) -> httpx.Response:
        own = {"Authorization": f"Bearer {access.token}", **(headers or {})}
        try:
            return await self._http.request(method, url, json=json, headers=own)
        except httpx.HTTPError as error:
            raise NotNow(f"the service cannot be reached ({type(error).__name__})") from None

    async def _access(self, grant: Grant) -> _Access:
        async with self._turn:
            kept = self._kept.get(_name(grant.refresh_token))
            if kept is not None and kept.until > self._clock():
                return kept
            fresh = await self._exchanged(grant)
            self._kept[_name(grant.refresh_token)] = fresh
            if fresh.renewed is not None:
                # Who comes with the new one need not exchange it at once.
                self._kept[_name(fresh.renewed)] = replace(fresh, renewed=None)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
            return fresh

    async def _exchanged(self, grant: Grant) -> _Access:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": grant.refresh_token,
            "client_id": self._client.client_id,
            "client_secret": self._client.client_secret,
        }
        if self._client.scope is not None:
            form["scope"] = self._client.scope
        try:
            answer = await self._http.post(self._client.token_url, data=form)
        except httpx.HTTPError as error:
            raise NotNow(f"grants cannot be exchanged ({type(error).__name__})") from None
        body = _json(answer)
        if answer.status_code == _TOO_MANY or answer.status_code >= _SERVERS_FAULT:
            raise NotNow(f"grants cannot be exchanged ({answer.status_code})", retry_after=self._wait(answer))
        if answer.status_code != _OK:
            word = str(body.get("error", ""))[:_LONGEST_WORD]
            if word == "invalid_grant":
                raise GrantEnded("the grant was taken back or has run out (invalid_grant)")
            raise Never(f"the provider refuses to exchange the grant ({answer.status_code} {word})")
        token, seconds, renewed = body.get("access_token"), body.get("expires_in"), body.get("refresh_token")
        if not isinstance(token, str):
            raise NotNow("the provider's answer holds no access token")
        lasts = timedelta(seconds=seconds if isinstance(seconds, int) else _USUAL_SECONDS)
        other = renewed if isinstance(renewed, str) and renewed != grant.refresh_token else None
        return _Access(token, self._clock() + lasts - _EARLY, other)

    def _wait(self, answer: httpx.Response) -> timedelta | None:
        """Return how long the other side asks us to wait: seconds, or a date (RFC 9110, 10.2.3)."""
        text = answer.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit():
            return timedelta(seconds=min(int(text), 10**6))
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        return moment.replace(tzinfo=moment.tzinfo or UTC) - self._clock()


def word_of(body: Mapping[str, Any], *path: str) -> str:
    """Return a short word out of an error, for a reason; empty where there is none."""
    found: Any = body
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found[:_LONGEST_WORD] if isinstance(found, str) else ""


def _json(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, Mapping) else {}


def _name(refresh_token: str) -> bytes:
    return sha256(refresh_token.encode()).digest()
