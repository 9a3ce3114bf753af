"""One change: one transaction, one entry in the log, at most once per idempotency key.

`perform` is the only way to write what the log tells of. It opens the transaction, answers repeats, runs
the work, and closes with the one statement that gives the events their positions. Readers are woken after
commit. What the log says nothing of is written `beside_the_log`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_bytes
from typing import Any, NoReturn, Protocol
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from app.db import locks, log, queue_versions
from app.db.checks import is_about_a_zone
from app.db.personal import is_about_the_erased
from app.db.tables.log import idempotency_results
from app.db.transaction import Mode, transaction
from app.domain.deliveries import Channel
from app.domain.erasures import Erased
from app.domain.events import plain
from app.domain.impact import Impact
from app.domain.organizations import BookingRules
from app.domain.people import Actor
from app.domain.refusals import Forbidden, IdempotencyInProgress, IdempotencyMismatch, Invalid, NoCandidate
from app.domain.sla import DEFAULT_TARGETS, Targets
from app.domain.slot_offers import SlotTokens
from app.metrics.figures import Figures
from app.services.appointments.following import follow_jobs
from app.services.change import Change, RefusedItem
from app.services.service_levels.promises import keep_promises

# No row has this role.
_REFUSED = "_refused"
KEPT_FOR = timedelta(days=7)
LONGEST_KEY = 255
_PATIENCE_SECONDS = 5.0
_PATIENCE_FOR_A_SLOT_SECONDS = 10.0
_MOST_AT_ONCE = 100
_TRIES = 4
_PAUSE_BEFORE_TRYING_AGAIN_SECONDS = 0.05
_UNKNOWN_ZONE = "timeZone must be a time zone that the database knows too."
_ABOUT_THE_ERASED = "write about somebody whose data was erased, nor as one"
# What could not be serialised, a deadlock, and what names a row that was deleted since it was looked for.
_TRY_AGAIN = frozenset({"40001", "40P01", "23503"})


class Command(Protocol):
    """What a client asks for: a frozen record with the key that makes a repeat recognisable."""

    @property
    def idempotency_key(self) -> str | None:
        """The client's key, None when a repeat may act twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """What every write needs of the process: connections, the time, and whom to wake.

    `targets` are promised, and time is booked as `booking_rules` say, by organisations that have settled
    nothing themselves. Slots are offered under `slot_tokens`. `slots` bounds how many write at once: fewer than there
    are connections, so that writers that wait for each other never keep readers from one. Something can leave the
    house by `channels`. New facilities begin with `bay_count` bays. What was written is counted in `figures`.
    """

    engine: AsyncEngine
    clock: Callable[[], datetime]
    wake: Callable[[UUID], None]
    targets: Targets = field(default_factory=lambda: DEFAULT_TARGETS)
    booking_rules: BookingRules = field(default_factory=BookingRules)
    slot_tokens: SlotTokens = field(default_factory=lambda: SlotTokens(token_bytes(32)))
    channels: frozenset[Channel] = frozenset()
    bay_count: int = 8
    figures: Figures = field(default_factory=Figures)
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_MOST_AT_ONCE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a change left behind: its name in the log, the head after it, and the rows' keys by role.

    The answer to a repeat is equal to the first one; what the change brought about only the first tells.
    `refused` are those of many that were left as they were, by key.
    """

    change_id: UUID
    position: int
    ids: Mapping[str, UUID]
    impact: Impact | None = field(default=None, compare=False)
    # What was erased; None where nothing was to be, and for a repeat.
    erased: Erased | None = field(default=None, compare=False)
    # Why automatic dispatch found nobody; None where it was not asked for, or found somebody.
    no_candidate: NoCandidate | None = field(default=None, compare=False)
    refused: Mapping[UUID, RefusedItem] = field(default_factory=dict)
    # What is to be thought about, now that it is written.
    warnings: tuple[str, ...] = field(default=(), compare=False)
    # Of what kinds the rows are that it tells of; a repeat tells of none.
    kinds: frozenset[str] = field(default=frozenset(), compare=False)


class Rehearsed(Exception):
    """A change was made and undone: what it would bring about is all that is left of it."""

    def __init__(self, told: Impact | Erased) -> None:
        super().__init__("nothing was written")
        self.told = told


