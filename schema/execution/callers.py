"""Who calls: a bearer token becomes an actor, and can be looked at again while something lasts."""

from collections.abc import Hashable
from dataclasses import dataclass

from app.auth.claims import Claims, MalformedToken
from app.domain.people import Actor, EventSource
from resolvers.context import Operation, Process

_SOURCES = {"web": EventSource.WEB, "mobile": EventSource.MOBILE}


# Not frozen, as one is made for every request and freezing triples what that takes.
@dataclass(slots=True, eq=False, kw_only=True)
class Caller:
    """A proven token, and how its bearer came in."""

    process: Process
    claims: Claims
    source: EventSource
    ip: str | None

    @property
    def user(self) -> Hashable:
        """Return what tells this user from all others, and an API key of theirs from themselves."""
        return (self.claims.organization_id, self.claims.user_id, self.claims.key_id)

    async def actor(self) -> Actor:
        """Return the actor as the database knows them now. Raises UnknownUser."""
        return await self.process.actors.of(self.claims, now=self.process.clock(), source=self.source, ip=self.ip)

    async def operation(self) -> Operation:
        """Return a new operation of this caller. Raises UnknownUser."""
        return Operation(self.process, await self.actor(), self.actor)


async def identify(process: Process, authorization: str | None, *, client: str | None, ip: str | None) -> Caller:
    """Return the caller of an `Authorization: Bearer …` value; `client` is what X-Client says.

    Raises:
        InvalidToken: there is no such value, or its token proves nothing.
        KeysUnavailable: the token cannot be checked at the moment.
    """
    scheme, _, token = (authorization or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise MissingToken
    claims = await process.verifier.verify(token.strip(), now=process.clock())
    source = EventSource.API if client is None else _SOURCES.get(client.strip().lower(), EventSource.API)
    return Caller(process=process, claims=claims, source=source, ip=ip)


class MissingToken(MalformedToken):
    """No token was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.reason = "Send a token: Authorization: Bearer <token>."
