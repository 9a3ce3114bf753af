"""No byte that a collector is sent names a person, says what they wrote, or opens anything."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.tables.customers import customers
from app.db.tables.people import users
from app.domain.calendar_connections import CalendarProvider
from app.domain.deliveries import Channel
from schema.ids import global_id
from tests.cli.command import Workplace
from tests.graphql.socket_client import talking
from tests.invitations.diary import Diary
from tests.invitations.google import CALENDAR, google
from tests.invitations.grants import CLIENT_SECRET, GRANT
from tests.invitations.mail import PASSWORD, USER, mail_server
from tests.invitations.test_worker import settings
from tests.journeys.files import announced
from tests.services.scene import Scene
from tests.serving import SECRET, Served, serving, token
from tests.tracing.collector import CONSUMER, Collector
from tests.waiting import until
from tests.world import World

# What each thing that must not get out is recognised by.
NAME, EMAIL, ADDRESS = "Wilhelmina Quellwasser", "quellwasser@marker.example", "Markergasse 7"
TITLE, WORDS, COMMENT = "TITLEMARKER", "WORDSMARKER", "COMMENTMARKER"
LITERAL, PATH, QUERY, BAGGAGE, FILE = "LITERALMARKER", "PATHMARKER", "QUERYMARKER", "BAGGAGEMARKER", "FILEMARKER"
COLLECTORS_TOKEN = "COLLECTORMARKER"
THEIRS = (NAME, "Quellwasser", EMAIL, ADDRESS, TITLE, WORDS, COMMENT, LITERAL, PATH, QUERY, BAGGAGE, FILE)
OURS = (SECRET, GRANT, CLIENT_SECRET, CALENDAR, PASSWORD, USER + ":", "access 1", COLLECTORS_TOKEN)
CREATE = """
mutation Create($input: CreateTicketInput!) { createTicket(input: $input) { ticket { id } errors { __typename } } }
"""
COMMENTS = "mutation Say($input: AddCommentInput!) { addComment(input: $input) { errors { __typename } } }"
FEED = "query Feed($id: ID!) { technician(id: $id) { calendarFeedUrl user { name email } } }"
SEARCH = "query Find($words: String!) { tickets(first: 5, search: $words) { nodes { title } } }"
ATTACH = """
mutation Attach($input: CreateAttachmentInput!) { createAttachment(input: $input) { upload { url headers } } }
"""


def told(collector: Collector, *more: str) -> set[str]:
    """Return which of the things that must not get out have got out, in whichever spelling."""
    sent = b"".join(collector.bodies).lower()
    assert len(sent) > 10_000
    return {
        each
        for each in {*THEIRS, *OURS, *more}
        for spelled in (each, quote(each, safe=""), each.replace(" ", "+"))
        if spelled.lower().encode() in sent
    }


@pytest.fixture
async def scene(engine: AsyncEngine, world: World) -> Scene:
    """An organisation whose dispatcher and customer can be recognised."""
    scene = Scene(engine=engine, world=world)
    for who in ("dispatcher", "customer", "ann"):
        await scene.change(users, world.users[who], name=NAME, email=f"{who}.{EMAIL}")
    await scene.change(customers, world.customer_id, name=NAME, address=ADDRESS)
    return scene


@pytest.fixture
async def traced(database_url: str, collector: Collector, tmp_path: Path) -> AsyncIterator[Served]:
    """A server that is traced; the collector asks for a token."""
    headers = f"Authorization=Bearer%20{COLLECTORS_TOKEN}"
    tracing = {"otel_exporter_otlp_endpoint": collector.url, "otel_exporter_otlp_headers": headers}
    async with serving(database_url, upload_dir=tmp_path, **tracing) as server:
        yield server


async def test_requests_name_nobody(traced: Served, scene: Scene, collector: Collector) -> None:
    world = scene.world
    bearer = token(world, "dispatcher")
    headers = {"tracestate": f"theirs={BAGGAGE}", "baggage": f"user={BAGGAGE}", "User-Agent": BAGGAGE}

    async def ask(query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        return await traced.ask(bearer, query, variables, headers=headers)

    new = {"title": TITLE, "description": WORDS, "category": "INCIDENT", "priority": "P1", "address": ADDRESS}
    created = await ask(CREATE, {"input": new})
    ticket_id = created["data"]["createTicket"]["ticket"]["id"]
    said = await ask(COMMENTS, {"input": {"ticketId": ticket_id, "body": COMMENT}})
    assert said["data"]["addComment"]["errors"] == []
    found = await ask(SEARCH, {"words": TITLE})
    assert found["data"]["tickets"]["nodes"] == [{"title": TITLE}]
    await ask(f'query Written {{ tickets(first: 1, search: "{LITERAL}") {{ nodes {{ title }} }} }}')
    # What is wrong is told in words that repeat it.
    for wrong in (f"query {{ {LITERAL} }}", f'query {{ "{LITERAL}', f'{{ ticket(id: "{LITERAL}") {{ id }} }}'):
        assert "errors" in await ask(wrong)
    assert "errors" in await ask(CREATE, {"input": {**new, "priority": LITERAL}})
    for who in ("dispatcher", "customer"):
        mine = await traced.ask(token(world, who), FEED, {"id": global_id("Technician", world.technicians["ann"])})
        assert mine["data"]["technician"]["user"]["name"] == NAME
    feed = (await traced.ask(token(world, "ann"), FEED, {"id": global_id("Technician", world.technicians["ann"])}))[
        "data"
    ]["technician"]["calendarFeedUrl"]
    upload = (await ask(ATTACH, {"input": {"ticketId": ticket_id, **announced(f"{FILE}.txt", FILE.encode())}}))["data"][
        "createAttachment"
    ]["upload"]
    base = f"http://127.0.0.1:{traced.port}"
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {bearer}"}) as client:
        assert (await client.get(base + feed)).status_code == 200
        assert (
            await client.put(base + upload["url"], content=FILE.encode(), headers=upload["headers"])
        ).status_code == 204
        for path in (f"/{PATH}", f"/files/{PATH}", f"/calendars/{PATH}", "/health"):
            await client.get(f"{base}{path}?{QUERY}={QUERY}", headers=headers)
        by_query = {"query": SEARCH, "variables": f'{{"words": "{QUERY}"}}', "operationName": "Find"}
        assert (await client.get(traced.http, params=by_query)).status_code == 200
        assert (await client.get(f"{base}/exports/tickets.csv", params={"search": QUERY})).status_code < 500
        rows = f"title,description,category,priority\n{TITLE},{WORDS},INCIDENT,P1\n"
        given = {"Content-Type": "text/csv", "Idempotency-Key": "once"}
        await client.post(f"{base}/imports/tickets.csv", content=rows, headers=given)
        # A hash that is none, and not looked at where documents are not remembered.
        named = {"persistedQuery": {"version": 1, "sha256Hash": f"{LITERAL} {NAME}"}}
        body = {"query": CREATE, "variables": {"input": new}, "extensions": named}
        assert (await client.post(traced.http, json=body)).json()["data"]["createTicket"]["errors"] == []
    async with talking(traced, bearer) as socket:
        await socket.subscribe("1", CREATE, {"input": new})
        await socket.told()

    await until(lambda: len(collector.named("mutation Create")) == 4)
    secrets = {bearer, bearer.rpartition(".")[2], feed.rpartition("/")[2], upload["url"].rpartition("/")[2]}
    assert told(collector, *secrets, *map(str, world.users.values())) == set()
    # What has got out is found.
    assert told(collector, "mutation Create") == {"mutation Create"}
    # All of it went by the collector, and it was told what it asked for.
    assert {"GET /calendars/{name}", "PUT /uploads/{token}", "POST /imports/tickets.csv"} <= {
        each.name for each in collector.spans
    }
    assert {each["authorization"] for each in collector.headers} == {f"Bearer {COLLECTORS_TOKEN}"}


async def test_jobs_name_nobody(scene: Scene, workplace: Workplace, database_url: str, collector: Collector) -> None:
    diary = Diary(scene=scene, channels=frozenset({Channel.EMAIL, Channel.GOOGLE}))
    await diary.connect(CalendarProvider.GOOGLE, CALENDAR, GRANT)
    tracing = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "50"}
    async with mail_server() as mail, google() as there:
        mail.says = [f"451 {EMAIL} is away"]
        worker = workplace.start("worker", **settings(database_url, mail, there), **tracing)
        await diary.book(notes=COMMENT)
        await until(lambda: bool(mail.letters and there.events), within=60)
        worker.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(worker.wait, 30) == 0

    # One letter was not taken, for a reason that names somebody; another says it all.
    assert [each.said for each in collector.named("smtp send") if each.failed] != []
    assert NAME in str(mail.letters[0])
    assert [each.name for each in collector.spans if each.kind == CONSUMER and not each.failed] != []
    assert told(collector) == set()
