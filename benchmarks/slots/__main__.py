"""How long a question for slots takes, and how much better a batch is than serving the most urgent first."""

import argparse
from collections.abc import Sequence
from statistics import median
from time import perf_counter, process_time
from uuid import UUID

import numpy as np

from app.planning.slots.agenda import laid_out, revised
from app.planning.slots.batch.answer import BatchProblem, Progress
from app.planning.slots.batch.options import contest
from app.planning.slots.batch.search import slotted
from app.planning.slots.search import find
from benchmarks.slots.bound import lower_bound
from benchmarks.slots.company import company, request
from benchmarks.slots.served import QUICK, SIZES, served

# Technicians and bays, with the milliseconds that half and 99 of 100 questions should take at most.
_SIZES = ((50, 8, 3, 20), (500, 40, 3, 20), (2000, 100, 15, 60))
_QUICK_SIZES = ((20, 4, 3, 20),)
# A batch that there is too little for: technicians, bays, requests, and how full the days are already.
_SCARCE = (20, 8, 50, 0.9)
_QUICK_SCARCE = (6, 2, 8, 0.9)


def questions(technicians: int, bays: int, *, count: int) -> tuple[dict[str, float], list[float], list[float]]:
    """Return what is done once, and of each question the real and the processor's milliseconds."""
    problem = company(technicians, bays, seed=1)
    chance = np.random.default_rng(7)
    asked = [request(problem, chance) for _ in range(count)]
    begin = perf_counter()
    agenda = laid_out(problem)
    once = {"lay out": 1000 * (perf_counter() - begin)}
    begin = perf_counter()
    revised(agenda, technicians=problem.technicians[:1])
    once["revise"] = 1000 * (perf_counter() - begin)
    begin = perf_counter()
    find(agenda, asked[0], now=problem.now, relaxed=True)
    once["with relaxations"] = 1000 * (perf_counter() - begin)
    real, worked = [], []
    for each in asked:
        begin, busy = perf_counter(), process_time()
        find(agenda, each, now=problem.now)
        real.append(1000 * (perf_counter() - begin))
        worked.append(1000 * (process_time() - busy))
    return once, real, worked


def latency(sizes: Sequence[tuple[int, int, int, int]], *, count: int) -> None:
    """Print how long questions take, beside what they may."""
    print(
        "| technicians x bays | p50 ms | p99 ms | p50 ms of processor | lay out ms | revise ms | with relaxations ms |"
    )
    print("|---|---|---|---|---|---|---|")
    ratios = []
    for technicians, bays, half, most in sizes:
        once, real, worked = questions(technicians, bays, count=count)
        p50, p99 = np.percentile(real, (50, 99))
        print(
            f"| {technicians} x {bays} | {p50:.2f} | {p99:.2f} | {median(worked):.2f} "
            f"| {once['lay out']:.0f} | {once['revise']:.1f} | {once['with relaxations']:.0f} |",
            flush=True,
        )
        ratios += [
            f"RATIO slots {technicians}x{bays}-p50-of-{half}ms {p50 / half:.2f}",
            f"RATIO slots {technicians}x{bays}-p99-of-{most}ms {p99 / most:.2f}",
        ]
    print("\n" + "\n".join(ratios))


def batches(
    size: tuple[int, int, int, float], *, seeds: Sequence[int], seconds: float, long: float, bound: float
) -> None:
    """Print what is missing in batches, in thousands of points, after so many seconds and after many more."""
    technicians, bays, requests, fullness = size
    print(f"\n{requests} urgent requests, {technicians} technicians, {bays} bays; seconds are the processor's\n")
    print(f"| seed | greedy | after {seconds:g} s | after {long:g} s | bound | better than greedy | worse than best |")
    print("|---|---|---|---|---|---|---|")
    better, worse, above = [], [], []
    for seed in seeds:
        problem = company(technicians, bays, seed=seed, fullness=fullness)
        chance = np.random.default_rng(100 + seed)
        asked = {UUID(int=number + 1): request(problem, chance, urgent=True) for number in range(requests)}
        told: list[tuple[float, Progress]] = []
        begin = process_time()
        answer = slotted(
            BatchProblem(problem=problem, requests=asked, effort_seconds=3600, seed=seed),
            on_progress=lambda progress: told.append((process_time() - begin, progress)),  # noqa: B023 - called at once
            keep_going=lambda: process_time() - begin < long,  # noqa: B023 - called at once
        )
        soon = min([each.shortfall for at, each in told if at <= seconds], default=answer.greedy_shortfall)
        least = lower_bound(contest(laid_out(problem), list(asked.items()), problem.now), seconds=bound)
        better.append(answer.greedy_shortfall / soon)
        worse.append(soon / answer.shortfall)
        above.append(soon / max(1.0, least))
        print(
            f"| {seed} | {answer.greedy_shortfall / 1000:.0f} | {soon / 1000:.0f} | {answer.shortfall / 1000:.0f} "
            f"| {least / 1000:.0f} | {1 - soon / answer.greedy_shortfall:.1%} | {soon / answer.shortfall - 1:.1%} |",
            flush=True,
        )
    print(f"\nRATIO slots batch-greedy-to-found {median(better):.2f}")
    print(f"RATIO slots batch-found-to-best {median(worse):.2f}")
    print(f"RATIO slots batch-found-to-bound {median(above):.2f}")


def main() -> None:
    """Measure questions, then batches, then both with a database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that all runs")
    parser.add_argument("--questions", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--long", type=float, default=60)
    parser.add_argument("--only", choices=("questions", "batches", "served"), help="one part of it")
    asked = parser.parse_args()
    latencies, many, in_database = (asked.only in {None, part} for part in ("questions", "batches", "served"))
    if latencies:
        latency(_QUICK_SIZES if asked.quick else _SIZES, count=20 if asked.quick else asked.questions)
    if many and asked.quick:
        batches(_QUICK_SCARCE, seeds=[1], seconds=0.3, long=0.6, bound=1)
    elif many:
        seeds = range(1, asked.seeds + 1)
        batches(_SCARCE, seeds=seeds, seconds=asked.seconds, long=asked.long, bound=asked.long)
    if in_database:
        served(QUICK if asked.quick else SIZES)


if __name__ == "__main__":
    main()
