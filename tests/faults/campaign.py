"""Traffic, and one fault after another: what was done, and all that was found wrong."""

import asyncio
import random
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import httpx

from app.demo.users import DEMO_USERS, ORGANIZATION
from schema.ids import global_id
from tests.faults.checker import Finding, Kind, judge, judge_repeat, judge_stream
from tests.faults.ledger import Ledger, Promise
from tests.faults.site import Site
from tests.faults.stored import baseline, stored
from tests.faults.traffic import Refused, Traffic
from tests.faults.watcher import Watcher

_CLIENTS = 6
# How many mutations are acknowledged before each fault, and after the last.
WORK = 20
_REPEATS = 20
_GOES_ON_WITHIN = 30.0
_QUERY = """
{ viewer { organization { latestEventCursor } } technicians(first: 100) { nodes { id user { id } } } }
"""


class Fault(StrEnum):
    """What is killed; all but BACKEND is followed by another start of the command."""

    API = "API"
    POSTMASTER = "POSTMASTER"
    POSTGRES = "POSTGRES"
    BOTH = "BOTH"
    BACKEND = "BACKEND"


@dataclass(slots=True, kw_only=True)
class Report:
    """What a campaign did and found.

    Recovery is from the next start until the server is ready, and for BACKEND from the kill until
    clients were served again.
    """

    rounds: Counter[Fault] = field(default_factory=Counter)
    recovery_seconds: list[tuple[Fault, float]] = field(default_factory=list)
    struck_in_flight: list[int] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)
    events: int = 0
    falls: int = 0

    def lines(self) -> list[str]:
        """Return the figures for people to read."""
        found = Counter(finding.kind for finding in self.findings)
        recovery = {
            fault: [seconds for each, seconds in self.recovery_seconds if each is fault] for fault in self.rounds
        }
        return [
            "rounds             " + ", ".join(f"{count} {fault}" for fault, count in self.rounds.items()),
            f"acknowledged       {len(self.ledger.promises)} mutations, {self.ledger.sent} requests sent",
            f"asked again        {self.ledger.trouble.total()}: {dict(self.ledger.trouble.most_common())}",
            f"in flight at kill  median {statistics.median(self.struck_in_flight or [0]):g}",
            f"events told        {self.events}, over {self.falls} falls of the stream",
            *(
                f"recovery           {fault}: median {statistics.median(took):.1f} s, longest {max(took):.1f} s"
                for fault, took in recovery.items()
            ),
            f"lost {found[Kind.LOST]}, doubles {found[Kind.DOUBLE]}, all findings {len(self.findings)}",
            *(f"  {finding.kind}: {finding.text}" for finding in self.findings[:20]),
        ]


async def campaign(site: Site, faults: Sequence[Fault], *, seed: int) -> Report:
    """Start the server, let clients work through all `faults`, end it with Ctrl-C, and judge."""
    dice, report = random.Random(seed), Report()
    await asyncio.to_thread(site.start)
    before = await baseline(site.database.url(), ORGANIZATION)
    tokens = site.tokens()
    start = await _ask(site, tokens["dispatcher"])
    traffic = Traffic(address=site.address, tokens=tokens, technician=_technician(start), dice=random.Random(seed + 1))
    report.ledger = traffic.ledger
    cursor = start["viewer"]["organization"]["latestEventCursor"]
    watcher = Watcher(address=site.address, token=tokens["dispatcher"], cursor=cursor)
    watching = asyncio.create_task(watcher.run())
    working = asyncio.create_task(traffic.run(_CLIENTS))
    try:
        for fault in faults:
            await _progress(traffic, WORK)
            await asyncio.sleep(dice.uniform(0.1, 1.2))
            report.struck_in_flight.append(traffic.in_flight)
            report.rounds[fault] += 1
            await _strike(site, fault, traffic, dice, report)
        await _progress(traffic, WORK)
        traffic.end()
        await working
        after = await stored(site.database.url(), before)
        await _settle(watcher, len(after.events))
        for promise in dice.sample(traffic.ledger.promises, k=min(_REPEATS, len(traffic.ledger.promises))):
            report.findings += await _repeated(traffic, promise)
        after = await stored(site.database.url(), before)
    finally:
        for task in (working, watching):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
    report.events, report.falls = len(watcher.seen), watcher.falls
    report.findings += judge(traffic.ledger, before, after)
    report.findings += judge_stream(watcher.seen, watcher.strange, after)
    report.findings += await asyncio.to_thread(_end, site)
    return report


async def _strike(site: Site, fault: Fault, traffic: Traffic, dice: random.Random, report: Report) -> None:
    match fault:
        case Fault.BACKEND:
            began = time.monotonic()
            site.kill_backend(dice)
            await _progress(traffic, _CLIENTS)
            report.recovery_seconds.append((fault, time.monotonic() - began))
            return
        case Fault.API:
            site.kill_api()
        case Fault.BOTH:
            site.kill_postgres()
            site.kill_api()
        case Fault.POSTMASTER | Fault.POSTGRES:
            if fault is Fault.POSTGRES:
                site.kill_postgres()
            else:
                site.kill_postmaster()
            # The clients find out that there is no database, and so does whoever started the server.
            await asyncio.sleep(dice.uniform(0.0, 0.8))
            status = await asyncio.to_thread(site.interrupt)
            if status != 0:
                report.findings.append(Finding(Kind.SERVER, f"Ctrl-C without a database ended with {status}"))
    report.recovery_seconds.append((fault, await asyncio.to_thread(site.start)))


async def _repeated(traffic: Traffic, promise: Promise) -> list[Finding]:
    try:
        return judge_repeat(promise, await traffic.repeat(promise))
    except Refused as refused:
        return [Finding(Kind.CHANGED, f"a repeat was refused: {refused}")]


async def _progress(traffic: Traffic, acknowledged: int) -> None:
    """Wait until so many more mutations were acknowledged."""
    async with asyncio.timeout(_GOES_ON_WITHIN):
        await traffic.progress(acknowledged)


async def _settle(watcher: Watcher, events: int) -> None:
    """Give the board time to be told everything; whether it was is judged later."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_GOES_ON_WITHIN):
            await watcher.reach(events)


def _end(site: Site) -> list[Finding]:
    status = site.interrupt()
    found = [] if status == 0 else [Finding(Kind.SERVER, f"Ctrl-C ended with {status}")]
    if left := site.postgres():
        found.append(Finding(Kind.SERVER, f"PostgreSQL was left behind: {left}"))
    if "Traceback" in site.said():
        found.append(Finding(Kind.SERVER, "the server has printed a traceback"))
    return found


async def _ask(site: Site, token: str) -> dict[str, Any]:
    async with httpx.AsyncClient() as http:
        headers = {"Authorization": f"Bearer {token}"}
        answer = await http.post(f"http://{site.address}", json={"query": _QUERY}, headers=headers)
    data: dict[str, Any] = answer.json()["data"]
    return data


def _technician(start: dict[str, Any]) -> str:
    user = global_id("User", DEMO_USERS["technician"].user_id)
    return next(str(each["id"]) for each in start["technicians"]["nodes"] if each["user"]["id"] == user)
