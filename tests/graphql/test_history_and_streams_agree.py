"""What is told live of a ticket and what its history shows are the same: for every role, kind of event and field."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from app.clock import now
from app.db import log
from app.db.embedded.server import EmbeddedServer
from app.db.engine import open_engine
from app.db.transaction import transaction
from app.domain.events import Concerned, EventType, FieldChange, NewEvent
from app.domain.people import EventSource
from app.domain.policy import sees_place
from app.domain.privacy.register import known_fields
from app.domain.sight import INTERNAL_FIELDS, PLACE_FIELDS, stood
from app.services.assignments.accept_assignment import accept_assignment
from app.services.assignments.job_step import StepCommand
from app.services.assignments.reject_assignment import RejectAssignment, reject_assignment
from app.services.comments.add_comment import AddComment, add_comment
from app.services.comments.delete_comment import delete_comment
from app.services.deleting import Delete
from resolvers import events as event_resolvers
from schema.changes import _MOMENTS, _REFERENCES, said
from schema.ids import global_id
from tests.database import database
from tests.graphql.socket_client import Socket, talking
from tests.services.scene import Scene
from tests.serving import Served, serving, token
from tests.world import World, make_world

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Of each kind that is told of tickets, one type: which it is decides nothing.
KINDS = {
    "Ticket": EventType.TICKET_UPDATED,
    "Comment": EventType.COMMENT_UPDATED,
    "Attachment": EventType.ATTACHMENT_ADDED,
    "Assignment": EventType.JOB_COMPLETED,
    "SlaClock": EventType.SLA_STARTED,
    "Appointment": EventType.APPOINTMENT_RESCHEDULED,
}
PEOPLE = ("customer", "stranger", "ann", "bob", "cleo", "dispatcher", "lead", "manager", "admin")
HISTORY = """query History($id: ID!, $after: String) { ticket(id: $id) { history(first: 100, after: $after) {
  nodes { type field oldValue newValue metadata } pageInfo { hasNextPage endCursor } } } }"""
LIVE = """subscription Live($id: ID!) { ticketUpdates(ticketId: $id) {
  __typename ... on DomainEvent { type changeId changes { field old new } } } }"""
LOG = """query Log($after: EventCursor!) { events(after: $after, first: 500) { hasMore endCursor
  events { __typename ... on DomainEvent { type changeId changes { field old new } } } } }"""
LAST = "The last word."
Changes = dict[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Tickets that stand in every way to those who look at them, and what was told of each to whom, live."""

    served: Served
    world: World
    tickets: Mapping[str, UUID]
    cursor: str
    live: dict[str, dict[str, dict[str, Changes]]]
    # Changes from before anybody followed.
    before: dict[str, set[str]]

    async def ask(self, who: str, query: str, **variables: Any) -> dict[str, Any]:
        """Return the data of a query."""
        answer = await self.served.ask(token(self.world, who), query, variables)
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    async def history(self, who: str, ticket: str) -> dict[str, Changes]:
        """Return what the history shows of each change."""
        found: dict[str, Changes] = {}
        after = None
        while True:
            page = (await self.ask(who, HISTORY, id=global_id("Ticket", self.tickets[ticket]), after=after))["ticket"]
            for entry in page["history"]["nodes"]:
                changes = found.setdefault(entry["metadata"]["changeId"], {})
                if entry["field"] is not None:
                    changes[entry["field"]] = (entry["oldValue"], entry["newValue"])
            if not page["history"]["pageInfo"]["hasNextPage"]:
                return found
            after = page["history"]["pageInfo"]["endCursor"]


def value(name: str, number: int) -> Any:
    """Return something that a field of this name can hold, another one for another number."""
    if name == "parts_used":
        line = {"part_number": "SEAL-1", "part_name": "Seal", "quantity": number, "cost": "9.00", "currency": "EUR"}
        return [line]
    if name in {"attachments", "pinned"}:
        return [str(UUID(int=number))]
    if name in _REFERENCES:
        return str(UUID(int=number))
    if name in _MOMENTS:
        return f"2026-05-0{number}T09:00:00+00:00"
    return f"{name} {number}"


