"""Writers that overlap and a reader that remembers how far it has come: one race for any kind of log."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import TypeAlias
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.db import log
from app.db.transaction import transaction
from app.domain.events import Event, EventType, FieldChange, NewEvent
from app.domain.people import Actor, EventSource
from app.services.change import Change
from app.services.perform import Writer, perform

Entry: TypeAlias = tuple[int, str]
Write: TypeAlias = Callable[[Random], Awaitable[None]]
Read: TypeAlias = Callable[[int], Awaitable[list[Entry]]]

LONGEST_PAUSE = 0.01
MOST_EVENTS = 9
THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A change that only tells something."""

    text: str = ""
    idempotency_key: str | None = None


class GivenUp(Exception):
    """A transaction that ends before its commit."""


async def race(write: Write, read: Read, *, writers: int = 8, turns: int) -> list[Entry]:
    """Let each writer take its turns while one reader follows; return what the reader saw, in its order."""
    over = asyncio.Event()
    seen: list[Entry] = []

    async def follow() -> None:
        last = 0
        while True:
            nothing_follows = over.is_set()
            page = await read(last)
            seen.extend(page)
            if page:
                last = page[-1][0]
            elif nothing_follows:
                return

    async with asyncio.TaskGroup() as reading:
        reading.create_task(follow())
        await write_all(write, writers=writers, turns=turns)
        over.set()
    return seen


async def write_all(write: Write, *, writers: int = 8, turns: int) -> None:
    """Let each writer take its turns, all at the same time."""

    async def work(number: int) -> None:
        dice = Random(number)
        for _ in range(turns):
            await write(dice)

    async with asyncio.TaskGroup() as writing:
        for number in range(writers):
            writing.create_task(work(number))


async def pause(dice: Random) -> None:
    """Wait as long as the dice say: transactions begin in one order and end in another."""
    await asyncio.sleep(dice.uniform(0, LONGEST_PAUSE))


async def write_events(writer: Writer, actor: Actor, dice: Random) -> None:
    """Commit a change of one to nine events; one in ten is rolled back with its positions already taken."""
    new = [told(dice.random()) for _ in range(dice.randint(1, MOST_EVENTS))]

    async def work(change: Change) -> dict[str, UUID]:
        await pause(dice)
        for each in new:
            change.tell(each)
        return {}

    if dice.random() >= 0.1:
        await perform(writer, actor, "note", Note(), work)
        return
    with suppress(GivenUp):
        await append_and_give_up(writer.engine, actor, new, dice)


async def append_and_give_up(engine: AsyncEngine, actor: Actor, new: list[NewEvent], dice: Random) -> None:
    """Take positions for events and roll back. Raises GivenUp."""
    async with transaction(engine, actor.organization_id) as connection:
        await pause(dice)
        await append(connection, actor, new)
        raise GivenUp


async def append(connection: AsyncConnection, actor: Actor, new: list[NewEvent], *, now: datetime = THEN) -> int:
    """Append events to the actor's log within a transaction; return the new head."""
    return await log.append(
        connection,
        organization_id=actor.organization_id,
        change_id=uuid4(),
        actor_id=actor.user_id,
        source=EventSource.API,
        ip_address=None,
        now=now,
        new=new,
        answer=None,
    )


def told(value: object, *, kind: str = "Part", occurred_at: datetime = THEN) -> NewEvent:
    """Return an event that carries a value."""
    return NewEvent(
        type=EventType.RECORD_CHANGED,
        kind=kind,
        id=uuid4(),
        version=1,
        occurred_at=occurred_at,
        changes=(FieldChange(field="value", old=None, new=value),),
    )


def entry(event: Event) -> Entry:
    """Return an event as the race knows it."""
    return event.position, str(event.id)
