"""A collector that is away, hangs or refuses takes nothing from those who work: not their answers, not their time."""

import asyncio
import json
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import httpx
import pytest
from structlog.testing import capture_logs

from tests.cli.command import Workplace, free_port, wait_until_ready
from tests.serving import SECRET, serving, token
from tests.tracing.collector import Collector
from tests.tracing.test_operations import READ
from tests.world import World

# Four for what is under way, one each for tasks and for sockets, and two for traces.
MOST_SECONDS_TO_END = 8.0


@contextmanager
def nobody() -> Iterator[str]:
    """Give an address at which nobody listens."""
    yield f"http://127.0.0.1:{free_port()}"


@contextmanager
def silence() -> Iterator[str]:
    """Give an address at which connections are taken and nothing is ever said."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def settings(database_url: str, port: int, collector: str) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "JWT_SECRET_KEY": SECRET,
        "PORT": str(port),
        "RUN_WORKER": "true",
        "COST_BUCKET": "1000000000",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector,
        # So that the queue is full soon, and spans are sent again and again.
        "OTEL_BSP_SCHEDULE_DELAY": "50",
        "OTEL_BSP_MAX_QUEUE_SIZE": "64",
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "16",
    }


@pytest.mark.parametrize("way", [nobody, silence])
async def test_requests_are_answered_and_the_server_ends_in_time(
    workplace: Workplace, database_url: str, world: World, way: Callable[[], AbstractContextManager[str]]
) -> None:
    with way() as collector:
        port = free_port()
        process = workplace.start("serve", **settings(database_url, port, collector))
        await asyncio.to_thread(wait_until_ready, port, process)
        longest = 0.0
        headers = {"Authorization": f"Bearer {token(world, 'dispatcher')}"}
        async with httpx.AsyncClient(timeout=30, headers=headers) as client:
            # More spans than fit into the queue, for as long as it takes to give a batch up.
            until_then = time.monotonic() + 7
            while time.monotonic() < until_then:
                began = time.monotonic()
                answer = await client.post(f"http://127.0.0.1:{port}/graphql", json={"query": READ})
                longest = max(longest, time.monotonic() - began)
                assert "errors" not in answer.json()
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        await asyncio.to_thread(process.wait, 30)
        lasted = time.monotonic() - began

    said = [json.loads(line) for line in workplace.said().splitlines() if line.startswith("{")]
    events = [each["event"] for each in said]
    assert process.returncode == 0
    assert longest < 2
    assert lasted < MOST_SECONDS_TO_END
    assert events.count("traces.not_collected") == 1
    assert not any("opentelemetry" in each["logger"] for each in said)
    assert "Traceback" not in workplace.said()


async def test_that_it_is_away_and_that_it_is_back_is_said_once(
    database_url: str, world: World, collector: Collector
) -> None:
    with capture_logs() as said:
        async with serving(database_url, otel_exporter_otlp_endpoint=collector.url) as server:
            for status, exports in ((400, 3), (200, 5), (400, 6)):
                collector.status = status
                while len(collector.headers) < exports:
                    await server.ask(token(world, "dispatcher"), READ)

    assert [each["event"] for each in said if each["event"].startswith("traces.")] == [
        "traces.not_collected",
        "traces.collected_again",
        "traces.not_collected",
    ]
