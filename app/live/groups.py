"""Groups: readers of one log who are told the same, word for word.

What happened is put into words once for a group, however many are in it, and handed to each. Nobody is
waited for: who cannot take more leaves the group.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Protocol
from uuid import UUID

import structlog

from app.domain.events import Event
from app.live.replay import Heartbeat, Log

# So long at least, and at most, are words collected that can leave together.
_TOGETHER_SECONDS = 0.005
_LONGEST_TOGETHER_SECONDS = 0.1
# In between it is this many times as long as handing out keeps the process busy.
_TIMES_BUSY = 3

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """What readers are told of the log up to a position, as JSON; `cursor` lets one come back to there."""

    position: int
    text: str
    cursor: str = ""


Words = Callable[[Event | Heartbeat], Awaitable[Told | None]]


class Outlet(Protocol):
    """Where one reader's words go."""

    async def send(self, told: Told) -> None:
        """Pass words on after all others; wait while the reader is behind."""

    def offer(self, told: Told) -> bool:
        """Pass words on after all others, or not at all when the reader is too far behind."""

    async def emptied(self) -> None:
        """Wait until the reader is no longer behind."""


class Parting(StrEnum):
    """Why a reader is no longer in a group."""

    # It was too far behind to be told more.
    LAGGED = "LAGGED"
    # Its reader has left.
    LEFT = "LEFT"


class Member:
    """A reader in a group. `over` says why it is no longer in it, or has the group's own failure."""

    __slots__ = ("_group", "outlet", "over", "position")

    def __init__(self, group: "Group", outlet: Outlet, position: int) -> None:
        self._group = group
        self.outlet = outlet
        self.position = position
        self.over: asyncio.Future[Parting] = asyncio.get_running_loop().create_future()

    def leave(self, parting: Parting = Parting.LEFT) -> None:
        """Be told nothing more, from this moment on."""
        self._group.part(self)
        if not self.over.done():
            self.over.set_result(parting)


class Group:
    """Readers who are told the same, and the one task that finds the words."""

    def __init__(self, words: Words, position: int, emptied: "Callable[[Group], None]") -> None:
        self.position = position
        self._words = words
        self._emptied = emptied
        self._members: dict[Member, None] = {}
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._members)

    def start(self, log: Log, organization_id: UUID, settled: "Settled") -> None:
        """Begin to tell what happens after the position."""
        self._task = asyncio.create_task(self._tell(log, organization_id, settled))

    def add(self, outlet: Outlet, position: int) -> Member:
        """Let a reader in who has been told everything up to `position`, where the group is not further."""
        member = Member(self, outlet, position)
        self._members[member] = None
        return member

    def part(self, member: Member) -> None:
        """Let a reader go; with the last one the group ends."""
        self._members.pop(member, None)
        if not self._members and self._task is not None:
            self._emptied(self)
            self._task.cancel()
            self._task = None

    async def _tell(self, log: Log, organization_id: UUID, settled: "Settled") -> None:
        time = asyncio.get_running_loop().time
        try:
            async with aclosing(log.batches(organization_id, self.position)) as batches:
                patience = _TOGETHER_SECONDS
                async for batch in batches:
                    found, began = [], time()
                    for step in batch:
                        # Whoever may no longer be told has left by the time that this returns.
                        await settled(organization_id)
                        told = await self._words(step)
                        if told is not None:
                            found.append(told)
                        if time() - began > patience:
                            # Nobody waits for words that take long to find for what comes behind.
                            self.position = step.position
                            patience = await self._let_go(found, again=isinstance(step, Heartbeat))
                            found, began = [], time()
                    self.position = batch[-1].position
                    patience = await self._let_go(found, again=isinstance(batch[-1], Heartbeat))
        except Exception as error:
            logger.exception("group.failed", organization_id=str(organization_id))
            self._fail(error)

    async def _let_go(self, found: Sequence[Told], *, again: bool) -> float:
        """Hand words out and let them leave; return how long to collect the next ones.

        Many members keep the process busy with writing. Single words would then leave one by one, each
        at the price of a whole round.
        """
        time = asyncio.get_running_loop().time
        began = time()
        self._hand_out(found, again=again)
        await asyncio.sleep(0)
        return min(_LONGEST_TOGETHER_SECONDS, max(_TOGETHER_SECONDS, _TIMES_BUSY * (time() - began)))

    def _hand_out(self, found: Sequence[Told], *, again: bool) -> None:
        for member in list(self._members):
            for told in found:
                # Some joined ahead of the group; a heartbeat repeats the position that it is at.
                if member.position < told.position or (again and member.position == told.position):
                    if not member.outlet.offer(told):
                        member.leave(Parting.LAGGED)
                        break
                    member.position = told.position

    def _fail(self, error: Exception) -> None:
        self._task = None
        self._emptied(self)
        for member in list(self._members):
            if not member.over.done():
                member.over.set_exception(error)
        self._members.clear()


Settled = Callable[[UUID], Awaitable[None]]


class Groups:
    """The groups of one process. `settled` waits until everybody's rights are as the log has them by now."""

    def __init__(self, log: Log, settled: Settled) -> None:
        self._log = log
        self._settled = settled
        self._groups: dict[Hashable, Group] = {}

    def __len__(self) -> int:
        return len(self._groups)

    def has(self, key: Hashable) -> bool:
        """Tell whether anybody is in the group of a key."""
        return key in self._groups

    def join(
        self, key: Hashable, organization_id: UUID, position: int, outlet: Outlet, words: Words | None
    ) -> Member | None:
        """Join the group of a key, the first one with `words` of its own; None where the group is further on.

        The caller then goes on alone from its position and tries again: nothing lies between.
        """
        group = self._groups.get(key)
        if group is not None:
            return group.add(outlet, position) if group.position <= position else None
        if words is None:
            raise LookupError("a new group needs words")
        group = Group(words, position, partial(self._forget, key))
        self._groups[key] = group
        member = group.add(outlet, position)
        group.start(self._log, organization_id, self._settled)
        return member

    def _forget(self, key: Hashable, group: Group) -> None:
        # Another may have begun since.
        if self._groups.get(key) is group:
            del self._groups[key]
