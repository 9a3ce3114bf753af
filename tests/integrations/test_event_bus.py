import asyncio
import gc
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from app.integrations.bus_drivers import driver_of
from app.integrations.event_bus import EventBus, Timing
from tests.integrations.bus_servers import KINDS, PASSWORD, BusServer, bus_server
from tests.integrations.carrying import SOON, SUBJECT, acquainted, connected, ended, party
from tests.integrations.gate import gate
from tests.waiting import until

ONE, OTHER = uuid4(), uuid4()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each bus in turn."""
    return str(request.param)


@pytest.fixture
def server(kind: str) -> Iterator[BusServer]:
    """A bus that runs."""
    with bus_server(kind) as running:
        yield running


@pytest.fixture
def nothing_collected() -> Iterator[None]:
    """What is left open stays open: the server collects as seldom."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def test_every_other_process_hears_whose_log_grew(server: BusServer) -> None:
    async with connected(server.url) as here, connected(server.url) as there, connected(server.url) as elsewhere:
        await acquainted(here, there, elsewhere)
        before = len(here.heard)

        here.bus.tell(ONE)
        here.bus.tell(OTHER)

        await there.until_heard(frozenset({ONE, OTHER}))
        await elsewhere.until_heard(frozenset({ONE, OTHER}))
        assert len(here.heard) == before


async def test_a_wake_up_takes_a_few_milliseconds(server: BusServer) -> None:
    took = []
    async with connected(server.url) as here, connected(server.url) as there:
        await acquainted(here, there)
        for _ in range(50):
            organization = uuid4()
            begun = time.perf_counter()
            here.bus.tell(organization)
            await there.until_heard(frozenset({organization}))
            took.append(time.perf_counter() - begun)
            await asyncio.sleep(0.02)

    assert sorted(took)[25] < 0.05


async def test_many_wake_ups_at_once_become_one(server: BusServer) -> None:
    async with connected(server.url) as here, connected(server.url) as there:
        await acquainted(here, there)
        before = len(there.heard)

        for _ in range(1000):
            here.bus.tell(ONE)
        await there.until_told(ONE)
        here.bus.tell(OTHER)
        await there.until_told(OTHER)

    assert there.heard[before:] == [frozenset({ONE}), frozenset({OTHER})]


async def test_a_busy_process_says_at_most_a_hundred_words_in_a_second(server: BusServer) -> None:
    async with connected(server.url) as here, connected(server.url) as there:
        await acquainted(here, there)
        before = len(there.heard)
        begun = time.monotonic()
        while (seconds := time.monotonic() - begun) < 1:
            here.bus.tell(ONE)
            await asyncio.sleep(0)
        here.bus.tell(OTHER)
        await until(lambda: OTHER in (there.heard[-1] or ()))

    assert 20 < len(there.heard) - before <= 110 * seconds


async def test_more_than_a_hundred_are_told_as_anybody(server: BusServer) -> None:
    async with connected(server.url) as here, connected(server.url) as there:
        await acquainted(here, there)
        hundred = frozenset(uuid4() for _ in range(100))
        for each in hundred:
            here.bus.tell(each)
        await there.until_heard(hundred)
        for _ in range(101):
            here.bus.tell(uuid4())

        await there.until_heard(None)


async def test_a_bus_that_starts_later_is_found_and_its_absence_is_told_once(kind: str) -> None:
    with bus_server(kind, started=False) as server, capture_logs() as logs:
        async with party(server.url) as here, party(server.url) as there:
            await asyncio.sleep(1)
            assert not here.bus.is_connected()
            begun = time.perf_counter()
            here.bus.tell(ONE)
            assert time.perf_counter() - begun < 0.1

            server.start()
            await here.until(connected=True)
            await there.until(connected=True)
            await acquainted(here, there)
            here.bus.tell(OTHER)
            await there.until_heard(frozenset({OTHER}))

    assert [line["event"] for line in logs] == ["event_bus.lost"] * 2 + ["event_bus.connected"] * 2
    assert {line["setting"] for line in logs if line["event"] == "event_bus.lost"} == {"EVENT_BUS_URL"}


async def test_a_bus_that_is_killed_is_missed_once_and_used_again_when_it_is_back(server: BusServer) -> None:
    with capture_logs() as logs:
        async with connected(server.url) as here, connected(server.url) as there:
            for _ in range(3):
                server.kill()
                await here.until(connected=False)
                await there.until(connected=False)
                await asyncio.sleep(0.8)
                before = len(there.heard)
                here.bus.tell(ONE)
                server.start()
                await here.until(connected=True)
                await there.until(connected=True)
                await acquainted(here, there)
                # What was missed is read: anybody's log may have grown.
                assert None in there.heard[before:]
                here.bus.tell(OTHER)
                await there.until_heard(frozenset({OTHER}))

    events = [line["event"] for line in logs]
    assert (events.count("event_bus.lost"), events.count("event_bus.connected")) == (6, 8)


