"""Workers as processes: they carry offers on while they are killed, and end in order when asked to."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from random import Random
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import now
from app.db.tables.assignments import assignments
from app.db.tables.sla import sla_alerts, sla_clocks
from app.db.timers.setting import set_timer
from app.db.transaction import transaction
from app.domain.events import EventType
from app.domain.tickets import TicketPriority
from app.domain.timers import Timer, TimerKind
from tests.cli.command import Workplace, free_port
from tests.cli.starting import Command
from tests.services.scene import Scene
from tests.waiting import until_said
from tests.watching.figures import samples, value
from tests.world import World, make_world

# Fifty by `make faults-worker`.
_KILLS = int(os.environ.get("WORKER_KILLS", "3"))
_PATIENCE_SECONDS = 60


class Workers:
    """Worker processes on the test's database."""

    def __init__(self, place: Workplace, database_url: str) -> None:
        self.running: list[Command] = []
        self._place = place
        self._database_url = database_url

    def start(self, **more: str) -> None:
        """Start one more."""
        settings = {"DATABASE_URL": self._database_url, "JOB_TAKEOVER_SECONDS": "2", **more}
        self.running.append(self._place.start("worker", **settings))

    def kill(self, number: int) -> None:
        """End one at once, whatever it is doing."""
        process = self.running.pop(number)
        process.kill()
        process.wait()

    def said(self) -> str:
        """Return all that they have logged."""
        return self._place.said()


@pytest.fixture
async def workers(database_url: str) -> AsyncIterator[Workers]:
    """No worker yet."""
    folder = Path(tempfile.mkdtemp(prefix="fg-worker-"))
    place = Workplace(folder)
    try:
        yield Workers(place, database_url)
    finally:
        place.end()
        shutil.rmtree(folder)


async def _make_late(engine: AsyncEngine, world: World) -> None:
    """Let every offer that stands be over, so that its timer finds it so."""
    async with transaction(engine, world.organization_id) as connection:
        await connection.execute(
            sa.update(assignments)
            .where(assignments.c.status == "ASSIGNED", assignments.c.sequence == 1)
            .values(accept_by=assignments.c.assigned_at)
        )


async def _due(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await connection.exec_driver_sql("UPDATE pgqueuer SET execute_after = now()")


async def test_every_timer_fires_and_none_twice_while_workers_are_killed(
    workers: Workers, engine: AsyncEngine, world: World
) -> None:
    scene = Scene(engine=engine, world=world)
    await scene.settle(offer_accept_minutes=600)
    chance, jobs = Random(50), []
    workers.start()
    workers.start()
    for _ in range(_KILLS):
        jobs += [await scene.job("ann") for _ in range(8)]
        await _make_late(engine, world)
        await _due(engine)
        await asyncio.sleep(chance.uniform(0.0, 1.2))
        workers.kill(chance.randrange(2))
        workers.start()
    for _ in range(5 * _PATIENCE_SECONDS):
        if not await scene.rows(assignments, assignments.c.sequence == 1, assignments.c.status == "ASSIGNED"):
            break
        await asyncio.sleep(0.2)

    first = {row.id: row for row in await scene.rows(assignments, assignments.c.sequence == 1)}
    assert {row.status for row in first.values()} <= {"REASSIGNED", "CANCELLED"}
    assert all(row.offer_expired_at is not None for row in first.values())
    assert len(first) == len(jobs)
    expired = [event.subject_id for event in await scene.events() if event.type is EventType.JOB_OFFER_EXPIRED]
    assert sorted(each for each in expired if each in first) == sorted(first)
    # Each ticket went to exactly one more technician, or to nobody.
    turns = await scene.rows(assignments, assignments.c.sequence == 2)
    assert len(turns) == len({row.ticket_id for row in turns})


async def test_a_worker_that_is_asked_to_end_ends_in_order(workers: Workers) -> None:
    workers.start()
    (process,) = workers.running
    for _ in range(400):
        if "worker.started" in workers.said():
            break
        await asyncio.sleep(0.05)
    process.terminate()

    assert await asyncio.to_thread(process.wait, 15) == 0
    assert "worker.ended" in workers.said()
    assert "Traceback" not in workers.said()


def test_a_job_that_was_set_aside_is_shown_and_can_be_dropped(database_url: str, tmp_path: Path) -> None:
    place = Workplace(tmp_path)
    empty = place.run("jobs", DATABASE_URL=database_url)
    unknown = place.run("jobs", "--drop", "7", DATABASE_URL=database_url)

    assert (empty.returncode, empty.stdout.strip()) == (0, "0 waiting, 0 under way, 0 set aside")
    assert (unknown.returncode, unknown.stderr.strip()) == (1, "fieldgraph: No job 7 was set aside.")


async def test_every_breach_is_told_once_while_workers_are_killed(workers: Workers, engine: AsyncEngine) -> None:
    world = await make_world(engine, promises=True)
    past = Scene(engine=engine, world=world, clock=lambda: now() - timedelta(hours=5))
    chance, late = Random(7), []
    workers.start()
    workers.start()
    for _ in range(_KILLS):
        late += [await past.ticket(priority=TicketPriority.P1) for _ in range(8)]
        await asyncio.sleep(chance.uniform(0.0, 1.2))
        workers.kill(chance.randrange(2))
        workers.start()
    waiting = sla_clocks.c.next_check_at <= now()
    for _ in range(5 * _PATIENCE_SECONDS):
        if not await past.rows(sla_clocks, waiting):
            break
        await asyncio.sleep(0.2)

    told = [event for event in await past.events() if event.type is EventType.SLA_BREACHED]
    assert len(told) == len({event.subject_id for event in told}) == 2 * len(late)
    assert {row.state for row in await past.rows(sla_clocks)} == {"BREACHED"}
    assert len(await past.rows(sla_alerts)) == len(told)


async def test_a_worker_is_watched_at_a_port_of_its_own(engine: AsyncEngine, world: World, workers: Workers) -> None:
    timer = Timer(TimerKind.OFFER_EXPIRES, world.organization_id, uuid4())
    async with transaction(engine, world.organization_id) as connection:
        await set_timer(connection, timer, after=timedelta())
    port = free_port()
    workers.start(WORKER_PORT=str(port), METRICS_TOKEN="a token for those who watch")
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:

        async def is_done() -> bool:
            try:
                ready = await client.get("/readyz")
                answer = await client.get("/metrics", headers={"Authorization": "Bearer a token for those who watch"})
            except httpx.TransportError:
                return False
            done = value(samples(answer.text), "fieldgraph_timer_seconds_count", kind="offer-expires", outcome="done")
            return ready.status_code == 200 and done == 1

        await until_said(is_done, within=_PATIENCE_SECONDS)
        assert (await client.get("/metrics")).status_code == 401
    (process,) = workers.running
    process.terminate()
    assert process.wait(timeout=_PATIENCE_SECONDS) == 0
