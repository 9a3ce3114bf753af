"""Runs the command `fieldgraph` as a user does: another process, in a folder of its own."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from app.db.embedded.server import EmbeddedServer
from app.settings import Settings, env_name
from tests.cli.starting import Command, start

_ENDS_WITHIN = 120.0
_NAMES = {env_name(field) for field in Settings.model_fields}


class Workplace:
    """A folder to run commands in, and the processes that were started there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = EmbeddedServer(folder / ".fieldgraph")
        self._started: list[Command] = []

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
            process = start(arguments, self.folder, self._environment(env), output, errors)
            try:
                status = process.wait(_ENDS_WITHIN)
            except TimeoutError:
                process.kill()
                process.wait()
                raise
            output.seek(0)
            errors.seek(0)
            return subprocess.CompletedProcess(arguments, status, output.read(), errors.read())

    def run_afresh(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end that has to import all it needs, from where `env` says."""
        return subprocess.run(
            [sys.executable, "-c", "from app.cli import main; main()", *arguments],
            cwd=self.folder,
            env=self._environment(env),
            capture_output=True,
            text=True,
            timeout=_ENDS_WITHIN,
            check=False,
        )

    def start(self, *arguments: str, **env: str) -> Command:
        """Start a command; what it says goes to the file `said`."""
        with (self.folder / "said").open("a") as said:
            process = start(arguments, self.folder, self._environment(env), said, said)
        self._started.append(process)
        return process

    def said(self) -> str:
        """Return all that started commands have said."""
        return (self.folder / "said").read_text()

    def end(self) -> None:
        """End everything that was started here."""
        for process in self._started:
            process.kill()
            process.wait()
        self.server.stop()

    def _environment(self, given: dict[str, str]) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name not in _NAMES}
        return inherited | given


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(port: int, process: Command | subprocess.Popen[str], seconds: float = 60) -> None:
    """Wait until the server on `port` says that it can work; fail if it ends before."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended before it was ready"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                assert answer.status == 200
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    raise AssertionError("the server was not ready in time")
