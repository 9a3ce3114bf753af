"""What counting costs: processor time of a server for a small read, with its figures and without, in paired rounds.

Two servers share a database; the second one counts nothing. They are asked in turns, in both orders, and the ratio of
each pair is printed with the median of all, as Markdown.
"""

import argparse
import asyncio
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

import httpx

from app.db.engine import open_engine
from benchmarks.place import workplace
from tests.cli.command import Workplace, free_port, wait_until_ready
from tests.serving import SECRET, token
from tests.world import make_world

QUERY = '{"query":"query Small { viewer { user { id name } } }"}'
ASKING = 8
_TICKS = os.sysconf("SC_CLK_TCK")
_COUNTED = "from app.cli import main; main()"
_UNCOUNTED = """
from app.cli import main
from app.metrics.counting import Tally
from app.metrics.figures import Figures

Figures.answered = lambda *_: None
Tally.add = lambda *_, **__: None
main()
"""


def started(folder: Path, database_url: str, *, counting: bool) -> tuple[subprocess.Popen[str], int]:
    """Start a server; return its process and port."""
    port = free_port()
    program = _COUNTED if counting else _UNCOUNTED
    settings = {
        "DATABASE_URL": database_url,
        "JWT_SECRET_KEY": SECRET,
        "PORT": str(port),
        "COST_BUCKET": "1000000000",
        "LOG_LEVEL": "WARNING",
    }
    command = [sys.executable, "-c", program, "serve"]
    with (folder / f"said-{port}").open("wb") as said:
        process = subprocess.Popen(  # noqa: S603  # our own program
            command, env={**os.environ, **settings}, stdout=said, stderr=said, text=True
        )
    return process, port


def spent(process: subprocess.Popen[str]) -> float:
    """Return the seconds of processor time that a process has had."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


async def asked(client: httpx.AsyncClient, port: int, count: int) -> None:
    """Ask so often, by several at once."""

    async def ask() -> None:
        for _ in range(count // ASKING):
            answer = await client.post(f"http://127.0.0.1:{port}/graphql", content=QUERY)
            if answer.status_code != 200 or b'"errors"' in answer.content:
                raise RuntimeError(answer.text)

    await asyncio.gather(*(ask() for _ in range(ASKING)))


async def measured(place: Workplace, rounds: int, count: int) -> None:
    """Measure, and print."""
    engine = open_engine(place.server.url(), size=2)
    world = await make_world(engine)
    bearer = token(world, "dispatcher")
    await engine.dispose()
    servers = [started(place.folder, place.server.url(), counting=counting) for counting in (True, False)]
    headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
    try:
        for process, port in servers:
            wait_until_ready(port, process)
        async with httpx.AsyncClient(headers=headers, timeout=30) as client:
            for _, port in servers:
                await asked(client, port, count)
            ratios, costs = [], []
            for number in range(rounds):
                cost = [0.0, 0.0]
                for which in (0, 1) if number % 2 else (1, 0):
                    process, port = servers[which]
                    before = spent(process)
                    await asked(client, port, count)
                    cost[which] = (spent(process) - before) / count * 1e6
                ratios.append(cost[0] / cost[1])
                costs.append(cost)
    finally:
        for process, _ in servers:
            process.terminate()
            process.wait()
    _print(ratios, costs, count)


def _print(ratios: list[float], costs: list[list[float]], count: int) -> None:
    print(
        f"\n{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; {count} reads a round\n"
    )
    print("| round | counting, µs CPU a read | without | ratio |\n|---|---|---|---|")
    for number, (ratio, (with_, without)) in enumerate(zip(ratios, costs, strict=True), start=1):
        print(f"| {number} | {with_:.0f} | {without:.0f} | {ratio:.3f} |")
    print(f"| **median** | | | **{statistics.median(ratios):.3f}** |")


if __name__ == "__main__":
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--rounds", type=int, default=12)
    reading.add_argument("--count", type=int, default=4000)
    given = reading.parse_args()
    with workplace() as place:
        asyncio.run(measured(place, given.rounds, given.count))
