"""Each figure that rules and dashboard ask for moves when that happens which it counts."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
import websockets
from sqlalchemy.ext.asyncio import AsyncEngine

from app import scraping
from app.db.timers.setting import set_timer
from app.db.transaction import transaction
from app.domain.deliveries import Channel as DomainChannel
from app.domain.timers import Timer, TimerKind
from app.live.groups import Told
from app.live.hub import Hub
from schema.execution.outbox import Channel, Outbox
from schema.ids import global_id
from tests.integrations.bus_servers import BusServer, bus_server
from tests.invitations.diary import Diary
from tests.journeys.files import announced
from tests.services.scene import Scene
from tests.serving import Served, serving, token
from tests.waiting import until_said
from tests.watching.figures import Samples, asked_for, expressions, moved, scraped, value
from tests.world import World, make_world

NEW = {"title": "T", "description": "D", "category": "INCIDENT", "priority": "P1"}
CREATE = """
mutation Create($input: CreateTicketInput!) { createTicket(input: $input) { ticket { id } errors { __typename } } }
"""
ASSIGN = "mutation Assign($input: AssignTicketInput!) { assignTicket(input: $input) { errors { __typename } } }"
ATTACH = """
mutation Attach($input: CreateAttachmentInput!) { createAttachment(input: $input) { upload { url headers } } }
"""
CSV = {"Content-Type": "text/csv", "Idempotency-Key": "once"}
SLOTS = "query Slots { availableSlots(input: { appointmentType: DIAGNOSTIC }) { slots { token } } }"
BOARD = (
    'subscription Board { dispatchBoard(filter: { from: "2026-01-01T00:00:00Z", to: "2027-01-01T00:00:00Z" },'
    ' after: "nothing of ours") { __typename } }'
)


class Story:
    """What happens at one server, and the figures that have moved so far."""

    def __init__(self, served: Served, world: World, engine: AsyncEngine) -> None:
        self.served, self.world, self.engine = served, world, engine
        self.before: Samples = {}
        self.moved: set[str] = set()

    async def ask(self, who: str, query: str, **variables: Any) -> dict[str, Any]:
        return await self.served.ask(token(self.world, who), query, variables)

    async def ticket(self) -> str:
        answer = await self.ask("dispatcher", CREATE, input=NEW)
        ticket_id: str = answer["data"]["createTicket"]["ticket"]["id"]
        return ticket_id

    async def look(self) -> Samples:
        """Note what has moved, and return the figures."""
        found = await scraped(self.served)
        self.moved |= moved(self.before, found) if self.before else set()
        self.before = found
        return found


@pytest.fixture
def bus() -> Any:
    """An event bus that runs."""
    with bus_server("redis") as running:
        yield running


@pytest.fixture
async def story(
    database_url: str, engine: AsyncEngine, bus: BusServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Story]:
    """A server with a worker, a bus, and a mail server that does not answer; it asks the database at each look."""
    monkeypatch.setattr(scraping, "_KEPT_SECONDS", 0.0)
    world = await make_world(engine, promises=True)
    outside = {"event_bus_url": bus.url, "smtp_url": "smtp://127.0.0.1:1", "mail_from": "service@test.example"}
    spend = {"cost_bucket": 30_000, "cost_refill_per_second": 1}
    async with serving(
        database_url, run_worker=True, upload_dir=tmp_path, database_pool_size=3, **outside, **spend
    ) as served:
        yield Story(served, world, engine)


async def test_whatever_rules_and_dashboard_ask_for_moves(story: Story, bus: BusServer) -> None:
    async def is_up() -> bool:
        return value(await scraped(story.served), "fieldgraph_event_bus_up") == 1

    await until_said(is_up)
    await story.look()

    await writes(story)
    await streams(story)
    await files_and_tables(story)
    await timers(story)
    await connections(story)
    await a_log_that_is_not_read(story)
    await too_much(story)
    bus.kill()

    async def is_down() -> bool:
        return value(await story.look(), "fieldgraph_event_bus_up") == 0

    await until_said(is_down)

    asked = {name for expression in expressions() for name, _ in asked_for(expression)}
    # One shows that a database is away, another what runs, which is the same for as long as it runs.
    assert asked - story.moved == {"fieldgraph_database_up", "fieldgraph_build_info"}


async def writes(story: Story) -> None:
    created = {"input": {**NEW, "idempotencyKey": "once"}}
    ticket_id = (await story.ask("dispatcher", CREATE, **created))["data"]["createTicket"]["ticket"]["id"]
    await story.ask("dispatcher", CREATE, **created)
    given = {"input": {"ticketId": ticket_id, "technicianId": global_id("Technician", story.world.technicians["ann"])}}
    await story.ask("dispatcher", ASSIGN, **given)
    refused = await story.ask("dispatcher", ASSIGN, **given)
    assert refused["data"]["assignTicket"]["errors"] == [{"__typename": "AlreadyAssignedError"}]
    assert "errors" in await story.ask("dispatcher", "query Wrong { nothing }")
    assert "errors" not in await story.ask("dispatcher", SLOTS)
    found = await story.look()
    assert value(found, "fieldgraph_operations_total", name="Create", kind="mutation", code="OK") == 2
    assert value(found, "fieldgraph_events_total", type="JOB_ASSIGNED") == 1
    assert value(found, "fieldgraph_refusals_total", code="ALREADY_ASSIGNED") == 1
    assert value(found, "fieldgraph_repeats_total") == 1
    assert value(found, "fieldgraph_jobs", status="ASSIGNED") == 1
    assert value(found, "fieldgraph_sla_clocks", state="RUNNING") == 2


async def streams(story: Story) -> None:
    bearer = token(story.world, "dispatcher")
    url = story.served.websocket
    async with websockets.connect(url, subprotocols=[websockets.Subprotocol("graphql-transport-ws")]) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"Authorization": f"Bearer {bearer}"}}))
        await socket.recv()
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": BOARD}}))
        for kind in ("StreamReset", "StreamReady"):
            assert kind in str(await socket.recv())

        async def is_live() -> bool:
            return value(await scraped(story.served), "fieldgraph_groups") == 1

        await until_said(is_live)
        found = await story.look()
        assert value(found, "fieldgraph_stream_resets_total", reason="CURSOR_UNKNOWN") == 1
        assert (value(found, "fieldgraph_websockets"), value(found, "fieldgraph_streams")) == (1, 1)
        await socket.send("no JSON")
        with suppress(websockets.ConnectionClosed):
            while True:
                await socket.recv()
    outbox = Outbox()
    Channel(outbox, lambda told: told.text).offer(Told(1, "waits"))
    found = await story.look()
    assert value(found, "fieldgraph_websocket_closes_total", code="4400") == 1
    assert value(found, "fieldgraph_messages_waiting_longest") == 1


async def files_and_tables(story: Story) -> None:
    headers = {"Authorization": f"Bearer {token(story.world, 'admin')}"}
    base = f"http://127.0.0.1:{story.served.port}"
    asked = {"input": {"ticketId": await story.ticket(), **announced("a.txt", b"a")}}
    upload = (await story.ask("dispatcher", ATTACH, **asked))["data"]["createAttachment"]["upload"]
    async with httpx.AsyncClient() as client:
        address = upload["url"] if upload["url"].startswith("http") else f"{base}{upload['url']}"
        assert (await client.put(address, content=b"a", headers=upload["headers"])).status_code == 204
        assert (await client.get(f"{base}/exports/tickets.csv", headers=headers)).status_code == 200
        wrong = await client.post(f"{base}/imports/tickets.csv", content=b"nothing", headers={**headers, **CSV})
        assert wrong.status_code == 422, wrong.text
    found = await story.look()
    assert value(found, "fieldgraph_uploads_total", outcome="204") == 1
    assert value(found, "fieldgraph_exports_total") == value(found, "fieldgraph_imports_total") == 1


async def timers(story: Story) -> None:
    """Let a timer be carried out, an invitation fail, and slots be found."""
    async with transaction(story.engine, story.world.organization_id) as connection:
        nothing = Timer(TimerKind.OFFER_EXPIRES, story.world.organization_id, uuid4())
        await set_timer(connection, nothing, after=timedelta())
        later = Timer(TimerKind.OFFER_EXPIRES, story.world.organization_id, uuid4())
        await set_timer(connection, later, after=timedelta(days=1))
    diary = Diary(scene=Scene(engine=story.engine, world=story.world), channels=frozenset({DomainChannel.EMAIL}))
    await diary.book()

    async def has_failed() -> bool:
        found = await story.look()
        done = value(found, "fieldgraph_timer_seconds_count", kind="offer-expires", outcome="done")
        return done > 0 and value(found, "fieldgraph_deliveries_total", channel="EMAIL", outcome="failed") > 0

    await until_said(has_failed)
    assert value(story.before, "fieldgraph_timers", state="waiting") >= 1


async def connections(story: Story) -> None:
    """Let reads wait for each other: a table is locked that nothing else needs, and there are three connections."""
    async with story.engine.connect() as connection:
        await connection.execute(sa.text("BEGIN"))
        await connection.execute(sa.text("LOCK TABLE skills IN ACCESS EXCLUSIVE MODE"))
        query = "query Waits { skills(first: 1) { nodes { name } } }"
        asking = [asyncio.create_task(story.ask(who, query)) for who in ("dispatcher",) * 8]

        async def do_wait() -> bool:
            return value(await story.look(), "fieldgraph_reads_waiting") > 0

        try:
            await until_said(do_wait)
            assert value(story.before, "fieldgraph_database_connections", pool="reads", state="busy") == 3
        finally:
            await connection.execute(sa.text("ROLLBACK"))
            await asyncio.gather(*asking)


async def a_log_that_is_not_read(story: Story) -> None:
    async def do_not(_hub: Hub) -> None:
        return

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Hub, "_catch_up", do_not)
        await story.ticket()
        found = await story.look()
    assert value(found, "fieldgraph_log_reader_lag_events") > 0


async def too_much(story: Story) -> None:
    query = "query Dear { tickets(first: 100) { nodes { comments(first: 10) { nodes { body } } } } }"
    for _ in range(100):
        answer = await story.ask("dispatcher", query)
        if "errors" in answer:
            break
    assert answer["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert value(await story.look(), "fieldgraph_operations_throttled_total") == 1
