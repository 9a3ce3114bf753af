"""From a token's claims to an actor: the user's row decides, the claim only narrows.

Actors are cached per process. The log tells when a user or technician has changed; a short life
covers changes that never went through the log.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.auth.claims import Claims
from app.auth.key_usage import KeyUsage
from app.db.tables.api_keys import api_keys
from app.db.tables.base import Json
from app.db.tables.customers import customer_users
from app.db.tables.people import technicians, users
from app.db.transaction import Mode, transaction
from app.domain.events import API_KEY, Event
from app.domain.people import ActingKey, Actor, ApiKeyScope, EventSource, Role

LIFE = timedelta(seconds=3)
_MOST = 10_000
_IDS: "sa.ARRAY[UUID]" = sa.ARRAY(sa.Uuid())
# Kinds of rows whose changes change who somebody is.
CHANGES_WHO_ONE_IS = frozenset({"User", "Technician", "Customer", API_KEY})


class UnknownUser(Exception):
    """The token names nobody who may come in: no such user, one no longer active, or one left without a role.

    Or it was revoked.
    """


@dataclass(frozen=True, slots=True)
class Person:
    """A user as the database knows them: as an actor, until when tokens were revoked, and the keys that act as them."""

    actor: Actor
    tokens_revoked_at: datetime | None
    keys: Mapping[UUID, ActingKey] = field(default_factory=lambda: MappingProxyType({}))

    def by(self, claims: Claims, *, source: EventSource, ip: str | None) -> Actor:
        """Return the actor that a token makes of them: with the roles that both grant.

        Raises:
            UnknownUser: no role is left, or the token or key was revoked. A token that does not say when it was
                issued is, once any was; and a second is the least that is told apart.
        """
        if claims.key_id is not None:
            return self._by_key(claims.key_id, claims.expires_at, ip)
        revoked_at = self.tokens_revoked_at
        if revoked_at is not None and (claims.issued_at is None or claims.issued_at <= revoked_at):
            raise UnknownUser
        roles = self.actor.roles if claims.roles is None else self.actor.roles & claims.roles
        if not roles:
            raise UnknownUser
        return replace(
            self.actor, roles=roles, source=claims.source or source, ip_address=ip, expires_at=claims.expires_at
        )

    def _by_key(self, key_id: UUID, expires_at: datetime, ip: str | None) -> Actor:
        # Sessions that were ended are no keys: those are revoked by themselves.
        key = self.keys.get(key_id)
        if key is None or not self.actor.roles:
            raise UnknownUser
        return replace(self.actor, key=key, source=EventSource.API, ip_address=ip, expires_at=expires_at)


@dataclass(slots=True)
class _Known:
    person: Person
    until: datetime
    # The last who came as this user: mostly the same token from the same place.
    came: tuple[Claims, EventSource, str | None] | None = None
    last: Actor | None = None


class Actors:
    """Finds who stands behind a token; asks the database once in a while.

    `met` is told of each organisation before any of its users is remembered, and must see to it
    that `forget` hears of the organisation's events from then on.
    """

    def __init__(self, engine: AsyncEngine, *, met: Callable[[UUID], Awaitable[object]]) -> None:
        self.usage = KeyUsage(engine)
        self._engine = engine
        self._met = met
        self._known: OrderedDict[tuple[UUID, UUID], _Known] = OrderedDict()
        self._asking: dict[tuple[UUID, UUID], asyncio.Task[_Known]] = {}
        # How often an organisation's users were forgotten.
        self._forgotten: Counter[UUID] = Counter()

    async def of(
        self, claims: Claims, *, now: datetime, source: EventSource = EventSource.API, ip: str | None = None
    ) -> Actor:
        """Return the actor with the roles that both the user's row and the claim grant.

        `source` is taken unless the token names one. Raises UnknownUser.
        """
        key = (claims.organization_id, claims.user_id)
        known = self._known.get(key)
        if known is None or known.until <= now or _is_news(claims.key_id, known):
            known = await self._asked(key, now)
        self.usage.note(claims, now)
        if known.last is not None and known.came is not None:
            same_claims, same_source, same_ip = known.came
            if same_claims is claims and same_source is source and same_ip == ip:
                return known.last
        # Whoever is refused must not be remembered beside the actor whom somebody else became.
        known.last = known.person.by(claims, source=source, ip=ip)
        known.came = (claims, source, ip)
        return known.last

    async def look(self, organization_id: UUID, users: Collection[UUID], *, now: datetime) -> Mapping[UUID, Person]:
        """Return those of the users who may come in, as the database knows them now, and remember them."""
        forgotten = self._forgotten[organization_id]
        async with transaction(self._engine, organization_id, mode=Mode.READ) as connection:
            found = await _people(connection, organization_id, users)
        for user_id in users:
            key = (organization_id, user_id)
            if user_id in found and forgotten == self._forgotten[organization_id]:
                self._remember(key, found[user_id], now)
            else:
                self._known.pop(key, None)
        return found

    async def _asked(self, key: tuple[UUID, UUID], now: datetime) -> _Known:
        """Ask the database, once for all who want to know at the same time."""
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = asyncio.create_task(self._ask(key, now))
            asking.add_done_callback(lambda done: self._answered(key, done))
        # Whoever gives up does not take the answer away from the others.
        return await asyncio.shield(asking)

    async def _ask(self, key: tuple[UUID, UUID], now: datetime) -> _Known:
        # Followed first, so that no change between the look and the cache goes unheard.
        await self._met(key[0])
        while True:
            forgotten = self._forgotten[key[0]]
            person = await person_of(self._engine, *key)
            # What was forgotten meanwhile may be what was just read.
            if forgotten == self._forgotten[key[0]]:
                return self._remember(key, person, now)

    def _answered(self, key: tuple[UUID, UUID], done: "asyncio.Task[_Known]") -> None:
        del self._asking[key]
        if not done.cancelled():
            # Nobody may be waiting any more for what it says.
            done.exception()

    def _remember(self, key: tuple[UUID, UUID], person: Person, now: datetime) -> _Known:
        known = _Known(person, now + LIFE)
        self._known[key] = known
        self._known.move_to_end(key)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)
        return known

    def forget(self, event: Event) -> None:
        """Drop what is known of the organisation's users when one of them changed."""
        if event.kind in CHANGES_WHO_ONE_IS:
            self.forget_all(event.organization_id)

    def forget_all(self, organization_id: UUID) -> None:
        """Drop what is known of an organisation's users, without waiting for the log to tell."""
        self._forgotten[organization_id] += 1
        for key in [key for key in self._known if key[0] == organization_id]:
            del self._known[key]


