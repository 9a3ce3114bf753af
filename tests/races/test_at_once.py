"""Many who want the same job at once: accept against reassign against expiry against escalate.

`make races` lets them meet at 100 jobs.
"""

import asyncio
import os
import statistics
from collections import Counter
from datetime import timedelta
from random import Random
from time import perf_counter
from uuid import UUID

import pytest

from app.db.tables.assignments import assignments
from app.domain.refusals import Refusal
from app.services.assignments.accept_assignment import accept_assignment
from app.services.assignments.expire_offer import ExpireOffer, expire_offer
from app.services.assignments.job_step import StepCommand
from app.services.assignments.reassign_ticket import ReassignTicket, reassign_ticket
from app.services.perform import Written
from app.services.tickets.escalate_ticket import EscalateTicket, escalate_ticket
from tests.races.deeds import Deeds
from tests.races.truth import check
from tests.services.scene import Clock, Scene

_JOBS = int(os.environ.get("RACE_JOBS", "12"))
_WAYS = ("accept", "reassign", "escalate", "expire")


class Race:
    """Four at a time at each of many jobs; how long each took is kept."""

    def __init__(self, scene: Scene, *, versioned: bool) -> None:
        self.took: list[float] = []
        self._scene = scene
        self._deeds = Deeds(scene)
        self._versioned = versioned

    async def run(self, job_id: UUID, way: str) -> str:
        """Try one way; return what came of it."""
        began = perf_counter()
        try:
            written = await self._act(job_id, way)
        except Refusal as refusal:
            return type(refusal).__name__
        finally:
            self.took.append(perf_counter() - began)
        return way if written is not None else "nothing"

    async def _act(self, job_id: UUID, way: str) -> Written | None:
        scene, world = self._scene, self._scene.world
        job = await scene.row(assignments, job_id)
        version = 1 if self._versioned else None
        match way:
            case "accept":
                step = StepCommand(assignment_id=job_id, expected_version=version)
                return await accept_assignment(scene.writer, scene.actor("ann"), step)
            case "reassign":
                move = ReassignTicket(
                    assignment_id=job_id,
                    technician_id=world.technicians["bob"],
                    reason_note="nearer",
                    override_warnings=True,
                    expected_version=version,
                )
                return await reassign_ticket(scene.writer, scene.actor("dispatcher"), move)
            case "escalate":
                climb = EscalateTicket(
                    ticket_id=job.ticket_id, reason="too hard", expected_version=2 if self._versioned else None
                )
                return await escalate_ticket(scene.writer, scene.actor("dispatcher"), climb)
            case _:
                return await expire_offer(scene.writer, self._deeds.server, ExpireOffer(assignment_id=job_id))


async def _offered(scene: Scene, clock: Clock) -> list[UUID]:
    await scene.settle(offer_accept_minutes=10)
    jobs = [await scene.job("ann") for _ in range(_JOBS)]
    clock.pass_by(minutes=10)
    return jobs


@pytest.mark.parametrize("versioned", [True, False])
async def test_whoever_races_for_a_job_leaves_a_history_of_the_table(
    scene: Scene, clock: Clock, versioned: bool
) -> None:
    jobs, chance = await _offered(scene, clock), Random(4)
    race = Race(scene, versioned=versioned)
    racers = [(job, way) for job in jobs for way in _WAYS]
    # Those of one job close together, so that they meet.
    racers.sort(key=lambda racer: (jobs.index(racer[0]) // 4, chance.random()))

    answers = await asyncio.gather(*(race.run(*racer) for racer in racers))

    by_job: dict[UUID, Counter[str]] = {job: Counter() for job in jobs}
    for (job, _), answer in zip(racers, answers, strict=True):
        by_job[job][answer] += 1
    for counts in by_job.values():
        won = sum(counts[way] for way in _WAYS)
        # A step of the job and one of its ticket have versions of their own.
        assert 1 <= won <= (2 if versioned else len(_WAYS)), counts
        told = set(counts) - {*_WAYS, "nothing"}
        assert told <= {"StaleVersion", "InvalidTransition", "NotEligible", "NoActiveAssignment", "Invalid"}, counts
    await check(scene)
    _report("versioned" if versioned else "unversioned", race.took)


async def test_of_those_who_expect_a_version_of_the_job_exactly_one_wins(scene: Scene, clock: Clock) -> None:
    jobs = await _offered(scene, clock)
    race = Race(scene, versioned=True)
    racers = [(job, way) for job in jobs for way in ("accept", "reassign", "expire")]

    answers = await asyncio.gather(*(race.run(*racer) for racer in racers))

    for at in range(0, len(racers), 3):
        won = [answer for answer in answers[at : at + 3] if answer in _WAYS]
        assert len(won) == 1, answers[at : at + 3]
    await check(scene)


async def test_two_thousand_steps_by_three_at_once_keep_every_truth(scene: Scene, clock: Clock) -> None:
    await scene.settle(offer_accept_minutes=10)
    deeds, tickets = Deeds(scene), [await scene.ticket("customer") for _ in range(4 + _JOBS // 4)]

    async def work(number: int) -> None:
        chance = Random(number)
        for _ in range(4 * _JOBS):
            await deeds.go_on(chance.choice(tickets), chance)
            if chance.random() < 0.1:
                clock.at += timedelta(minutes=chance.randint(1, 12))

    await asyncio.gather(*map(work, range(3)))

    assert min(deeds.done, deeds.refused) > 2 * _JOBS
    await check(scene)


def _report(name: str, took: list[float]) -> None:
    p99 = statistics.quantiles(took, n=100)[98]
    print(f"\n{name}: {len(took)} racers, p50 {statistics.median(took) * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms")  # noqa: T201  # the figures are what a long run is for
