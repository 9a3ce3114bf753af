"""Who still needs the embedded server: the last one to leave stops it."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.db.embedded.accounts import ForeignCluster
from app.db.embedded.server import EmbeddedServer


@contextmanager
def leased(server: EmbeddedServer) -> Iterator[bool]:
    """Keep the server running for the block; the value tells whether it had to be started.

    At its end the server stops, unless another process is in such a block or the server was kept.
    A process that was killed holds nothing: the next one to leave stops the server for both.

    Raises:
        EmbeddedServerError: the server cannot be started or stopped.
    """
    server.prepare()
    try:
        lease = (server.places.root / "lease").open("a")
    except PermissionError:
        raise ForeignCluster(server.places.root) from None
    with lease:
        # The kernel gives a dead process's lock back, so no process id has to be trusted.
        fcntl.flock(lease, fcntl.LOCK_SH)
        if server.pid() is None:
            _mark(server).unlink(missing_ok=True)
        # Ctrl-C may come while it starts, and what has been started by then must not stay.
        try:
            yield server.start()
        finally:
            if not _mark(server).exists() and _is_last(lease.fileno()):
                server.stop()


def keep(server: EmbeddedServer) -> bool:
    """Start the server and let it run when the last process leaves; False if it was up."""
    was_started = server.start()
    _mark(server).touch()
    return was_started


def release(server: EmbeddedServer) -> bool:
    """Stop the server, whoever uses it; False if it did not run."""
    _mark(server).unlink(missing_ok=True)
    return server.stop()


def _mark(server: EmbeddedServer) -> Path:
    return server.places.root / "kept"


def _is_last(lease: int) -> bool:
    try:
        fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