def _is_news(key_id: UUID | None, known: _Known) -> bool:
    """Tell whether a key may have been made after its user was last looked at."""
    return key_id is not None and key_id not in known.person.keys


async def actor_of(engine: AsyncEngine, organization_id: UUID, user_id: UUID) -> Actor:
    """Return a user as an actor, as the database knows them now. Raises UnknownUser."""
    return (await person_of(engine, organization_id, user_id)).actor


async def person_of(engine: AsyncEngine, organization_id: UUID, user_id: UUID) -> Person:
    """Return a user as the database knows them now. Raises UnknownUser."""
    async with transaction(engine, organization_id, mode=Mode.READ) as connection:
        found = await _people(connection, organization_id, [user_id])
    if user_id not in found:
        raise UnknownUser
    return found[user_id]


async def _people(connection: AsyncConnection, organization_id: UUID, keys: Collection[UUID]) -> Mapping[UUID, Person]:
    member = customer_users.c
    customers = (
        sa.select(sa.func.array_agg(member.customer_id))
        .where(member.organization_id == users.c.organization_id, member.user_id == users.c.id)
        .scalar_subquery()
    )
    key = api_keys.c
    of_user = (key.organization_id == users.c.organization_id, key.user_id == users.c.id, key.revoked_at.is_(None))
    acting = sa.select(sa.func.jsonb_object_agg(key.id, key.scopes, type_=Json)).where(*of_user).scalar_subquery()
    same = sa.and_(technicians.c.organization_id == users.c.organization_id, technicians.c.user_id == users.c.id)
    query = (
        sa.select(
            users.c.id,
            users.c.roles,
            users.c.tokens_revoked_at,
            technicians.c.id.label("technician_id"),
            technicians.c.team_id,
            customers.label("customers"),
            acting.label("keys"),
        )
        .select_from(users.outerjoin(technicians, same))
        .where(users.c.organization_id == organization_id, users.c.id == sa.any_(sa.literal(list(keys), _IDS)))
        .where(users.c.active)
    )
    return {
        row.id: Person(
            Actor(
                organization_id=organization_id,
                user_id=row.id,
                roles=frozenset(Role(role) for role in row.roles),
                technician_id=row.technician_id,
                team_id=row.team_id,
                customer_ids=frozenset(row.customers or ()),
            ),
            row.tokens_revoked_at,
            _keys(row.keys),
        )
        for row in await connection.execute(query)
    }


def _keys(found: Mapping[str, Collection[str]] | None) -> Mapping[UUID, ActingKey]:
    ids = {UUID(id_): scopes for id_, scopes in (found or {}).items()}
    return {id_: ActingKey(id=id_, scopes=frozenset(map(ApiKeyScope, scopes))) for id_, scopes in ids.items()}
