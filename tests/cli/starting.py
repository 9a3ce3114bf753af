"""Starts commands as processes that have imported already what they need, and waits for them."""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from io import FileIO
from pathlib import Path
from typing import IO, Any

from tests.cli.forking import REQUEST

_PROGRAM = "from tests.cli.forking import become_a_command; become_a_command({}); from app.cli import main; main()"
_ROOT = Path(__file__).parents[2]


class Command:
    """A process that was started, as `subprocess.Popen` is one; it tells how it ended to nobody else."""

    def __init__(self, told: FileIO) -> None:
        self.returncode: int | None = None
        self._told = told
        self.pid = int(told.readline())

    def poll(self) -> int | None:
        """Return how it ended; None: it still runs."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended and return how; raises TimeoutError after so many seconds."""
        ended = self._ended(timeout)
        if ended is None:
            raise TimeoutError(f"process {self.pid} still runs after {timeout} s")
        return ended

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, whatever it is doing."""
        self.send_signal(signal.SIGKILL)

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._told], [], [], timeout)[0]:
            self.returncode = int(self._told.readline())
            self._told.close()
        return self.returncode


def start(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], output: IO[Any], errors: IO[Any]
) -> Command:
    """Start `fieldgraph` with these arguments and nothing but this environment."""
    with tempfile.TemporaryFile("w+") as asked:
        json.dump({"arguments": arguments, "environment": dict(environment), "folder": str(folder)}, asked)
        asked.seek(0)
        reading, writing = os.pipe()
        files = [asked.fileno(), output.fileno(), errors.fileno(), writing]
        socket.send_fds(_forking_process(), [REQUEST], files)
        os.close(writing)
    return Command(FileIO(reading))


@cache
def _forking_process() -> socket.socket:
    # One for all tests of a worker, which ends with it.
    here, there = socket.socketpair()
    with there:
        program = _PROGRAM.format(there.fileno())
        process = subprocess.Popen([sys.executable, "-c", program], cwd=_ROOT, pass_fds=[there.fileno()])
    atexit.register(_end, here, process)
    return here


def _end(channel: socket.socket, process: "subprocess.Popen[bytes]") -> None:
    channel.close()
    process.wait()