def events_of(world: World, ticket_id: UUID, comments: Mapping[str, UUID]) -> Iterator[NewEvent]:
    """Yield an event of each kind with each of its fields, for each way in which people can be concerned."""
    ann, bob = (world.technicians[name] for name in ("ann", "bob"))
    customer, admin = world.users["customer"], world.users["admin"]
    ours = Concerned(requester_id=admin, customer_id=world.customer_id)
    ways: list[tuple[Concerned | None, Concerned | None]] = [
        *((each, each) for each in (ours, Concerned(requester_id=customer), Concerned(requester_id=admin))),
        *((None, Concerned(technician_id=who, requester_id=admin)) for who in (ann, bob)),
        (Concerned(technician_id=ann, requester_id=admin), Concerned(technician_id=bob, requester_id=admin)),
        (Concerned(requester_id=world.users["cleo"]), Concerned(requester_id=world.users["cleo"], technician_id=bob)),
        (Concerned(technician_id=ann, customer_id=world.customer_id), None),
        (ours, Concerned(requester_id=admin)),
        (Concerned(requester_id=admin), ours),
        (Concerned(requester_id=customer, internal=True),) * 2,
        (ours, Concerned(requester_id=customer, internal=True)),
    ]
    for kind, type_ in KINDS.items():
        others = [uuid7()]
        subjects = comments.values() if kind == "Comment" else others
        for subject in subjects:
            # Of comments that not everybody sees it is enough to be told of them in some way.
            for before, after in ways if subject in {*others, comments["public"]} else ways[:3]:
                yield NewEvent(
                    type=type_,
                    kind=kind,
                    id=subject,
                    version=2,
                    occurred_at=now(),
                    ticket_id=ticket_id,
                    before=before,
                    after=after,
                    changes=tuple(
                        FieldChange(field=name, old=value(name, 1), new=value(name, 2))
                        for name in sorted(known_fields(kind))
                    ),
                )


async def _write(engine: AsyncEngine, world: World, told: NewEvent) -> None:
    async with transaction(engine, world.organization_id) as connection:
        await log.append(
            connection,
            organization_id=world.organization_id,
            change_id=uuid7(),
            actor_id=world.users["admin"],
            source=EventSource.API,
            ip_address=None,
            now=now(),
            new=[told],
            answer=None,
        )


async def _comments(scene: Scene, ticket_id: UUID) -> dict[str, UUID]:
    """Say something in public, something internally, and something that is taken back."""
    made = {}
    for name, internal in (("public", False), ("internal", True), ("gone", False)):
        command = AddComment(ticket_id=ticket_id, body=name, internal=internal)
        made[name] = (await add_comment(scene.writer, scene.actor("admin"), command)).ids["comment"]
    await delete_comment(scene.writer, scene.actor("admin"), Delete(id=made["gone"]))
    return made


async def _tickets(scene: Scene) -> dict[str, UUID]:
    """Make a ticket that a technician has, and one that they had."""
    tickets = {}
    for name in ("ann's", "once ann's"):
        tickets[name] = await scene.ticket("customer", customer_id=scene.world.customer_id, address="Mill 1")
        job = await scene.job("ann", tickets[name])
        if name == "ann's":
            await accept_assignment(scene.writer, scene.actor("ann"), StepCommand(assignment_id=job))
        else:
            refusal = RejectAssignment(assignment_id=job, rejection_reason="Ill.")
            await reject_assignment(scene.writer, scene.actor("ann"), refusal)
    return tickets


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ground(database_server: EmbeddedServer, database_template: str) -> AsyncIterator[Ground]:
    """Follow each ticket as everybody who may, while all of it happens."""
    async with database(database_server, database_template) as url, AsyncExitStack() as leaving:
        engine = open_engine(url, size=3)
        leaving.push_async_callback(engine.dispose)
        world = await make_world(engine)
        scene = Scene(engine=engine, world=world)
        tickets = await _tickets(scene)
        comments = {name: await _comments(scene, key) for name, key in tickets.items()}
        served = await leaving.enter_async_context(
            serving(url, max_cost=1_000_000, max_sockets_per_ip=100, cost_bucket=100_000_000)
        )
        latest = "{ viewer { organization { latestEventCursor } } }"
        answer = await served.ask(token(world, "admin"), latest)
        cursor = answer["data"]["viewer"]["organization"]["latestEventCursor"]
        ground = Ground(served=served, world=world, tickets=tickets, cursor=cursor, live={}, before={})
        for name in tickets:
            ground.before[name] = set(await ground.history("admin", name))
        told = {}
        async with AsyncExitStack() as sockets:
            for who in PEOPLE:
                socket = await sockets.enter_async_context(talking(served, token(world, who)))
                told[who] = asyncio.create_task(_listen(socket, await _followed(socket, tickets)))
            for name, key in tickets.items():
                for each in events_of(world, key, comments[name]):
                    await _write(engine, world, each)
                await add_comment(scene.writer, scene.actor("admin"), AddComment(ticket_id=key, body=LAST))
            for who, heard in told.items():
                ground.live[who] = await heard
        yield ground


