"""A start that finds PostgreSQL neither up nor down, since whoever was at it has been killed."""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from app.db.embedded.server import EmbeddedServer
from tests.faults.site import processes_of
from tests.folders import new_folder


@pytest.fixture
def server() -> Iterator[EmbeddedServer]:
    """A server that runs, in a folder of its own."""
    folder = new_folder("fg-settling-")
    made = EmbeddedServer(folder / "home", fast=True)
    made.start()
    yield made
    made.stop()
    shutil.rmtree(folder)


@pytest.mark.fault
def test_a_start_waits_for_a_server_that_is_recovering(server: EmbeddedServer) -> None:
    (held,) = processes_of(server, "checkpointer")
    (victim,) = processes_of(server, "walwriter")
    # Recovery begins when the last child has gone, and one that is stopped does not go.
    os.kill(held, signal.SIGSTOP)
    os.kill(victim, signal.SIGKILL)

    assert _started_after(held, server) is False


@pytest.mark.fault
def test_a_start_waits_for_a_server_that_is_stopping_and_starts_it_anew(server: EmbeddedServer) -> None:
    before = server.pid()
    assert before is not None
    (held,) = processes_of(server, "checkpointer")
    os.kill(held, signal.SIGSTOP)
    os.kill(before, signal.SIGINT)

    assert _started_after(held, server) is True
    assert server.pid() not in {None, before}


def _started_after(held: int, server: EmbeddedServer) -> bool:
    """Start the server; let the process that is `held` go on when the start has had to wait."""
    time.sleep(0.1)
    with ThreadPoolExecutor(1) as pool:
        starting: Future[bool] = pool.submit(server.start)
        time.sleep(0.6)
        waited = not starting.done()
        os.kill(held, signal.SIGCONT)
        started = starting.result(30)
    assert waited, "the start did not wait"
    return started
