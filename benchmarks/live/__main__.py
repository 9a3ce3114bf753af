"""Measures streams: deliveries beside stock execution and raw sockets, latency, memory; see README.md."""

import argparse
import asyncio
import os
import resource
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles

import uvloop
from uuid_utils.compat import uuid7

from app.auth.tokens import issue
from app.clock import now
from app.db import log
from app.db.embedded.server import EmbeddedServer
from app.db.engine import open_engine
from app.db.migrate import upgrade
from app.db.transaction import transaction
from app.demo.load import is_empty, load_demo
from app.demo.users import DEMO_USERS
from app.domain.events import Concerned, EventType, FieldChange, NewEvent
from app.domain.people import EventSource
from benchmarks.live.subscribers import Subscriber, Tally, connect, document
from benchmarks.read.peers import Peer, cpu_seconds, free_port, running, wait_until_answering

_HOME = Path(".fieldgraph-bench/live")
_SECRET = "a secret for benchmarks alone, long enough"  # noqa: S105  # it opens nothing
# Each in an organisation of its own, so that nobody is told what the other is measured with.
_WHO = {"ours": DEMO_USERS["dispatcher"], "stock": DEMO_USERS["other-dispatcher"], "raw": DEMO_USERS["dispatcher"]}
_FILES = 20_000
_PATIENCE_SECONDS = 60


class Author:
    """Writes events into the log as a mutation does: in one transaction, and wakes the readers after it."""

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url, size=2)

    async def write(self, count: int, peer: str = "ours") -> float:
        """Commit so many events where a peer's subscribers are; return the loop's time of the commit."""
        organization_id = _WHO[peer].organization_id
        happened = now()
        ticket = uuid7()
        events = [
            NewEvent(
                type=EventType.TICKET_STATUS_CHANGED,
                kind="Ticket",
                id=ticket,
                version=number + 1,
                occurred_at=happened,
                changes=(FieldChange(field="status", old="OPEN", new="ASSIGNED"),),
                before=Concerned(),
                after=Concerned(),
                ticket_id=ticket,
            )
            for number in range(count)
        ]
        async with transaction(self._engine, organization_id) as connection:
            await log.append(
                connection,
                organization_id=organization_id,
                change_id=uuid7(),
                actor_id=None,
                source=EventSource.SYSTEM,
                ip_address=None,
                now=happened,
                new=events,
                answer=None,
            )
        committed = asyncio.get_running_loop().time()
        async with self._engine.connect() as connection:
            await connection.exec_driver_sql("NOTIFY fieldgraph_log")
        return committed

    async def close(self) -> None:
        """Give the connections back."""
        await self._engine.dispose()


