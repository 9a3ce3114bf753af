"""The lines of a file, what came of each, and why others were refused."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.domain.refusals import Refusal, Refusals
from app.services.administration.drafting import Draft
from app.services.administration.saying import Kept

# What every change has.
_RISING = frozenset({"version", "updated_at"})
# Others are let in after so many lines.
_IN_ONE_GO = 100


class Outcome(StrEnum):
    """What comes of a line."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a file, counted from 1, and what it says, by column: None clears, what is not there stays."""

    number: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that cannot be written, and why."""

    number: int
    refusal: Refusal


class LinesRefused(Exception):
    """Lines of the file are wrong, and nothing of it was written; in the order of the file."""

    def __init__(self, each: Sequence[RefusedLine]) -> None:
        super().__init__(f"{len(each)} lines are wrong")
        self.each = each


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What comes of a line: its row, and what is new of one that was there, by column or list."""

    number: int
    id: UUID
    outcome: Outcome
    differing: tuple[str, ...] = ()


class Overtaken(Exception):
    """What a line was checked against has changed since: what came meanwhile is seen by whoever checks again."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


async def as_it_is() -> None:
    """Claim nothing."""


@dataclass(slots=True, kw_only=True)
class Drafted:
    """Lines that were checked, and the rows to be written for them, by kind, in the order in which they are."""

    writes: Sequence[tuple[Kept, list[Draft]]]
    done: list[Done] = field(default_factory=list)
    refused: list[RefusedLine] = field(default_factory=list)
    # What is to be thought about, by line.
    warnings: list[tuple[int, str]] = field(default_factory=list)
    # Takes what was found free for oneself, before any row is written; raises Overtaken where it no longer is.
    claim: Callable[[], Awaitable[None]] = as_it_is

    @contextmanager
    def refusing(self, line: Line) -> Iterator[None]:
        """Note what is refused of a line, and go on with the next."""
        try:
            yield
        except Refusal as refusal:
            self.refused.append(RefusedLine(line.number, refusal))
        except Refusals as refusals:
            self.refused += [RefusedLine(line.number, each) for each in refusals.each]

    def note(self, line: Line, first: Draft, *beside: Draft) -> None:
        """Note what comes of a line: the row that it is about is the first."""
        differing = tuple(name for draft in (*beside, first) for name in draft.differing if name not in _RISING)
        outcome = Outcome.UPDATED if differing else Outcome.UNCHANGED
        if first.before is None:
            outcome, differing = Outcome.CREATED, ()
        self.done.append(Done(number=line.number, id=first.after["id"], outcome=outcome, differing=differing))


async def one_by_one(lines: Sequence[Line]) -> AsyncIterator[Line]:
    """Yield the lines; whatever else the process has to do comes in between."""
    for at, line in enumerate(lines, start=1):
        yield line
        if at % _IN_ONE_GO == 0:
            await asyncio.sleep(0)
