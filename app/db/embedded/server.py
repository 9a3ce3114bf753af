"""The life of the embedded server: made, started, recovered, stopped."""

import fcntl
import os
import pwd
import shlex
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from app.db.embedded.accounts import ForeignCluster, account_for, hand_over
from app.db.embedded.binaries import check_data, find_programs
from app.db.embedded.places import PORT, Places, prepare_root, prepare_sockets, root_of
from app.db.embedded.processes import is_server_of, left_over
from app.db.embedded.refusals import EmbeddedServerError
from app.db.embedded.tools import ToolFailed, run_tool

LOGIN = "fieldgraph"
DATABASE = "fieldgraph"
SHARED = Path("/var/lib/fieldgraph")
_ORPHANS_LEAVE_WITHIN = 30.0
_SETTLES_WITHIN = 300.0
# psql's exit status where there is no connection to be had.
_CANNOT_CONNECT = 2
_LARGEST_LOG = 16 * 1024 * 1024
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "200",
    # Measured on this product's reads: with the default of 4 a plan took a sequential scan per row.
    "random_page_cost": "1.1",
    "jit": "off",
}
# \gexec runs what the query returns: nothing where the database is there.
_MAKE_DATABASE = r"""
SELECT 'CREATE DATABASE ' || quote_ident(:'name')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
"""
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class ProcessesLeft(EmbeddedServerError):
    """Processes of a server that died still work on the data, so no other may start."""

    def __init__(self, pids: list[int]) -> None:
        super().__init__(
            f"A PostgreSQL that was killed has left processes at work on its data ({pids}): end them first."
        )
        self.pids = pids