def main() -> None:
    """Run the benchmark; anything that gets lost ends it with an error."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscribers", default="100,1000,2000")
    parser.add_argument("--events", type=int, default=100, help="of a burst; a tenth of it for stock execution")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--boards", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=20, help="of the measurement of latency")
    parser.add_argument("--pairs", type=int, default=5, help="of runs without and with stalled clients")
    parser.add_argument("--churn", type=int, default=10_000, help="connections that come and go, twice")
    asked = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES, _FILES))
    with _database() as url:
        uvloop.run(_measured(url, asked))


@contextmanager
def _database() -> Iterator[str]:
    _HOME.mkdir(parents=True, exist_ok=True)
    server = EmbeddedServer(_HOME)
    server.start()
    try:
        upgrade(server.url())
        if asyncio.run(is_empty(server.url())):
            asyncio.run(load_demo(server.url(), tickets=400, now=now(), progress=lambda *_: None))
        yield server.url()
    finally:
        server.stop()


def _peers(url: str, stack: ExitStack) -> dict[str, Peer]:
    product = {
        "DATABASE_URL": url,
        "JWT_SECRET_KEY": _SECRET,
        "COST_BUCKET": "1000000000",
        "COST_REFILL_PER_SECOND": "1000000000",
        "LOG_LEVEL": "WARNING",
        "ENVIRONMENT": "production",
        "MAX_SOCKETS_PER_USER": "100000",
        "MAX_SOCKETS_PER_IP": "100000",
        "MAX_SUBSCRIPTIONS_PER_USER": "100000",
        "MAX_SUBSCRIPTIONS_PER_IP": "100000",
        "HEARTBEAT_SECONDS": "300",
    }
    uvicorn = [sys.executable, "-m", "uvicorn", "--loop", "uvloop", "--no-access-log", "--log-level", "warning"]
    stock = [*uvicorn, "--ws", "websockets-sansio", "--ws-per-message-deflate", "false", "benchmarks.live.stock:app"]
    commands: dict[str, tuple[Callable[[int], list[str]], dict[str, str]]] = {
        "ours": (lambda port: [str(Path(sys.executable).parent / "fieldgraph"), "serve", "--port", str(port)], product),
        "stock": (lambda port: [*stock, "--port", str(port)], {"DATABASE": url, "SECRET": _SECRET}),
        "raw": (lambda port: [sys.executable, "-m", "benchmarks.live.raw", str(port)], {}),
    }
    found = {}
    for name, (command, settings) in commands.items():
        port = free_port()
        process = stack.enter_context(running(command(port), settings))
        wait_until_answering(process, port, "/graphql" if name != "raw" else "/?0")
        found[name] = Peer(name=name, url=f"http://127.0.0.1:{port}", pid=process.pid)
    return found


async def _measured(url: str, asked: argparse.Namespace) -> None:
    author = Author(url)
    try:
        with ExitStack() as stack:
            peers = _peers(url, stack)
            for number in map(int, asked.subscribers.split(",")):
                for equal in (True, False):
                    await _deliveries(peers, author, number, asked, equal=equal)
        with ExitStack() as stack:
            ours = _peers(url, stack)["ours"]
            await _latency(ours, author, asked)
            await _stalled(ours, author, asked)
            await _churn(ours, asked.churn)
    finally:
        await author.close()


def _token(peer: str = "ours") -> str:
    who = _WHO[peer]
    return issue(
        secret=_SECRET,
        user_id=who.user_id,
        organization_id=who.organization_id,
        roles=None,
        now=now(),
        lifetime=timedelta(hours=12),
    )


def _port(peer: Peer) -> int:
    return int(peer.url.rpartition(":")[2])


def _close(subscribers: list[Subscriber]) -> None:
    for each in subscribers:
        each.transport.abort()


async def _deliveries(
    peers: dict[str, Peer], author: Author, number: int, asked: argparse.Namespace, *, equal: bool
) -> None:
    """Print how many messages a second reach so many subscribers, and what each costs."""
    rates: dict[str, list[float]] = {name: [] for name in peers}
    costs: dict[str, list[float]] = {name: [] for name in peers}
    tallies = {name: Tally() for name in peers}
    everybody: dict[str, list[Subscriber]] = {}
    sizes = {name: _resident(peer.pid) for name, peer in peers.items()}
    for name, peer in peers.items():
        documents = [document(equal=equal) for _ in range(number)]
        everybody[name] = await connect(tallies[name], _port(peer), _token(name), documents)
    grown = {name: (_resident(peer.pid) - sizes[name]) / number / 1024 for name, peer in peers.items()}
    body = await _one_message(peers["ours"], author)
    for _ in range(asked.rounds + 1):
        for name, peer in peers.items():
            events = asked.events if name != "stock" and equal else max(1, asked.events // 10)
            rate, cost = await _burst(name, peer, tallies, author, number, events, body)
            rates[name].append(rate)
            costs[name].append(cost)
    for each in everybody.values():
        _close(each)
    await asyncio.sleep(1)
    words = "equal" if equal else "different"
    print(f"\n{number} subscribers, {words} documents\n")
    print("| peer | deliveries/s | server CPU us a delivery | kB a connection | ours over it |")
    print("|---|---|---|---|---|")
    for name in peers:
        # The first round warms up what comes after.
        rate, ratio = median(rates[name][1:]), median(rates["ours"][1:]) / median(rates[name][1:])
        print(f"| {name} | {rate:.0f} | {median(costs[name][1:]):.1f} | {grown[name]:.0f} | {ratio:.2f} |", flush=True)
    suffix = "" if equal else "-different"
    for name in ("stock", "raw"):
        print(
            f"RATIO live-{number}{suffix} {name} {median(rates['ours'][1:]) / median(rates[name][1:]):.2f}", flush=True
        )


async def _one_message(ours: Peer, author: Author) -> bytes:
    """Return a message as ours sends it, for raw sockets to send as many bytes."""
    tally = Tally()
    (one,) = await connect(tally, _port(ours), _token(), [document(equal=True)])
    heard = one.told = asyncio.get_running_loop().create_future()
    await author.write(1)
    body: bytes = await heard
    one.transport.abort()
    await asyncio.sleep(1)
    return body


async def _burst(
    name: str, peer: Peer, tallies: dict[str, Tally], author: Author, number: int, events: int, body: bytes
) -> tuple[float, float]:
    end = tallies[name].at(tallies[name].messages + number * events)
    before = cpu_seconds(peer.pid)
    if name == "raw":
        loop = asyncio.get_running_loop()
        began = loop.time()
        request = urllib.request.Request(f"{peer.url}/?{events}", data=body, method="POST")  # noqa: S310  # our own server
        await loop.run_in_executor(None, lambda: urllib.request.urlopen(request).read())  # noqa: S310  # our own server
    else:
        began = await author.write(events, name)
    async with asyncio.timeout(_PATIENCE_SECONDS):
        ended = await end
    return number * events / (ended - began), (cpu_seconds(peer.pid) - before) / (number * events) * 1e6


async def _latencies(author: Author, tally: Tally, number: int, seconds: float) -> list[float]:
    """Return the seconds from each of ten commits a second to the moment when the last of so many has it."""
    loop = asyncio.get_running_loop()
    commits, ends, begun = [], [], tally.messages
    next_at = loop.time()
    for event in range(1, int(seconds * 10) + 1):
        ends.append(tally.at(begun + number * event))
        commits.append(await author.write(1))
        next_at += 0.1
        await asyncio.sleep(max(0.0, next_at - loop.time()))
    async with asyncio.timeout(60):
        return [end - commit for end, commit in zip(await asyncio.gather(*ends), commits, strict=True)]


async def _latency(ours: Peer, author: Author, asked: argparse.Namespace) -> None:
    """Print how long the last of many boards waits for an event, at ten events a second."""
    tally = Tally()
    boards = await connect(tally, _port(ours), _token(), [document(equal=True)] * asked.boards)
    found = await _latencies(author, tally, asked.boards, asked.seconds)
    _close(boards)
    print(f"\n{asked.boards} boards, 10 events a second: commit to the last delivery\n")
    print(
        f"LATENCY p50 {median(found) * 1000:.0f} ms, p99 {_p99(found) * 1000:.0f} ms, worst {max(found) * 1000:.0f} ms"
    )


async def _stalled(ours: Peer, author: Author, asked: argparse.Namespace) -> None:
    """Print what fifty clients that do not read cost the others, and when they are given up."""
    ratios = []
    print("\n| pair | p99 without | p99 with 50 stalled | stalled closed after |")
    print("|---|---|---|---|")
    for pair in range(1, asked.pairs + 1):
        tally = Tally()
        boards = await connect(tally, _port(ours), _token(), [document(equal=True)] * (asked.boards - 50))
        without = _p99(await _latencies(author, tally, len(boards), asked.seconds / 2))
        lost = Tally()
        stalled = await connect(lost, _port(ours), _token(), [document(equal=True)] * 50)
        for each in stalled:
            each.transport.pause_reading()
        began = asyncio.get_running_loop().time()
        among = _p99(await _latencies(author, tally, len(boards), asked.seconds / 2))
        closed = await _given_up(ours, len(boards), began)
        ratios.append(among / without)
        _close(boards + stalled)
        await asyncio.sleep(1)
        print(f"| {pair} | {without * 1000:.0f} ms | {among * 1000:.0f} ms | {closed:.0f} s |", flush=True)
    print(f"\nRATIO live-stalled without {median(ratios):.2f}")


async def _given_up(ours: Peer, left: int, began: float) -> float:
    """Return how many seconds it took until the server had no more sockets than are read."""
    loop = asyncio.get_running_loop()
    while loop.time() - began < 60:
        text = await loop.run_in_executor(None, lambda: urllib.request.urlopen(f"{ours.url}/metrics").read().decode())  # noqa: S310  # our own server
        line = next(each for each in text.splitlines() if each.startswith("fieldgraph_websockets "))
        if float(line.split()[1]) <= left:
            return loop.time() - began
        await asyncio.sleep(0.5)
    return float("inf")


async def _churn(ours: Peer, connections: int) -> None:
    """Print what stays behind of connections that came and went."""
    sizes = []
    for _ in range(2):
        for _ in range(connections // 200):
            come = await connect(Tally(), _port(ours), _token(), [document(equal=True)] * 200)
            _close(come)
        await asyncio.sleep(3)
        sizes.append((_resident(ours.pid), _descriptors(ours.pid)))
    (first, files), (second, more_files) = sizes
    print(f"\n{connections} connections came and went, twice\n")
    print(f"CHURN memory {second / first - 1:+.1%}, descriptors {files} and {more_files}", flush=True)


def _p99(found: list[float]) -> float:
    return quantiles(found, n=100)[98] if len(found) > 1 else found[0]


def _descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


main()
