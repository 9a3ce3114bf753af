"""What the steps of a job cost: statements and time of each write, answers over HTTP, and finding who has a ticket.

Writes are timed in this process against PostgreSQL with its normal durability; answers over HTTP come from a
server process under twenty clients; the ticket's job is looked for among a million assignments.
"""

import argparse
import asyncio
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from random import Random
from statistics import median, quantiles
from time import perf_counter
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import now
from app.db.engine import open_engine
from app.db.transaction import Mode, transaction
from app.reads import relations
from app.reads.batches import load_one
from app.reads.reader import Reader
from app.services.assignments.accept_assignment import accept_assignment
from app.services.assignments.assign_ticket import AssignTicket, assign_ticket
from app.services.assignments.cancel_assignment import CancelAssignment, cancel_assignment
from app.services.assignments.complete_assignment import complete_assignment
from app.services.assignments.job_step import StepCommand
from app.services.assignments.pause_work import pause_work
from app.services.assignments.reassign_ticket import ReassignTicket, reassign_ticket
from app.services.assignments.record_arrival import record_arrival
from app.services.assignments.reject_assignment import RejectAssignment, reject_assignment
from app.services.assignments.resume_work import resume_work
from app.services.assignments.start_travel import start_travel
from app.services.assignments.start_work import start_work
from app.services.tickets.create_ticket import create_ticket
from app.services.tickets.escalate_ticket import EscalateTicket, escalate_ticket
from benchmarks.explaining import explained
from benchmarks.place import workplace
from schema.ids import global_id
from tests.cli.command import Workplace, free_port, wait_until_ready
from tests.services.scene import Scene, new_ticket, report
from tests.serving import SECRET, token
from tests.world import World, make_world

_TURNS = 3
_CLIENTS = 20
_PAUSE_SECONDS = 0.5
_FILL = """
WITH n AS (SELECT number, uuidv7() AS ticket, uuidv7() AS a, uuidv7() AS b, uuidv7() AS c
           FROM generate_series($1::int, $2::int) AS number),
t AS (
    INSERT INTO tickets (organization_id, id, ticket_number, title, description, status, priority, category,
        requester_id, created_at, updated_at)
    SELECT $3, ticket, 'TKT-2025-' || lpad(number::text, 7, '0'), 'Pump ' || number, 'It leaks.',
        CASE WHEN number % 20 = 0 THEN 'ASSIGNED' ELSE 'CLOSED' END, 'P3', 'INCIDENT', $4, $5, $5 FROM n
)
INSERT INTO assignments (organization_id, id, ticket_id, technician_id, sequence, previous_id, tier_level, reason, type,
    status, assigned_at, ended_at, rejected_at, rejection_reason, completed_at, outcome, created_at, updated_at)
SELECT $3, a, ticket, $6::uuid, 1, NULL::uuid, 1, 'INITIAL', 'MANUAL', 'REJECTED', $5::timestamptz, $5::timestamptz,
    $5::timestamptz, 'Ill.', NULL::timestamptz, NULL, $5::timestamptz, $5::timestamptz FROM n
UNION ALL
SELECT $3, b, ticket, $7::uuid, 2, a, 1, 'REASSIGNMENT', 'MANUAL', 'REASSIGNED', $5, $5, NULL, NULL, NULL, NULL, $5, $5
FROM n
UNION ALL
SELECT $3, c, ticket, $6::uuid, 3, b, 1, 'REASSIGNMENT', 'MANUAL', CASE WHEN number % 20 = 0 THEN 'ACCEPTED' ELSE
    'COMPLETED' END, $5, CASE WHEN number % 20 = 0 THEN NULL ELSE $5 END, NULL, NULL,
    CASE WHEN number % 20 = 0 THEN NULL ELSE $5 END, CASE WHEN number % 20 = 0 THEN NULL ELSE 'SUCCESS' END, $5, $5
FROM n
"""

Step = Callable[[], Awaitable[Any]]


