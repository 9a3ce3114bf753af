import signal
import socket
import time

import pytest

from tests.cli.command import Workplace, free_port, wait_until_ready


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_server_asked_to_end_takes_its_database_with_it(workplace: Workplace, number: signal.Signals) -> None:
    port = free_port()
    serving = workplace.start("serve", PORT=str(port))
    wait_until_ready(port, serving)
    assert workplace.server.pid() is not None

    serving.send_signal(number)

    assert serving.wait(timeout=20) == 0
    assert workplace.server.pid() is None
    assert "Traceback" not in workplace.said()


def test_an_impatient_second_ctrl_c_leaves_no_database_behind(workplace: Workplace) -> None:
    port = free_port()
    serving = workplace.start("serve", PORT=str(port))
    wait_until_ready(port, serving)

    for _ in range(20):
        serving.send_signal(signal.SIGINT)
        time.sleep(0.02)

    assert serving.wait(timeout=20) == 0
    assert workplace.server.pid() is None


@pytest.mark.fault
def test_after_a_kill_the_next_server_takes_the_database_over(workplace: Workplace) -> None:
    port = free_port()
    first = workplace.start("serve", PORT=str(port))
    wait_until_ready(port, first)
    database = workplace.server.pid()
    first.kill()
    first.wait()
    assert workplace.server.pid() == database

    second = workplace.start("serve", PORT=str(port))
    wait_until_ready(port, second)
    assert workplace.server.pid() == database
    second.terminate()

    assert second.wait(timeout=20) == 0
    assert workplace.server.pid() is None


def test_a_database_that_was_started_by_hand_stays(workplace: Workplace) -> None:
    workplace.run("database", "start")
    port = free_port()
    serving = workplace.start("serve", PORT=str(port))
    wait_until_ready(port, serving)

    serving.terminate()

    assert serving.wait(timeout=20) == 0
    assert workplace.server.pid() is not None


def test_a_port_in_use_is_told_before_anything_is_started(workplace: Workplace) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = workplace.run("serve", PORT=str(port))

    assert done.returncode == 1
    assert done.stderr == (
        f"fieldgraph: Port {port} of 127.0.0.1 is in use: stop the program that has it, or set PORT to another.\n"
    )
    assert not (workplace.folder / ".fieldgraph/postgres").exists()


def test_settings_that_nothing_uses_are_logged(workplace: Workplace) -> None:
    port = free_port()
    serving = workplace.start("serve", PORT=str(port), TICKET_SERVICE_URL="http://t", API_V1_PREFIX="/v1")
    wait_until_ready(port, serving)

    said = workplace.said()

    assert said.count("settings.unused") == 2
    assert "TICKET_SERVICE_URL" in said