class ServerDidNotStart(EmbeddedServerError):
    """PostgreSQL gave up; the end of its log is in the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """Where a server stands: `pid` None is a server that does not run, `version` None one without data."""

    pid: int | None
    version: str | None
    data: Path
    log: Path


class EmbeddedServer:
    """The PostgreSQL whose data lies in a home folder.

    Several processes may use one home: each call locks out the others while it starts or stops.
    The operating system's root runs it as another user, and where that user cannot reach the home
    folder, the data lies in `shared` and the home folder links there. `fast` gives up safety
    against crashes for speed: for data that is thrown away.
    """

    def __init__(self, home: Path, bin_dir: Path | None = None, *, fast: bool = False, shared: Path = SHARED) -> None:
        self._home = home.absolute()
        self._bin_dir = bin_dir
        self._fast = fast
        self._shared = shared

    @property
    def places(self) -> Places:
        """Where its files are; they need not exist yet."""
        try:
            return Places(root_of(self._home).resolve())
        except PermissionError:
            raise ForeignCluster(self._home) from None

    def prepare(self) -> None:
        """Make the folder that holds its files, and nothing in it yet."""
        prepare_root(self._home, self._shared, account_for(self.places.data))

    def start(self) -> bool:
        """Start the server, make its data and its database first if they are missing.

        Return True if this call started it, False if it was up. What a killed server left behind
        is cleared away, and PostgreSQL recovers all that was committed.

        Raises:
            EmbeddedServerError: one of its kinds, each with what helps.
        """
        self.prepare()
        places = self.places
        with _locked(places):
            account = account_for(places.data)
            programs = find_programs(places.root, self._bin_dir, account)
            started = False
            deadline = time.monotonic() + _SETTLES_WITHIN
            while True:
                if self.pid() is None:
                    self._bring_up(places, programs, account)
                    started = True
                try:
                    self._make_database(programs, account)
                except ToolFailed as error:
                    # Whoever started or stopped it before may have been killed, and it is still at that.
                    if error.status != _CANNOT_CONNECT or time.monotonic() > deadline:
                        raise
                    time.sleep(0.1)
                else:
                    return started

    def _bring_up(self, places: Places, programs: Path, account: pwd.struct_passwd | None) -> None:
        if not places.data.exists():
            self._make_data(places, programs, account)
        check_data(programs, places.data)
        _clear_remains(places)
        self._launch(places, programs, account)

    def stop(self) -> bool:
        """Stop the server, after its transactions were rolled back; False if it did not run."""
        places = self.places
        if not places.root.exists():
            return False
        with _locked(places):
            if self.pid() is None:
                return False
            account = account_for(places.data)
            programs = find_programs(places.root, self._bin_dir, account)
            stop = ("-D", places.data, "-w", "-t", "120", "-m", "fast", "stop")
            try:
                run_tool(programs / "pg_ctl", *stop, account=account)
            except ToolFailed:
                # One that was stopping already may be gone before it can be told to.
                if self.pid() is not None:
                    raise
        return True

    def pid(self) -> int | None:
        """Return the server's process id, None if it does not run."""
        places = self.places
        try:
            pid = int(places.pid_file.read_text().splitlines()[0])
        except PermissionError:
            raise ForeignCluster(places.root) from None
        except (OSError, ValueError, IndexError):
            return None
        return pid if is_server_of(pid, places.data) else None

    def status(self) -> ServerStatus:
        """Return where the server stands."""
        places, pid = self.places, self.pid()
        version_file = places.data / "PG_VERSION"
        version = version_file.read_text().strip() if version_file.exists() else None
        return ServerStatus(pid=pid, version=version, data=places.data, log=places.log)

    def url(self, database: str = DATABASE) -> str:
        """Return the address of one of its databases, for libpq and SQLAlchemy alike."""
        folder = quote(str(self._socket_folder()), safe="/")
        return f"postgresql://{LOGIN}@/{quote(database, safe='')}?host={folder}&port={PORT}"

    def _socket_folder(self) -> Path:
        # A server that runs knows best: it may have been started under another TMPDIR.
        places = self.places
        if self.pid() is not None:
            lines = places.pid_file.read_text().splitlines()
            if len(lines) > 4 and lines[4]:
                return Path(lines[4])
        return places.sockets

    def _make_data(self, places: Places, programs: Path, account: pwd.struct_passwd | None) -> None:
        making = places.half_made
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700)
        hand_over(making, account)
        options = ["--username", LOGIN, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if self._fast:
            options.append("--no-sync")
        run_tool(programs / "initdb", "-D", making, *options, account=account)
        making.rename(places.data)
        # Were the new name lost in a power cut, the next start would take good data for half-made.
        folder = os.open(places.root, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _launch(self, places: Places, programs: Path, account: pwd.struct_passwd | None) -> None:
        prepare_sockets(places, account)
        if places.log.exists() and places.log.stat().st_size > _LARGEST_LOG:
            places.log.rename(places.log.with_suffix(".log.1"))
        places.log.touch(mode=0o600)
        hand_over(places.log, account)
        settings = _SETTINGS | {"cluster_name": places.cluster, "port": str(PORT)}
        settings["unix_socket_directories"] = str(places.sockets)
        if self._fast:
            settings |= _FAST
        options = shlex.join(word for name, value in settings.items() for word in ("-c", f"{name}={value}"))
        start = ("-D", places.data, "-w", "-t", "300", "-l", places.log, "-o", options, "start")
        try:
            run_tool(programs / "pg_ctl", *start, account=account)
        except ToolFailed as error:
            last = places.log.read_text(errors="replace")[-1500:].strip()
            raise ServerDidNotStart(f"PostgreSQL did not start. The end of {places.log}:\n{last}") from error

    def _make_database(self, programs: Path, account: pwd.struct_passwd | None) -> None:
        psql = ("-X", "-q", "-v", "ON_ERROR_STOP=1", "-v", f"name={DATABASE}", "-d", self.url("postgres"))
        run_tool(programs / "psql", *psql, account=account, script=_MAKE_DATABASE)


@contextmanager
def _locked(places: Places) -> Iterator[None]:
    try:
        lock = places.lock.open("a")
    except PermissionError:
        raise ForeignCluster(places.root) from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _clear_remains(places: Places) -> None:
    """Remove what a killed server left: files that name a process which is no server of ours."""
    deadline = time.monotonic() + _ORPHANS_LEAVE_WITHIN
    # Its children notice and leave by themselves; a second server beside them would ruin the data.
    while pids := left_over(places.data, places.cluster):
        if time.monotonic() > deadline:
            raise ProcessesLeft(pids)
        time.sleep(0.05)
    for path in (places.pid_file, places.socket, places.socket.with_name(f"{places.socket.name}.lock")):
        path.unlink(missing_ok=True)
