import os
import signal
import time
from collections.abc import Iterator

import asyncpg
import pytest

from tests.faults.site import Site, new_site

# What the command says as it comes to each stage; by the last of these, one of two organisations is written.
_STAGES = ("Migrating", "demo: 400")


@pytest.fixture
def site() -> Iterator[Site]:
    """A site on which nothing was started yet."""
    with new_site() as made:
        yield made


@pytest.mark.fault
@pytest.mark.parametrize("stage", _STAGES)
async def test_a_start_that_was_killed_is_made_good_by_the_next(site: Site, stage: str) -> None:
    site.launch()
    _wait_until_said(site, stage)

    site.kill_api()
    halfway = await _organizations(site)
    site.start()

    assert halfway in (None, 0, 2), "the examples are loaded whole or not at all"
    assert await _organizations(site) == 2
    assert site.interrupt() == 0
    assert site.postgres() == []


@pytest.mark.fault
@pytest.mark.parametrize("stage", _STAGES)
async def test_ctrl_c_during_a_start_leaves_nothing_running(site: Site, stage: str) -> None:
    site.launch()
    _wait_until_said(site, stage)

    os.killpg(site.serving.pid, signal.SIGINT)
    status = site.interrupt()

    assert status == 0
    assert site.postgres() == []
    assert "Traceback" not in site.said()


@pytest.mark.fault
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_asked_to_end_while_postgresql_starts_takes_that_along(site: Site, number: signal.Signals) -> None:
    serving = site.launch()
    _wait_until_begun(site)

    # To the one process alone: its children hear nothing of it, other than from a terminal.
    serving.send_signal(number)

    assert serving.wait(20) == 0
    assert site.postgres() == []


def _wait_until_said(site: Site, words: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while words not in site.said():
        assert time.monotonic() < deadline, f"the server never said {words!r}"
        time.sleep(0.002)


def _wait_until_begun(site: Site, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not site.database.places.pid_file.exists():
        assert time.monotonic() < deadline, "PostgreSQL was never started"
        time.sleep(0.002)


async def _organizations(site: Site) -> int | None:
    """Return how many organisations there are, None before the first migration."""
    connection = await asyncpg.connect(site.database.url())
    try:
        if await connection.fetchval("SELECT to_regclass('organizations')") is None:
            return None
        count: int = await connection.fetchval("SELECT count(*) FROM organizations")
        return count
    finally:
        await connection.close()
