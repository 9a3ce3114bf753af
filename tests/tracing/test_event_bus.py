"""A wake-up belongs to what wrote, whichever bus carries it; what a bus is told all the time is no trace."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from app.integrations.bus_drivers import driver_of
from app.integrations.event_bus import EventBus
from app.tracing.traces import Traces
from tests.integrations.bus_servers import KINDS, PASSWORD, USER, BusServer, bus_server
from tests.integrations.carrying import SOON, SUBJECT, Party, ended
from tests.serving import serving, token
from tests.tracing.collector import CLIENT, PRODUCER, Collector
from tests.tracing.telling import telling
from tests.tracing.test_operations import CREATE, NEW
from tests.waiting import until
from tests.world import World

PUBLISHED = "publish fieldgraph.wake.{log}"


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest) -> Iterator[BusServer]:
    """Each bus in turn, running."""
    with bus_server(request.param) as running:
        yield running


@asynccontextmanager
async def traced(url: str, traces: Traces) -> AsyncIterator[Party]:
    """Carry wake-ups until the block ends; it need not be connected yet."""
    joined = Party(bus=EventBus(driver_of(url), url, SUBJECT, timing=SOON, traces=traces))
    task = asyncio.create_task(joined.bus.run(joined.hear))
    try:
        yield joined
    finally:
        await ended(task)


async def test_a_mutations_trace_has_the_wake_up_that_it_asked_for(
    server: BusServer, database_url: str, world: World, collector: Collector
) -> None:
    outside = {"event_bus_url": server.url, "otel_exporter_otlp_endpoint": collector.url}
    async with serving(database_url, **outside) as served:
        await until(lambda: bool(collector.named(f"{server.kind} connect")))
        answer = await served.ask(token(world, "dispatcher"), CREATE, {"input": NEW})
        assert answer["data"]["createTicket"]["errors"] == []
        published = await collector.one(PUBLISHED)

    operation = await collector.one("mutation Create")
    assert (published.trace, published.parent, published.kind) == (operation.trace, operation.id, PRODUCER)
    assert published.about == {
        "messaging.system": server.kind,
        "messaging.operation.name": "publish",
        "messaging.operation.type": "send",
        "messaging.destination.template": "fieldgraph.wake.{log}",
        "server.address": "127.0.0.1",
        "server.port": server.port,
    }
    assert not published.failed
    sent = b"".join(collector.bodies)
    assert not any(each.encode() in sent for each in (USER + ":", PASSWORD, str(world.organization_id)))


async def test_what_a_bus_is_told_all_the_time_is_no_trace(server: BusServer, collector: Collector) -> None:
    async with telling(collector) as traces, traced(server.url, traces) as party:
        await party.until(connected=True)
        # Several beats, and a word that nothing under way asked for.
        party.bus.tell(uuid4())
        await asyncio.sleep(4 * SOON.beat_seconds)

    (connected,) = collector.spans
    assert (connected.name, connected.kind, connected.failed) == (f"{server.kind} connect", CLIENT, False)
    assert connected.about["messaging.system"] == server.kind


async def test_a_word_for_many_belongs_to_the_first_and_is_linked_to_the_others(
    server: BusServer, collector: Collector
) -> None:
    async with telling(collector) as traces, traced(server.url, traces) as party:
        await party.until(connected=True)
        for kind in ("first", "second", "third"):
            with traces.job(kind):
                party.bus.tell(uuid4())
        await until(lambda: bool(collector.named(PUBLISHED)))

    first, second, third = [await collector.one(f"job {kind}") for kind in ("first", "second", "third")]
    published = await collector.one(PUBLISHED)
    assert (published.trace, published.parent) == (first.trace, first.id)
    assert published.links == ((second.trace, second.id), (third.trace, third.id))


async def test_a_bus_that_is_lost_is_told_by_the_class_of_the_failure_alone(
    server: BusServer, collector: Collector
) -> None:
    async with telling(collector) as traces, traced(server.url, traces) as party:
        await party.until(connected=True)
        with server.held(), traces.job("writing"):
            # It may be taken into the system's buffers for a while.
            for _ in range(200):
                party.bus.tell(uuid4())
                await asyncio.sleep(0.01)
        server.kill()
        await party.until(connected=False)
        await until(lambda: any(each.failed for each in collector.named(f"{server.kind} connect")))

    failed = [each for each in collector.named(f"{server.kind} connect") if each.failed]
    assert all(each.said.isidentifier() and each.said == each.about["error.type"] for each in failed)
    assert PASSWORD.encode() not in b"".join(collector.bodies)


async def test_a_word_that_the_bus_does_not_take_has_failed(collector: Collector) -> None:
    with bus_server("redis", only_hears=True) as server:
        async with telling(collector) as traces, traced(server.url, traces) as party:
            with traces.job("writing"):
                party.bus.tell(uuid4())
            await until(lambda: bool(collector.named(PUBLISHED)))

    job, published = await collector.one("job writing"), collector.named(PUBLISHED)[0]
    assert (published.trace, published.parent) == (job.trace, job.id)
    assert (published.failed, published.said, published.about["error.type"]) == (True, "BusRefused", "BusRefused")