Work = Callable[[Change], Awaitable[dict[str, UUID]]]


async def perform(
    writer: Writer, actor: Actor, mutation: str, command: Command, work: Work, *, rehearsal: bool = False
) -> Written:
    """Run `work` in a transaction and log what it tells; a repeat gets the first answer.

    A rehearsal runs it and undoes it; its key is not looked at.

    Guard: the idempotency key's advisory lock, then whatever `work` locks, then the log's head.
    Serialisation failures and deadlocks are retried three times; so is what names a row that was deleted after it had
    been looked for, and then does not find it.

    Raises:
        Rehearsed: it was a rehearsal, and nothing stands against it.
        Refusal: whatever `work` refuses, IdempotencyMismatch, IdempotencyInProgress; nothing is written.
        Forbidden: it would tell of somebody whose data was erased, or is by such a one.
        Invalid: it names a time zone that the database does not know.
        TimeoutError: too many others write; nothing is written.
    """
    key = _checked(command.idempotency_key)
    for tries_left in reversed(range(_TRIES)):
        try:
            if rehearsal:
                await _rehearse(writer, actor, work)
            written = await _once(writer, actor, mutation, command, key, work)
        except DBAPIError as error:
            if is_about_the_erased(error):
                raise Forbidden(action=_ABOUT_THE_ERASED) from error
            if is_about_a_zone(error):
                raise Invalid(field=("timeZone",), problem=_UNKNOWN_ZONE) from error
            if tries_left == 0 or getattr(error.orig, "sqlstate", None) not in _TRY_AGAIN:
                raise
            # Whoever won the deadlock needs a moment to finish, or the two meet again.
            await asyncio.sleep(_PAUSE_BEFORE_TRYING_AGAIN_SECONDS)
        else:
            writer.wake(actor.organization_id)
            return written
    raise AssertionError("the last try returns or raises")


async def _rehearse(writer: Writer, actor: Actor, work: Work) -> NoReturn:
    async with _slot(writer), transaction(writer.engine, actor.organization_id) as connection:
        change = _begun(writer, connection, actor, writer.clock())
        await work(change)
        await follow_jobs(change, writer.booking_rules)
        told = change.impact or change.erased
        if told is None:
            raise TypeError("what is rehearsed must tell what it brings about")
        raise Rehearsed(told)


def _begun(writer: Writer, connection: AsyncConnection, actor: Actor, now: datetime) -> Change:
    return Change(
        connection=connection,
        actor=actor,
        now=now,
        id=uuid7(),
        booking_rules=writer.booking_rules,
        channels=writer.channels,
    )


async def _once(writer: Writer, actor: Actor, mutation: str, command: Command, key: str | None, work: Work) -> Written:
    input_hash = fingerprint(command)
    async with _slot(writer), transaction(writer.engine, actor.organization_id) as connection:
        now = writer.clock()
        if key is not None:
            repeated = await _repeat(connection, actor, mutation, key, input_hash, now)
            if repeated is not None:
                writer.figures.repeats.add()
                return repeated
        change = _begun(writer, connection, actor, now)
        ids = await work(change)
        await follow_jobs(change, writer.booking_rules)
        for event in await keep_promises(connection, actor, change.told, writer.targets, new_id=change.new_id, now=now):
            change.tell(event)
        await queue_versions.advance(connection, actor.organization_id, change.queues)
        answer = None
        if key is not None:
            result: dict[str, Any] = {name: str(each) for name, each in ids.items()}
            if change.refused:
                result[_REFUSED] = {str(id_): asdict(item) for id_, item in change.refused.items()}
            answer = log.KeptAnswer(mutation=mutation, key=key, input_hash=input_hash, result=result)
        position = await log.append(
            connection,
            organization_id=actor.organization_id,
            change_id=change.id,
            actor_id=actor.user_id,
            source=actor.source,
            ip_address=actor.ip_address,
            now=now,
            new=change.told,
            answer=answer,
        )
    for event in change.told:
        writer.figures.events.add(event.type)
    return Written(
        change_id=change.id,
        position=position,
        ids=ids,
        impact=change.impact,
        erased=change.erased,
        no_candidate=change.no_candidate,
        refused=change.refused,
        warnings=tuple(change.warnings),
        kinds=frozenset(event.kind for event in change.told),
    )


