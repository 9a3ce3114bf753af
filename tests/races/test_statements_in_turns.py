"""Three people at one ticket, whose statements take turns as a seed has it: the same truths hold.

At each statement a seeded scheduler decides whose comes next; whoever waits for a lock is left waiting until
somebody else has gone on.
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import transaction as transactions
from tests.races.deeds import Deeds
from tests.races.truth import check
from tests.services.scene import Clock, Scene
from tests.services.unlocked import without_row_locks

_SEEDS = int(os.environ.get("RACE_RUNS", "25"))
_PEOPLE, _DEEDS = 3, 4
# Whoever has not come back for so long waits for a lock that somebody else has.
_BLOCKED_SECONDS = 0.03


class Turns:
    """Lets one statement go on at a time, in an order that a seed decides."""

    def __init__(self, seed: int) -> None:
        self.switches = 0
        self._chance = Random(seed)
        self._waiting: dict[asyncio.Task[Any], asyncio.Event] = {}
        self._people: set[asyncio.Task[Any]] = set()
        self._came = asyncio.Event()
        self._last: asyncio.Task[Any] | None = None

    async def wait(self) -> None:
        """Wait for one's turn; whoever is no part of the play does not wait."""
        task = asyncio.current_task()
        if task is None or task not in self._people:
            return
        go = self._waiting[task] = asyncio.Event()
        self._came.set()
        await go.wait()

    async def play(self, *works: Any) -> list[Any]:
        """Run the works with their statements in turns; return their results."""
        tasks = [asyncio.create_task(work) for work in works]
        self._people = set(tasks)
        while not all(task.done() for task in tasks):
            await self._until_all_have_come_or_are_blocked()
            if self._waiting:
                task = self._chance.choice(sorted(self._waiting, key=tasks.index))
                self.switches += task is not self._last
                self._last = task
                self._waiting.pop(task).set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        for failure in results:
            if isinstance(failure, BaseException):
                raise failure
        return results

    async def _until_all_have_come_or_are_blocked(self) -> None:
        while True:
            self._came.clear()
            running = [task for task in self._people if not task.done() and task not in self._waiting]
            if not running:
                return
            came = asyncio.ensure_future(self._came.wait())
            await asyncio.wait({*running, came}, timeout=_BLOCKED_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            came.cancel()
            if not self._came.is_set() and not any(task.done() for task in running):
                return


@contextmanager
def taking(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let every statement wait for its turn, the end of its transaction too."""
    with monkeypatch.context() as patch:
        for name in ("execute", "scalar", "scalars"):
            patch.setattr(AsyncConnection, name, _after_turn(turns, getattr(AsyncConnection, name)))
        patch.setattr(transactions, "_said", _after_turn(turns, transactions._said))
        yield


def _after_turn(turns: Turns, statement: Any) -> Any:
    async def wait_and_go(*arguments: Any, **named: Any) -> Any:
        await turns.wait()
        return await statement(*arguments, **named)

    return wait_and_go


async def play(scene: Scene, clock: Clock, monkeypatch: pytest.MonkeyPatch, deeds: Deeds, seed: int) -> int:
    """Let three people loose on a new ticket; return how often the turn went to another."""
    ticket = await scene.ticket("customer")
    await deeds.attempt("assign", ticket, Random(seed))
    clock.pass_by(minutes=Random(seed).choice((1, 11)))
    turns = Turns(seed)

    async def act(number: int) -> None:
        chance = Random(f"{seed} {number}")
        for _ in range(_DEEDS):
            await deeds.go_on(ticket, chance)

    async with asyncio.timeout(60):
        with taking(turns, monkeypatch):
            await turns.play(*(act(number) for number in range(_PEOPLE)))
    return turns.switches


@pytest.mark.parametrize("part", range(5))
async def test_statements_in_any_order_keep_every_truth(
    scene: Scene, clock: Clock, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    await scene.settle(offer_accept_minutes=10)
    deeds, seeds = Deeds(scene), range(part, _SEEDS, 5)
    switches = 0
    for seed in seeds:
        switches += await play(scene, clock, monkeypatch, deeds, seed)
        await check(scene)

    # Not that one after the other had it all alone.
    assert switches > 20 * len(seeds)
    assert min(deeds.done, deeds.refused) > 0


async def test_without_row_locks_some_order_breaks_the_rules(
    scene: Scene, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.settle(offer_accept_minutes=10)
    without_row_locks(monkeypatch)
    broken: list[str] = []
    for seed in range(12):
        try:
            await play(scene, clock, monkeypatch, Deeds(scene), seed)
            await check(scene)
        except Exception as error:  # noqa: BLE001  # whatever it is that goes wrong
            broken.append(type(error).__name__)
            break

    assert broken != []
