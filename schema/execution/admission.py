"""Who may spend how much: every operation is paid for by its cost, from the user's and the address's bucket."""

from collections.abc import Hashable
from dataclasses import dataclass
from math import ceil
from time import monotonic
from typing import Protocol

from app.metrics.figures import Figures
from schema.execution.callers import Caller
from schema.execution.limits import Limits
from schema.execution.memory import Memory
from schema.execution.preparing import Prepared

_MOST_BUCKETS = 50_000


class Throttled(Exception):
    """It is too much at the moment; `retry_after` is in whole seconds."""

    def __init__(self, retry_after: int, why: str = "Too much was asked for lately") -> None:
        super().__init__(f"{why}: try again in {retry_after} s.")
        self.retry_after = retry_after


class Purse(Protocol):
    """Where it is kept what everybody may still spend."""

    def spend(self, owners: tuple[Hashable, ...], cost: int) -> float:
        """Take the cost from every owner, or from none; return the seconds until there will be enough, or 0."""


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


class MemoryPurse:
    """Token buckets of this process: each holds `size` and gets `refill` back every second."""

    def __init__(self, *, size: int, refill: float) -> None:
        self._size = size
        self._refill = refill
        self._buckets: Memory[Hashable, _Bucket] = Memory(entries=_MOST_BUCKETS, weight=_MOST_BUCKETS)

    def spend(self, owners: tuple[Hashable, ...], cost: int) -> float:
        """Take the cost from every owner, or from none; return the seconds until there will be enough, or 0."""
        now, size = monotonic(), self._size
        # What costs more than a whole bucket is let through when the bucket is full.
        needed = min(size, cost)
        lacking, buckets = 0.0, []
        for owner in owners:
            bucket = self._buckets.get(owner)
            if bucket is None:
                bucket = _Bucket(size, now)
                self._buckets.put(owner, bucket, 1)
            else:
                level = bucket.level + (now - bucket.at) * self._refill
                bucket.level = min(size, level)
                bucket.at = now
            if needed - bucket.level > lacking:
                lacking = needed - bucket.level
            buckets.append(bucket)
        if lacking > 0:
            return lacking / self._refill
        for bucket in buckets:
            bucket.level -= needed
        return 0.0


class Admission:
    """Lets an operation begin, or says why not."""

    def __init__(self, limits: Limits, purse: Purse, figures: Figures) -> None:
        self._limits = limits
        self._purse = purse
        self._figures = figures

    def admit(self, prepared: Prepared, caller: Caller) -> None:
        """Let a caller pay for a request.

        Raises:
            TooLarge: it costs more than any operation may.
            Throttled: it is too much for what was spent lately.
        """
        self._limits.check_cost(prepared.cost)
        self._pay(caller, max(1, prepared.cost))

    def admit_dearest(self, caller: Caller) -> None:
        """Let a caller pay as much as the dearest operation costs. Raises Throttled."""
        self._pay(caller, self._limits.cost)

    def _pay(self, caller: Caller, cost: int) -> None:
        seconds = self._purse.spend((caller.user, caller.ip), cost)
        if seconds > 0:
            self._figures.throttled.add()
            raise Throttled(ceil(seconds))
        self._figures.cost.add(by=cost)

    def told(self, cost: int) -> bytes:
        """Return the end of a response's JSON, which says what it cost and what it may."""
        return b',"extensions":{"cost":{"requested":%d,"limit":%d}}}' % (cost, self._limits.cost)
