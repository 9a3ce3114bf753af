"""Anything in any order, with transactions that break off: the same truths hold after every step.

`make races` runs it 500 times instead of 25.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from random import Random
from typing import Any, ClassVar
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from sqlalchemy import event

from app.db.embedded.server import EmbeddedServer
from app.db.engine import open_engine
from tests.database import database
from tests.races.deeds import DEEDS, Deeds
from tests.races.truth import check
from tests.services.scene import Clock, Scene
from tests.world import make_world

_RUNS = int(os.environ.get("RACE_RUNS", "25"))
_STEPS = 30


class BrokenOff(Exception):
    """A transaction is given up in the middle."""


class Anything(RuleBasedStateMachine):
    """An organisation of its own for every run, on one database."""

    url = ""
    tally: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.engine = open_engine(self.url, size=3)
        self.clock = Clock()
        world = self.runner.run(make_world(self.engine))
        self.deeds = Deeds(Scene(engine=self.engine, world=world, clock=self.clock))
        self.tickets: list[UUID] = []
        self.broken_off = 0
        self.runner.run(self.deeds.scene.settle(offer_accept_minutes=30))
        self.create("customer")

    def teardown(self) -> None:
        Anything.tally.update(done=self.deeds.done, refused=self.deeds.refused, broken_off=self.broken_off)
        self.runner.run(self.engine.dispose())
        self.runner.close()

    @precondition(lambda self: len(self.tickets) < 4)
    @rule(by=st.sampled_from(["customer", "dispatcher"]))
    def create(self, by: str) -> None:
        self.tickets.append(self.runner.run(self.deeds.scene.ticket(by)))

    @rule(minutes=st.integers(min_value=1, max_value=45))
    def time_goes_by(self, minutes: int) -> None:
        self.clock.pass_by(minutes=minutes)

    @rule(at=st.integers(0, 3), chance=st.integers(0, 2**16))
    def go_on(self, at: int, chance: int) -> None:
        dice, ticket = Random(chance), self.tickets[at % len(self.tickets)]
        for _ in range(4):
            self.runner.run(self.deeds.go_on(ticket, dice))
        self.runner.run(check(self.deeds.scene))

    @rule(name=st.sampled_from(list(DEEDS)), at=st.integers(0, 3), chance=st.integers(0, 2**16))
    def act(self, name: str, at: int, chance: int) -> None:
        self.runner.run(self.deeds.attempt(name, self.tickets[at % len(self.tickets)], Random(chance)))
        self.runner.run(check(self.deeds.scene))

    @rule(
        at=st.integers(0, 3),
        chance=st.integers(0, 2**16),
        statement=st.integers(2, 14),
    )
    def break_off(self, at: int, chance: int, statement: int) -> None:
        before, broke = self.runner.run(self._everything()), True
        with self._breaking_at(statement), suppress(BrokenOff):
            self.runner.run(self.deeds.go_on(self.tickets[at % len(self.tickets)], Random(chance)))
            broke = False
        after = self.runner.run(self._everything())
        assert not broke or after == before
        self.broken_off += broke
        self.runner.run(check(self.deeds.scene))

    async def _everything(self) -> Any:
        return [event.id for event in await self.deeds.scene.events()]

    @contextmanager
    def _breaking_at(self, statement: int) -> Iterator[None]:
        left = statement

        def count(*_: Any) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise BrokenOff

        event.listen(self.engine.sync_engine, "before_cursor_execute", count)
        try:
            yield
        finally:
            event.remove(self.engine.sync_engine, "before_cursor_execute", count)


def test_the_same_truths_hold_whatever_is_tried(database_server: EmbeddedServer, database_template: str) -> None:
    async def made() -> Any:
        opened = database(database_server, database_template)
        return opened, await opened.__aenter__()

    with asyncio.Runner() as runner:
        opened, url = runner.run(made())
        try:
            Anything.url = url
            _run()
            if _least_tried() <= 2 * _RUNS:
                # Chance leaves a rule out of a whole run now and then.
                _run()
            # Not that nothing was tried.
            assert _least_tried() > 2 * _RUNS
        finally:
            runner.run(opened.__aexit__(None, None, None))


def _run() -> None:
    run_state_machine_as_test(
        Anything,
        settings=settings(
            max_examples=_RUNS,
            stateful_step_count=_STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def _least_tried() -> int:
    return min(Anything.tally[each] for each in ("done", "refused", "broken_off"))