async def _followed(socket: Socket, tickets: Mapping[str, UUID]) -> set[str]:
    """Follow the tickets, each under its name; return those that the viewer may follow."""
    followed = set()
    for name, key in tickets.items():
        await socket.subscribe(name, LIVE, {"id": global_id("Ticket", key)})
        first = await socket.hear()
        if first["type"] == "next":
            assert first["payload"]["data"]["ticketUpdates"]["__typename"] == "StreamReady"
            followed.add(name)
        else:
            assert [error["extensions"]["code"] for error in first["payload"]] == ["NOT_FOUND"]
    return followed


async def _listen(socket: Socket, followed: set[str]) -> dict[str, dict[str, Changes]]:
    """Return what is told of each ticket until the last word is said of it."""
    told: dict[str, dict[str, Changes]] = {name: {} for name in followed}
    waiting = set(followed)
    while waiting:
        name, message = await socket.told()
        if message["__typename"] == "RemovedFromView":
            continue
        assert message["__typename"] in {"TicketEvent", "JobEvent", "SlaEvent", "AppointmentEvent"}
        told[name][message["changeId"]] = changes_in(message)
        if ("body", (None, LAST)) in changes_in(message).items():
            waiting.discard(name)
    return told


def changes_in(message: Mapping[str, Any]) -> Changes:
    """Return the values before and after by the field's name."""
    return {change["field"]: (change["old"], change["new"]) for change in message["changes"]}


@pytest.mark.parametrize("who", PEOPLE)
async def test_what_is_told_live_is_what_the_history_shows(ground: Ground, who: str) -> None:
    assert set(ground.live[who]) == (set() if who == "stranger" else set(ground.tickets))
    for ticket, told in ground.live[who].items():
        shown = await ground.history(who, ticket)
        assert told == {change: shown[change] for change in shown if change not in ground.before[ticket]}


@pytest.mark.parametrize("who", [who for who in PEOPLE if who != "stranger"])
async def test_a_page_of_the_log_tells_the_same(ground: Ground, who: str) -> None:
    found, after = dict[str, Changes](), ground.cursor
    while True:
        page = (await ground.ask(who, LOG, after=after))["events"]
        found |= {each["changeId"]: changes_in(each) for each in page["events"] if "changeId" in each}
        after = page["endCursor"]
        if not page["hasMore"]:
            break
    for told in ground.live[who].values():
        assert told == {change: found[change] for change in told}


async def test_all_is_told_that_there_is_and_some_of_it_not_to_everybody(ground: Ground) -> None:
    fields = {said(name, None, None)[0] for kind in KINDS for name in known_fields(kind)}
    shown = {
        who: {name for told in ground.live[who].values() for changes in told.values() for name in changes}
        for who in PEOPLE
    }
    hidden = {said(name, None, None)[0] for name in INTERNAL_FIELDS}

    assert shown["admin"] == shown["ann"] == fields
    assert shown["customer"] == fields - hidden
    # Events are the same of each ticket: it is whose job it is now that decides.
    places = {who: [name for name, told in ground.live[who].items() if _tells_place(told)] for who in ("ann", "bob")}
    assert places == {"ann": ["ann's"], "bob": []}


def _tells_place(told: Mapping[str, Changes]) -> bool:
    """Tell whether a place was told."""
    return any(changes.keys() >= PLACE_FIELDS for changes in told.values())


async def test_a_stream_that_knows_no_job_differs_from_the_history(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unknown(operation: Any, event: Any) -> bool:
        return sees_place(operation.actor, stood(event, holder_id=None, job_status=None))

    monkeypatch.setattr(event_resolvers, "_sees_place", unknown)

    page = (await ground.ask("ann", LOG, after=ground.cursor))["events"]["events"]
    found = {each["changeId"]: changes_in(each) for each in page if "changeId" in each}
    told = ground.live["ann"]["ann's"]
    assert any(found[change] != changes for change, changes in told.items() if change in found)