async def answered_before(writer: Writer, actor: Actor, mutation: str, command: Command) -> Written | None:
    """Return the answer that a repeat will get, before what takes long is done; None: there is none yet.

    Guard: none; `perform` looks again under the key's lock.

    Raises:
        IdempotencyMismatch: the key was used before with another input.
    """
    key = _checked(command.idempotency_key)
    if key is None:
        return None
    async with transaction(writer.engine, actor.organization_id, mode=Mode.READ) as connection:
        return await _kept(connection, actor, mutation, key, fingerprint(command), writer.clock())


@asynccontextmanager
async def beside_the_log(writer: Writer, actor: Actor) -> AsyncIterator[AsyncConnection]:
    """Open a transaction for what is no event, so that it waits for none and none waits for it.

    Guard: whatever the statements in it have; the log's head is left alone.

    Raises:
        Forbidden: it would tell of somebody whose data was erased; nothing is written.
        TimeoutError: too many others write; nothing is written.
    """
    try:
        async with _slot(writer), transaction(writer.engine, actor.organization_id) as connection:
            yield connection
    except DBAPIError as error:
        if is_about_the_erased(error):
            raise Forbidden(action=_ABOUT_THE_ERASED) from error
        raise


@asynccontextmanager
async def _slot(writer: Writer) -> AsyncIterator[None]:
    async with asyncio.timeout(_PATIENCE_FOR_A_SLOT_SECONDS):
        await writer.slots.acquire()
    try:
        yield
    finally:
        writer.slots.release()


async def _repeat(
    connection: AsyncConnection, actor: Actor, mutation: str, key: str, input_hash: bytes, now: datetime
) -> Written | None:
    # Phones retry after a timeout: the same key must get the same answer, also while the first runs.
    names = (str(actor.organization_id), str(actor.user_id), mutation, key)
    if not await locks.try_lock_key(connection, *names, patience_seconds=_PATIENCE_SECONDS):
        raise IdempotencyInProgress(field=("idempotencyKey",))
    return await _kept(connection, actor, mutation, key, input_hash, now)


async def _kept(
    connection: AsyncConnection, actor: Actor, mutation: str, key: str, input_hash: bytes, now: datetime
) -> Written | None:
    kept = idempotency_results.c
    query = sa.select(kept.input_hash, kept.change_id, kept.position, kept.result).where(
        kept.organization_id == actor.organization_id,
        kept.actor_id == actor.user_id,
        kept.mutation == mutation,
        kept.key == key,
        kept.created_at > now - KEPT_FOR,
    )
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    if row.input_hash != input_hash:
        raise IdempotencyMismatch(field=("idempotencyKey",))
    kept_result = dict(row.result)
    refused = {UUID(id_): RefusedItem(**item) for id_, item in kept_result.pop(_REFUSED, {}).items()}
    ids = {name: UUID(text) for name, text in kept_result.items()}
    return Written(change_id=row.change_id, position=row.position, ids=ids, refused=refused)


def fingerprint(command: Command) -> bytes:
    """Return a hash of everything the command asks for, its key aside."""
    return sha256(orjson.dumps(_spelled(command, omit="idempotency_key"), option=orjson.OPT_SORT_KEYS)).digest()


def _spelled(value: Any, *, omit: str | None = None) -> Any:
    if isinstance(value, tuple):
        return [_spelled(each) for each in value]
    if isinstance(value, Mapping):
        # Keys may be words of the domain, which the writer of JSON does not take for text.
        return {str(key): _spelled(each) for key, each in value.items()}
    if hasattr(value, "__dataclass_fields__"):
        return {each.name: _spelled(getattr(value, each.name)) for each in fields(value) if each.name != omit}
    return plain(value)


def _checked(key: str | None) -> str | None:
    if key is None:
        return None
    if not 1 <= len(key) <= LONGEST_KEY or "\x00" in key:
        raise Invalid(field=("idempotencyKey",), problem=f"An idempotency key has 1 to {LONGEST_KEY} characters.")
    return key
