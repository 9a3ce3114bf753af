"""Measures reads beside PostGraphile, hand-written SQL and the ordinary path; see README.md."""

import argparse
import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median

import asyncpg
import orjson

from app.auth.tokens import issue
from app.clock import now
from app.db.embedded.server import EmbeddedServer
from app.db.migrate import upgrade
from app.demo.load import BENCHMARK_TICKETS, AlreadyLoaded, load_benchmark
from app.demo.users import BENCHMARK_USERS
from app.reads.orders import Kind, Term, ending_in_id, head_of
from benchmarks.read.comparing import answer_of, check_bytes, check_values
from benchmarks.read.load import drive
from benchmarks.read.operations import OPERATIONS, Operation
from benchmarks.read.peers import Peer, cpu_seconds, peers
from benchmarks.read.requests import Subjects, bodies, subjects
from schema.build import executable
from schema.execution.documents import Documents

_HOME = Path(".fieldgraph-bench")
# Enough for a hundred open tickets of each status, and loaded in seconds.
_QUICK_TICKETS = 4_000
_QUICK_SECONDS = 0.3
_SECRET = "a secret for benchmarks alone, long enough"  # noqa: S105  # it opens nothing
_COMPARED = 25
_CONNECTIONS = (1, 32)
_LARGE, _SMALL = "bench-dispatcher", "bench-small-dispatcher"


