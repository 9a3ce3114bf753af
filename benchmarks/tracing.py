"""What traces cost: processor time of a server for a small read, with all of them kept, a few, and none told at all.

Three servers share a database; two are given a collector that takes everything. They are asked in turns, in changing
order, and the ratio of each round to the server without one is printed with the median of all, as Markdown.
"""

import argparse
import asyncio
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx
from starlette.types import Receive, Scope, Send

from app.db.engine import open_engine
from benchmarks.figures import asked, spent
from benchmarks.place import workplace
from tests.cli.command import Workplace, free_port, wait_until_ready
from tests.invitations.outside import served
from tests.serving import SECRET, token
from tests.world import make_world

KINDS: Mapping[str, Mapping[str, str]] = {
    "none told": {},
    "1 % kept": {"OTEL_TRACES_SAMPLER_ARG": "0.01"},
    "all kept": {"OTEL_TRACES_SAMPLER_ARG": "1"},
}


class Taking:
    """A collector that takes everything and looks at nothing but its size."""

    def __init__(self) -> None:
        self.size = 0

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Take one export."""
        more = True
        while more:
            message = await receive()
            self.size += len(message.get("body", b""))
            more = message.get("more_body", False)
        headers = [(b"content-type", b"application/x-protobuf"), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def started(folder: Path, database_url: str, more: Mapping[str, str]) -> tuple[subprocess.Popen[str], int]:
    """Start a server; return its process and port."""
    port = free_port()
    settings = {
        "DATABASE_URL": database_url,
        "JWT_SECRET_KEY": SECRET,
        "PORT": str(port),
        "COST_BUCKET": "1000000000",
        "LOG_LEVEL": "WARNING",
        **more,
    }
    command = [sys.executable, "-c", "from app.cli import main; main()", "serve"]
    with (folder / f"said-{port}").open("wb") as said:
        process = subprocess.Popen(  # noqa: S603  # our own program
            command, env={**os.environ, **settings}, stdout=said, stderr=said, text=True
        )
    return process, port


async def measured(place: Workplace, rounds: int, count: int) -> None:
    """Measure, and print."""
    engine = open_engine(place.server.url(), size=2)
    world = await make_world(engine)
    headers = {"Authorization": f"Bearer {token(world, 'dispatcher')}", "Content-Type": "application/json"}
    await engine.dispose()
    collector, costs = Taking(), []
    async with served(collector) as url:
        given = [{**more, "OTEL_EXPORTER_OTLP_ENDPOINT": url} if more else more for more in KINDS.values()]
        servers = [started(place.folder, place.server.url(), more) for more in given]
        try:
            for process, port in servers:
                await asyncio.to_thread(wait_until_ready, port, process)
            async with httpx.AsyncClient(headers=headers, timeout=30) as client:
                for _, port in servers:
                    await asked(client, port, count)
                for number in range(rounds):
                    cost = [0.0] * len(servers)
                    for at in range(len(servers)):
                        which = (at + number) % len(servers)
                        process, port = servers[which]
                        before = spent(process)
                        await asked(client, port, count)
                        cost[which] = (spent(process) - before) / count * 1e6
                    costs.append(cost)
        finally:
            for process, _ in servers:
                process.terminate()
                await asyncio.to_thread(process.wait)
    _print(costs, count, collector.size)


def _print(costs: list[list[float]], count: int, size: int) -> None:
    print(
        f"\n{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; {count} reads a round;"
        f" {size / (count * (len(costs) + 1)):.0f} bytes for each read that was kept\n"
    )
    print(f"| round | {', µs CPU a read | '.join(KINDS)}, µs CPU a read | ratios |\n|---|---|---|---|---|")
    for number, cost in enumerate(costs, start=1):
        ratios = " · ".join(f"{each / cost[0]:.3f}" for each in cost[1:])
        print(f"| {number} | {' | '.join(f'{each:.0f}' for each in cost)} | {ratios} |")
    medians = [statistics.median(cost[at] / cost[0] for cost in costs) for at in range(1, len(KINDS))]
    middle = [f"{statistics.median(cost[at] for cost in costs):.0f}" for at in range(len(KINDS))]
    print(f"| **median** | {' | '.join(middle)} | **{' · '.join(f'{each:.3f}' for each in medians)}** |")


if __name__ == "__main__":
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("--rounds", type=int, default=12)
    reading.add_argument("--count", type=int, default=4000)
    chosen = reading.parse_args()
    with workplace() as place:
        asyncio.run(measured(place, chosen.rounds, chosen.count))