class Counted:
    """Counts the statements and the time of each kind of write."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.took: dict[tuple[str, str], list[float]] = defaultdict(list)
        self.statements: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._number = 0
        event.listen(engine.sync_engine, "before_cursor_execute", self._count)

    async def __call__(self, name: tuple[str, str], write: Awaitable[Any]) -> Any:
        """Wait for a write and note what it took."""
        self._number, began = 0, perf_counter()
        written = await write
        self.took[name].append((perf_counter() - began) * 1000)
        # The beginning, with role and organisation, and the end are one message each.
        self.statements[name].append(self._number + 2)
        return written

    def _count(self, *_: Any) -> None:
        self._number += 1


async def writes(engine: AsyncEngine, rounds: int) -> None:
    """Print what each write of a job's life takes, in an organisation that promises nothing and in one that does."""
    counted = Counted(engine)
    scenes = [
        Scene(engine=engine, world=await make_world(engine, name, promises=promises))
        for name, promises in (("Plain", False), ("Promising", True))
    ]
    # In turn, so that a machine that slows down slows both alike.
    for _ in range(rounds):
        for scene, kind in zip(scenes, _KINDS, strict=True):
            await _round(scene, partial(_counted_as, counted, kind))
    _say("\n| write | statements | with clocks | p50 ms | with clocks | p95 ms | with clocks |\n")
    _say("|---|---:|---:|---:|---:|---:|---:|\n")
    for name in dict.fromkeys(name for name, _ in counted.took):
        plain, promising = ((name, kind) for kind in _KINDS)
        figures = [
            *(f"{median(counted.statements[each]):.0f}" for each in (plain, promising)),
            *(f"{median(counted.took[each]):.1f}" for each in (plain, promising)),
            *(f"{_p95(counted.took[each]):.1f}" for each in (plain, promising)),
        ]
        _say(f"| `{name}` | {' | '.join(figures)} |\n")


_KINDS = ("plain", "promising")


async def _counted_as(counted: Counted, kind: str, name: str, write: Awaitable[Any]) -> Any:
    return await counted((name, kind), write)


async def _round(scene: Scene, counted: Callable[[str, Awaitable[Any]], Awaitable[Any]]) -> None:
    writer, dispatcher, ann = scene.writer, scene.actor("dispatcher"), scene.actor("ann")
    ann_id, bob_id = (scene.world.technicians[name] for name in ("ann", "bob"))

    async def assigned() -> UUID:
        created = await counted("createTicket", create_ticket(writer, dispatcher, new_ticket()))
        command = AssignTicket(ticket_id=created.ids["ticket"], technician_id=ann_id)
        return UUID(str((await counted("assignTicket", assign_ticket(writer, dispatcher, command))).ids["assignment"]))

    step = StepCommand(assignment_id=await assigned())
    for name, service in (
        ("acceptAssignment", accept_assignment),
        ("startTravel", start_travel),
        ("recordArrival", record_arrival),
        ("startWork", start_work),
        ("pauseWork", pause_work),
        ("resumeWork", resume_work),
    ):
        await counted(name, service(writer, ann, step))
    await counted("completeAssignment", complete_assignment(writer, ann, report(step.assignment_id)))
    rejected = RejectAssignment(assignment_id=await assigned(), rejection_reason="ill")
    await counted("rejectAssignment", reject_assignment(writer, ann, rejected))
    moved = ReassignTicket(assignment_id=await assigned(), technician_id=bob_id, reason_note="nearer")
    successor = (await counted("reassignTicket", reassign_ticket(writer, dispatcher, moved))).ids["assignment"]
    off = CancelAssignment(assignment_id=successor, reason="not needed")
    await counted("cancelAssignment", cancel_assignment(writer, dispatcher, off))
    ticket_id = (await scene.ticket_of(await assigned())).id
    climbed = EscalateTicket(ticket_id=ticket_id, reason="too hard")
    await counted("escalateTicket", escalate_ticket(writer, dispatcher, climbed))


OPERATIONS = {
    "assign": "mutation($t: ID!, $w: ID!) { assignTicket(input: {ticketId: $t, technicianId: $w})"
    " { assignment { id } errors { __typename } } }",
    "one assignment": "query($a: ID!) { assignment(id: $a) { id status ticket { ticketNumber title priority } } }",
    "own jobs": "{ myJobs(first: 20) { totalCount nodes { id status ticket { ticketNumber title priority } } } }",
    "all assignments": "{ assignments(first: 20) { totalCount nodes { id status technician { name } } } }",
    "accept": "mutation($a: ID!) { acceptAssignment(input: {assignmentId: $a}) { errors { __typename } } }",
    "reject": 'mutation($a: ID!) { rejectAssignment(input: {assignmentId: $a, rejectionReason: "Ill."})'
    " { errors { __typename } } }",
}


