"""How fast tables of tickets leave and come in over HTTP, and what the server grows by meanwhile."""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter

import httpx
import sqlalchemy as sa

from app.db.engine import open_engine
from benchmarks.place import workplace
from tests.journeys.process import ServerProcess, server_process
from tests.serving import token
from tests.sheets.filling import fill
from tests.sheets.test_streaming import memory_of
from tests.world import World, make_world

_ORDERS = {"newest first": "[]", "by priority": '[{"field": "PRIORITY"}]', "by status": '[{"field": "STATUS"}]'}
_LINES = 2000
_CREATE = """mutation {
  createTicket(input: {title: "Meanwhile", description: "One.", category: INCIDENT, priority: P3}) {
    errors { __typename }
  }
}"""


@asynccontextmanager
async def _client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {token(world, 'dispatcher')}"}
    async with httpx.AsyncClient(timeout=300, headers=headers) as client:
        yield client


async def _export(client: httpx.AsyncClient, url: str, order: str) -> tuple[float, float, int]:
    """Return the seconds until the first piece and until the last, and the bytes."""
    began, first, size = perf_counter(), 0.0, 0
    async with client.stream("GET", url, params={"orderBy": order}) as answer:
        answer.raise_for_status()
        async for piece in answer.aiter_raw():
            first = first or perf_counter() - began
            size += len(piece)
    return first, perf_counter() - began, size


async def _import(client: httpx.AsyncClient, url: str, key: str | None) -> float:
    lines = [f"Ticket {n},It leaks where the old pump stands.,INCIDENT,P3" for n in range(_LINES)]
    content = "\r\n".join(["title,description,category,priority", *lines])
    headers = {"Content-Type": "text/csv", **({} if key is None else {"Idempotency-Key": key})}
    began = perf_counter()
    answer = await client.post(
        url, content=content, headers=headers, params={"dryRun": "true" if key is None else "false"}
    )
    answer.raise_for_status()
    return perf_counter() - began


async def _creating(client: httpx.AsyncClient, url: str, done: asyncio.Event) -> list[float]:
    """Create tickets one after the other until an import is through; return how long each took."""
    times = []
    while not done.is_set():
        began = perf_counter()
        answer = await client.post(url, json={"query": _CREATE})
        answer.raise_for_status()
        times.append(perf_counter() - began)
    return times


async def _measure(server: ServerProcess, world: World, tickets: int) -> None:
    root = f"http://127.0.0.1:{server.served.port}"
    async with _client(world) as client:
        await _export(client, f"{root}/exports/tickets.csv?search=nothing", "[]")
        before = memory_of(server.pid)["VmRSS"]
        for name, order in _ORDERS.items():
            first, last, size = await _export(client, f"{root}/exports/tickets.csv", order)
            sys.stdout.write(
                f"export, {name}: {tickets} rows, {size / 1e6:.0f} MB in {last:.1f} s"
                f" ({tickets / last:,.0f} rows/s), first piece after {first * 1000:.0f} ms\n"
            )
        sys.stdout.write(f"the server grew by at most {memory_of(server.pid)['VmHWM'] - before} KiB\n")
        seconds = await _import(client, f"{root}/imports/tickets.csv", None)
        sys.stdout.write(f"dry run of {_LINES} lines: {seconds:.2f} s\n")
        done = asyncio.Event()
        others = asyncio.create_task(_creating(client, server.served.http, done))
        seconds = await _import(client, f"{root}/imports/tickets.csv", "benchmark")
        done.set()
        times = sorted(await others)
        sys.stdout.write(
            f"import of {_LINES} lines: {seconds:.2f} s; {len(times)} tickets created meanwhile,"
            f" median {times[len(times) // 2] * 1000:.0f} ms, worst {times[-1] * 1000:.0f} ms\n"
        )


async def run(url: str, *, tickets: int) -> None:
    """Fill an organisation, serve it, and measure."""
    engine = open_engine(url, size=2)
    world = await make_world(engine)
    await fill(engine, world, tickets)
    async with engine.connect() as connection:
        await connection.execute(sa.text("ANALYZE tickets"))
    async with server_process(url, COST_BUCKET="1000000000") as server:
        await _measure(server, world, tickets)
    await engine.dispose()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=100_000)
    chosen = parser.parse_args()
    with workplace() as place:
        asyncio.run(run(place.server.url(), tickets=chosen.tickets))


if __name__ == "__main__":
    main()
