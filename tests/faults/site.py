"""A server as `make run` starts it, in a folder of its own, and the ways in which it can be killed."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from app.auth.tokens import issue
from app.clock import now
from app.db.embedded.server import EmbeddedServer
from app.demo.users import DEMO_USERS
from tests.cli.command import wait_until_ready
from tests.folders import new_folder

_COMMAND = Path(sys.executable).with_name("fieldgraph")
_ENDS_WITHIN = 20.0
# Below those that systems hand out by themselves: nobody else gets it while the server is down.
_PORTS = range(20_000, 30_000)


class DidNotStart(Exception):
    """The server did not come up; the text has what it said."""


class Site:
    """One home folder and the server that runs on it, with PostgreSQL's ordinary durability.

    The processes get nothing of the tests' environment, and a process group of their own, as a shell
    gives one to a command: `interrupt` reaches what Ctrl-C reaches.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _lasting_port()
        self.database = EmbeddedServer(folder / "home")
        self._environment = {
            "PATH": os.environ["PATH"],
            # What a campaign spends is no user's.
            "COST_BUCKET": "1000000000",
            "HOME": str(folder),
            "FIELDGRAPH_HOME": str(folder / "home"),
            "PORT": str(self.port),
        }
        self._serving: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str:
        """The endpoint, without a scheme."""
        return f"127.0.0.1:{self.port}/graphql"

    @property
    def serving(self) -> "subprocess.Popen[str]":
        """The process that was started last."""
        assert self._serving is not None, "nothing was started"
        return self._serving

    def launch(self) -> "subprocess.Popen[str]":
        """Start the command and return at once; what it says goes to the file `said`."""
        with (self.folder / "said").open("a") as said:
            self._serving = subprocess.Popen(
                [_COMMAND, "serve", "--demo"],
                cwd=self.folder,
                env=self._environment,
                stdout=said,
                stderr=said,
                text=True,
                start_new_session=True,
            )
        return self._serving

    def start(self) -> float:
        """Start the command and wait until the server is ready; return how many seconds it took."""
        began = time.monotonic()
        try:
            wait_until_ready(self.port, self.launch())
        except AssertionError as error:
            raise DidNotStart(f"{error}; the end of what it said:\n{self.said()[-3000:]}") from error
        return time.monotonic() - began

    def said(self) -> str:
        """Return all that the server has said, over all its lives."""
        return (self.folder / "said").read_text()

    def interrupt(self) -> int:
        """Press Ctrl-C and return the status that the command ends with."""
        os.killpg(self.serving.pid, signal.SIGINT)
        return self.serving.wait(_ENDS_WITHIN)

    def kill_api(self) -> None:
        """Kill everything but PostgreSQL, which has process groups of its own."""
        os.killpg(self.serving.pid, signal.SIGKILL)
        self.serving.wait()

    def kill_postmaster(self) -> None:
        """Kill PostgreSQL's first process; its children notice by themselves."""
        pid = self.database.pid()
        assert pid is not None, "PostgreSQL does not run"
        os.kill(pid, signal.SIGKILL)

    def kill_postgres(self) -> None:
        """Kill every process of PostgreSQL."""
        for pid in self.postgres():
            _kill(pid)

    def kill_backend(self, dice: random.Random) -> None:
        """Kill one process that works for a client: PostgreSQL then ends all others and recovers."""
        _kill(dice.choice(self.postgres(" [local] ")))

    def postgres(self, which: str = "") -> list[int]:
        """Return the processes of PostgreSQL on this folder, those whose command line contains `which`."""
        return processes_of(self.database, which)

    def tokens(self) -> dict[str, str]:
        """Return a bearer token for each example user, good for a day."""
        secret = (self.folder / "home/jwt_secret").read_text().strip()
        return {
            name: issue(
                secret=secret,
                user_id=user.user_id,
                organization_id=user.organization_id,
                roles=None,
                now=now(),
                lifetime=timedelta(days=1),
            )
            for name, user in DEMO_USERS.items()
        }

    def end(self) -> None:
        """End whatever still runs."""
        if self._serving is not None and self._serving.poll() is None:
            self.kill_api()
        self.kill_postgres()


@contextmanager
def new_site() -> Iterator[Site]:
    """Give a site in an empty folder; all its processes have ended and its files are gone afterwards."""
    # Not pytest's own folder: that one is private, so root's server would put its data elsewhere.
    folder = new_folder("fg-faults-")
    site = Site(folder)
    try:
        yield site
    finally:
        site.end()
        shutil.rmtree(folder)


def processes_of(server: EmbeddedServer, which: str = "") -> list[int]:
    """Return the processes of a server, those whose command line contains `which`."""
    listing = subprocess.run(["/bin/ps", "-axww", "-o", "pid=,command="], capture_output=True, text=True, check=True)
    ours = (str(server.places.data), f"postgres: {server.places.cluster}")
    rows = [line.split(None, 1) for line in listing.stdout.splitlines()]
    return [int(pid) for pid, command in rows if which in command and any(name in command for name in ours)]


def _lasting_port() -> int:
    while True:
        port = random.choice(_PORTS)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        # It ended by itself between the listing and the kill.
        return