async def test_a_process_that_alone_lost_the_bus_looks_for_what_it_missed(server: BusServer) -> None:
    async with gate(server.port) as way, connected(server.url) as here, connected(server.url_at(way.port)) as there:
        await acquainted(here, there)
        await way.cut()
        await there.until(connected=False)
        before = len(there.heard)
        here.bus.tell(ONE)
        await asyncio.sleep(0.5)
        assert there.heard[before:] == []

        await way.let_in()
        await there.until(connected=True)

        assert there.heard[before:] == [None]
        assert here.bus.is_connected()


async def test_a_bus_that_hangs_is_noticed_and_nobody_who_tells_waits_for_it(server: BusServer) -> None:
    async with connected(server.url) as here:
        with server.held():
            begun = time.perf_counter()
            for _ in range(1000):
                here.bus.tell(ONE)
            told_in = time.perf_counter() - begun
            await here.until(connected=False)
        await here.until(connected=True)

    assert told_in < 0.5


async def until_logged(logs: Sequence[object]) -> None:
    """Wait for the first complaint, and then for as long as it takes to try again twice."""
    await until(lambda: len(logs) > 0)
    await asyncio.sleep(1.3)


async def test_a_wrong_password_is_told_once_by_the_settings_name_and_never_repeated(
    server: BusServer, capfd: pytest.CaptureFixture[str]
) -> None:
    with capture_logs() as logs:
        async with party(server.url_for("wr0ng-secret")) as here:
            await until_logged(logs)
            assert not here.bus.is_connected()

    (line,) = logs
    said = capfd.readouterr()
    assert (line["event"], line["setting"]) == ("event_bus.refused", "EVENT_BUS_URL")
    assert line["address"] == f"{server.kind}://127.0.0.1:{server.port}"
    assert "wr0ng" not in f"{logs} {said.out} {said.err}"


async def test_a_user_without_the_rights_is_told_once(server: BusServer) -> None:
    bus = EventBus(driver_of(server.url), server.url, "elsewhere", timing=replace(SOON, patience_seconds=0.4))
    with capture_logs() as logs:
        task = asyncio.create_task(bus.run(lambda _: None))
        await until_logged(logs)
        await ended(task)

    assert not bus.is_connected()
    (line,) = logs
    assert line["event"] == "event_bus.lost"
    assert line["reason"] in {"BusSilent", "TimeoutError"}


async def test_no_log_line_repeats_a_password(server: BusServer, capfd: pytest.CaptureFixture[str]) -> None:
    with capture_logs() as logs:
        async with connected(server.url) as here:
            server.kill()
            await here.until(connected=False)
            await asyncio.sleep(0.5)

    said = capfd.readouterr()
    assert len(logs) == 2
    assert PASSWORD not in f"{logs} {said.out} {said.err}"
    assert "p%40ss" not in f"{logs} {said.out} {said.err}"


@pytest.mark.usefixtures("nothing_collected")
async def test_trying_again_and_again_leaves_no_connection_open(server: BusServer) -> None:
    often = Timing(beat_seconds=0.2, patience_seconds=1.0, retry_seconds=0.01, retry_refused_seconds=0.01)
    async with party(server.url_for("wrong"), often):
        await asyncio.sleep(0.5)
        before = open_files()
        await asyncio.sleep(1)
        refused = open_files() - before
    async with gate(server.port) as way, connected(server.url_at(way.port), often) as here:
        before = open_files()
        for _ in range(10):
            await way.cut()
            await here.until(connected=False)
            await way.let_in()
            await here.until(connected=True)
        lost = open_files() - before
    server.kill()
    async with party(server.url, often):
        await asyncio.sleep(0.5)
        before = open_files()
        await asyncio.sleep(1)
        absent = open_files() - before

    assert max(refused, lost, absent) < 5


def open_files() -> int:
    return len(list(Path(f"/proc/{os.getpid()}/fd").iterdir()))


@pytest.mark.parametrize("message", [{"grown": "me"}, [1], "text", {"sender": "x", "number": 1, "grown": ["no key"]}])
async def test_what_cannot_be_read_wakes_everybody_and_stops_nothing(server: BusServer, message: object) -> None:
    stranger = driver_of(server.url)(server.url, SUBJECT, lambda _: None)
    async with connected(server.url) as here, connected(server.url) as there:
        await stranger.open()
        await acquainted(here, there)
        before = len(there.heard)

        await stranger.publish(message)  # type: ignore[arg-type]  # it is what no process of ours says
        await there.until_heard(None)
        here.bus.tell(ONE)

        await there.until_heard(frozenset({ONE}))
        assert there.heard[before:] == [None, frozenset({ONE})]
        await stranger.close()


async def test_processes_of_another_log_hear_nothing(server: BusServer) -> None:
    heard: list[object] = []
    other = driver_of(server.url)(server.url, f"{SUBJECT}.other", heard.append)
    await other.open()
    async with connected(server.url) as here, connected(server.url) as there:
        here.bus.tell(ONE)
        await there.until_heard(frozenset({ONE}))
        await asyncio.sleep(0.2)
    await other.close()

    assert heard == []


def test_a_server_without_a_bus_imports_no_driver() -> None:
    program = "import sys, app.main; print({'faststream', 'nats', 'redis'} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"