def main() -> None:
    """Run the benchmark; anything that differs or breaks ends it with an error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--quick", action="store_true", help="one short round, for CI")
    parser.add_argument("--only", help="operations, comma separated")
    parser.add_argument("--home", type=Path, help=f"folder of the database, {_HOME} otherwise")
    asked = parser.parse_args()
    rounds, seconds = (0, _QUICK_SECONDS) if asked.quick else (asked.rounds, asked.seconds)
    home = asked.home or _HOME / ("quick" if asked.quick else "home")
    chosen = [each for each in OPERATIONS if asked.only is None or each.name in asked.only.split(",")]
    with _database(home) as (url, postmaster):
        asyncio.run(_loaded(url, _QUICK_TICKETS if asked.quick else BENCHMARK_TICKETS))
        asyncio.run(_protect(url, protected=True))
        large = asyncio.run(subjects(url, BENCHMARK_USERS[_LARGE].organization_id))
        small = asyncio.run(subjects(url, BENCHMARK_USERS[_SMALL].organization_id))
        order = ending_in_id([Term("created_at", Kind.MOMENT, descending=True)])
        limit = {"COSTS": orjson.dumps(_costs(chosen)).decode(), "CURSOR_HEAD": head_of(order).hex()}
        with peers(database=url, secret=_SECRET, limit=limit) as running:
            for protected in (True, False):
                asyncio.run(_protect(url, protected=protected))
                try:
                    print(f"\n## Row-level security {'on' if protected else 'off'}\n")
                    _compare(running, chosen, large)
                    _measure(running, chosen, large, postmaster, rounds=rounds, seconds=seconds, lines=protected)
                    if protected:
                        _mix(running["ours"], chosen, large, small, rounds=rounds, seconds=seconds)
                finally:
                    asyncio.run(_protect(url, protected=True))


@contextmanager
def _database(home: Path) -> Iterator[tuple[str, int]]:
    home.mkdir(parents=True, exist_ok=True)
    server = EmbeddedServer(home)
    server.start()
    try:
        upgrade(server.url())
        postmaster = server.pid()
        if postmaster is None:
            raise RuntimeError("the database has ended")
        yield server.url(), postmaster
    finally:
        server.stop()


async def _loaded(url: str, tickets: int) -> None:
    try:
        await load_benchmark(url, tickets=tickets, now=now(), progress=_silent)
    except AlreadyLoaded:
        return


def _silent(_stage: str, _done: int, _of: int) -> None:
    """Say nothing of how far the loading is."""


async def _protect(url: str, *, protected: bool) -> None:
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch("SELECT DISTINCT tablename FROM pg_policies WHERE schemaname = 'public'")
        for row in tables:
            word = "ENABLE" if protected else "DISABLE"
            await connection.execute(f"ALTER TABLE {row['tablename']} {word} ROW LEVEL SECURITY")
    finally:
        await connection.close()


def _costs(operations: Sequence[Operation]) -> dict[str, int]:
    documents = Documents(executable())
    found = {}
    for each in operations:
        name = each.ours.split("(")[0].split()[-1]
        chosen = documents.read(each.ours).chosen(name)
        if chosen is None:
            raise LookupError(each.name)
        found[name] = chosen.cost.of({})
    return found


def _token(user: str) -> str:
    who = BENCHMARK_USERS[user]
    return issue(
        secret=_SECRET,
        user_id=who.user_id,
        organization_id=who.organization_id,
        roles=None,
        now=now(),
        lifetime=timedelta(hours=12),
    )


def _compare(running: dict[str, Peer], operations: Sequence[Operation], asked: Subjects) -> None:
    token = _token(_LARGE)
    for operation in operations:
        mine = bodies(operation, asked, theirs=False)[:_COMPARED]
        theirs = bodies(operation, asked, theirs=True)[:_COMPARED]
        ours = [answer_of(running["ours"].url, body, token) for body in mine]
        for name in ("limit", "ordinary"):
            check_bytes(ours, [answer_of(running[name].url, body, token) for body in mine], f"{operation.name}: {name}")
        for name in ("postgraphile", "postgraphile-equal"):
            others = [answer_of(running[name].url, body, token) for body in theirs]
            check_values(ours, others, f"{operation.name}: {name}", ordered=operation.takes != "technician")
    print("Answers compared: ours, limit and ordinary byte for byte, PostGraphile's by value.\n")


def _measure(
    running: dict[str, Peer],
    operations: Sequence[Operation],
    asked: Subjects,
    postmaster: int,
    *,
    rounds: int,
    seconds: float,
    lines: bool,
) -> None:
    token = _token(_LARGE)
    print("| operation | connections | peer | requests/s | server CPU µs | database CPU µs | ours over it |")
    print("|---|---|---|---|---|---|---|")
    told = []
    for operation in operations:
        for connections in _CONNECTIONS:
            rates: dict[str, list[float]] = {name: [] for name in running}
            server: dict[str, list[float]] = {name: [] for name in running}
            database: dict[str, list[float]] = {name: [] for name in running}
            for turn in range(rounds + 1):
                # The first turn warms up what comes after; where it is the only one, it counts.
                lasting = seconds if turn else min(1.0, seconds)
                for name, peer in running.items():
                    sent = bodies(operation, asked, theirs=name.startswith("postgraphile"))
                    before = peer.cpu_seconds(), cpu_seconds(postmaster)
                    rate = drive(peer.url, sent, [token], connections=connections, seconds=lasting)
                    after = peer.cpu_seconds(), cpu_seconds(postmaster)
                    if turn or not rounds:
                        rates[name].append(rate.per_second)
                        server[name].append((after[0] - before[0]) / rate.requests * 1e6)
                        database[name].append((after[1] - before[1]) / rate.requests * 1e6)
            ours = median(rates["ours"])
            for name in running:
                ratio = ours / median(rates[name])
                print(
                    f"| {operation.name} | {connections} | {name} | {median(rates[name]):.0f} "
                    f"| {median(server[name]):.0f} | {median(database[name]):.0f} | {ratio:.2f} |",
                    flush=True,
                )
                if name != "ours":
                    told.append(f"RATIO {operation.name} c{connections} {name} {ratio:.2f}")
            cpu = median(server["ours"]) / median(server["postgraphile"])
            told.append(f"CPU {operation.name} c{connections} postgraphile {cpu:.2f}")
    if lines:
        print()
        print("\n".join(told), flush=True)


def _mix(
    ours: Peer, operations: Sequence[Operation], large: Subjects, small: Subjects, *, rounds: int, seconds: float
) -> None:
    """Print what a half-and-half mix of two organisations does beside the mean of each alone."""
    tokens = [_token(_LARGE), _token(_SMALL)]
    print("\n| operation | large alone | small alone | mixed | mixed over the harmonic mean |")
    print("|---|---|---|---|---|")
    for operation in operations:
        of_large, of_small = (bodies(operation, each, theirs=False) for each in (large, small))
        size = min(len(of_large), len(of_small))
        mixed = [body for pair in zip(of_large[:size], of_small[:size], strict=True) for body in pair]
        rates: list[list[float]] = [[], [], []]
        for _ in range(max(1, rounds)):
            for at, (sent, by) in enumerate(((of_large, tokens[:1]), (of_small, tokens[1:]), (mixed, tokens))):
                rates[at].append(drive(ours.url, sent, by, connections=32, seconds=seconds).per_second)
        alone, other, both = (median(each) for each in rates)
        expected = 2 / (1 / alone + 1 / other)
        print(f"| {operation.name} | {alone:.0f} | {other:.0f} | {both:.0f} | {both / expected:.2f} |")
        print(f"MIX {operation.name} {both / expected:.2f}", flush=True)


if __name__ == "__main__":
    os.chdir(Path(__file__).parents[2])
    main()