async def answers(place: Workplace, world: World, scene: Scene, each: int, pause: float) -> None:
    """Print how long twenty technicians, and the dispatcher beside each, wait for each operation.

    Each of them waits for `pause` seconds before each operation; without, the server is never idle.
    """
    names = [f"technician {number} who waits {pause} s" for number in range(_CLIENTS)]
    for name in names:
        await scene.hire(name, level=1)
    tickets = [[await scene.ticket() for _ in range(each)] for _ in names]
    port = free_port()
    process = place.start(
        "serve", "--port", str(port), DATABASE_URL=place.server.url(), JWT_SECRET_KEY=SECRET, COST_BUCKET="1000000000"
    )
    await asyncio.to_thread(wait_until_ready, port, process)
    long = timedelta(hours=1)
    bearers = {name: token(world, name, lifetime=long, user_id=scene.actor(name).user_id) for name in names}
    dispatcher = token(world, "dispatcher", lifetime=long)
    took: dict[str, list[float]] = defaultdict(list)
    chance = Random(1)  # noqa: S311  # pauses, no secrets

    async def ask(client: httpx.AsyncClient, name: str, bearer: str, **variables: Any) -> dict[str, Any]:
        await asyncio.sleep(chance.uniform(0.5 * pause, 1.5 * pause))
        began = perf_counter()
        body = {"query": OPERATIONS[name], "variables": variables}
        answer = await client.post("/graphql", json=body, headers={"Authorization": f"Bearer {bearer}"})
        took[name].append((perf_counter() - began) * 1000)
        told: dict[str, Any] = answer.json()
        if "errors" in told or any(value and value.get("errors") for value in told["data"].values()):
            raise RuntimeError(answer.text)
        data: dict[str, Any] = told["data"]
        return data

    async def work(client: httpx.AsyncClient, name: str, mine: list[UUID]) -> None:
        technician = global_id("Technician", world.technicians[name])
        for number, ticket_id in enumerate(mine):
            ticket = global_id("Ticket", ticket_id)
            made = await ask(client, "assign", dispatcher, t=ticket, w=technician)
            job = made["assignTicket"]["assignment"]["id"]
            await ask(client, "one assignment", bearers[name], a=job)
            await ask(client, "own jobs", bearers[name])
            await ask(client, "all assignments", dispatcher)
            await ask(client, "accept" if number % 2 else "reject", bearers[name], a=job)

    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        await asyncio.gather(*(work(client, name, mine) for name, mine in zip(names, tickets, strict=True)))
    process.kill()
    how = f"a pause of {pause} s before each" if pause else "no pause"
    _say(f"\n| over HTTP, {_CLIENTS} clients, {how} | times | p50 ms | p95 ms |\n|---|---:|---:|---:|\n")
    for name, found in took.items():
        _say(f"| {name} | {len(found)} | {median(found):.0f} | {_p95(found):.0f} |\n")


async def lookups(engine: AsyncEngine, url: str, rows: int) -> None:
    """Print how long it takes to find a ticket's active job among many, with the plan."""
    world = await make_world(engine)
    connection = await asyncpg.connect(url)
    values = (
        world.organization_id,
        world.users["dispatcher"],
        now(),
        world.technicians["ann"],
        world.technicians["bob"],
    )
    for start in range(1, rows // _TURNS + 1, 20_000):
        last = min(start + 19_999, rows // _TURNS)
        await connection.execute(_FILL, start, last, *values, timeout=600)
    await connection.execute("VACUUM (ANALYZE) assignments, tickets", timeout=600)
    query = "SELECT id FROM tickets WHERE organization_id = $1 AND status = $2 LIMIT 5000"
    having = [row["id"] for row in await connection.fetch(query, world.organization_id, "ASSIGNED")]
    await connection.close()
    reader = Reader(engine, world.actor("dispatcher"))
    chance, took = Random(1), []  # noqa: S311  # the same tickets each time
    for _ in range(500):
        ticket_id = chance.choice(having)
        began = perf_counter()
        found = await load_one(reader, relations.TICKET_CURRENT_ASSIGNMENT, [ticket_id])
        took.append((perf_counter() - began) * 1000)
        if ticket_id not in found:
            raise LookupError(ticket_id)
    await reader.close()
    _say(
        f"\nThe active job of a ticket among {rows:,} assignments: p50 {median(took):.2f} ms, p95 {_p95(took):.2f} ms\n"
    )
    async with transaction(engine, world.organization_id, mode=Mode.READ) as looking:
        again = Reader(engine, world.actor("dispatcher"))
        plan = await explained(
            engine, looking, lambda _: load_one(again, relations.TICKET_CURRENT_ASSIGNMENT, [having[0]])
        )
        await again.close()
    _say("".join(f"    {line}\n" for line in plan))


def _p95(found: list[float]) -> float:
    return quantiles(found, n=20)[-1] if len(found) > 1 else found[0]


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


async def measured(place: Workplace, chosen: argparse.Namespace) -> None:
    """Measure everything and print it."""
    url = place.server.url()
    engine = open_engine(url, size=10)
    await writes(engine, chosen.rounds)
    world = await make_world(engine)
    for pause in (_PAUSE_SECONDS, 0.0):
        await answers(place, world, Scene(engine=engine, world=world), chosen.each, pause)
    await lookups(engine, url, chosen.rows)
    await engine.dispose()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--each", type=int, default=20, help="rounds of each of the twenty clients")
    parser.add_argument("--rows", type=int, default=1_000_000)
    chosen = parser.parse_args()
    with workplace() as place:
        asyncio.run(measured(place, chosen))


if __name__ == "__main__":
    main()
