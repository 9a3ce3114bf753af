"""Where the embedded server keeps what it needs."""

import hashlib
import os
import pwd
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from app.db.embedded.accounts import can_reach, hand_over
from app.db.embedded.refusals import EmbeddedServerError

PORT = 5432
# The longest address of a Unix socket is 103 bytes on macOS and 107 on Linux.
_LONGEST_SOCKET = 100


class DataGone(EmbeddedServerError):
    """The link in the home folder points at data that is no longer there."""

    def __init__(self, link: Path) -> None:
        super().__init__(
            f"{link} points at {link.readlink()}, which is gone: bring it back, or remove the link to "
            "begin with an empty database."
        )


class UnsafeFolder(EmbeddedServerError):
    """A folder for the socket exists and is not ours alone."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} is in the way: it belongs to somebody else. Remove it, or set TMPDIR.")


@dataclass(frozen=True, slots=True)
class Places:
    """The folders and files of one embedded server, all below `root`.

    Only the socket may lie elsewhere: where its path would be longer than systems allow, it is put
    into a folder of the temporary directory, named after `root` and closed to other users.
    """

    root: Path

    @property
    def data(self) -> Path:
        """The data folder, whole from the moment it is there."""
        return self.root / "data"

    @property
    def half_made(self) -> Path:
        """The data folder while it is made."""
        return self.root / "data.new"

    @property
    def log(self) -> Path:
        """What the server writes."""
        return self.root / "server.log"

    @property
    def lock(self) -> Path:
        """Held by whoever starts or stops the server."""
        return self.root / "lock"

    @property
    def pid_file(self) -> Path:
        """Where PostgreSQL writes its process id."""
        return self.data / "postmaster.pid"

    @property
    def cluster(self) -> str:
        """A name for the server that its processes carry."""
        return f"fieldgraph-{hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]}"

    @property
    def sockets(self) -> Path:
        """The folder of the socket."""
        near = self.root / "run"
        if len(os.fsencode(_socket(near))) <= _LONGEST_SOCKET:
            return near
        return Path(tempfile.gettempdir()) / self.cluster

    @property
    def socket(self) -> Path:
        """The socket that clients connect to."""
        return _socket(self.sockets)


def prepare_root(home: Path, shared: Path, account: pwd.struct_passwd | None) -> Path:
    """Make and return the folder of the server: `home`/postgres.

    Where `account` cannot reach that, as when root's home folder is private, it is a folder below
    `shared` instead, and `home`/postgres is a link to it.

    Raises:
        DataGone: the link is there, and what it points at is not.
    """
    root = root_of(home)
    if root.exists():
        return root.resolve()
    # Others may pass through, to what is theirs; they cannot list it.
    mode = 0o700 if account is None else 0o711
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(mode)
    if can_reach(account, home):
        root.mkdir(mode=mode, exist_ok=True)
        root.chmod(mode)
        return root.resolve()
    place = shared / Places(root.resolve()).cluster
    for folder in (shared, place):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)
    link = root.with_name(f"postgres.{os.getpid()}")
    link.symlink_to(place)
    link.rename(root)
    return place.resolve()


def root_of(home: Path) -> Path:
    """Return where the server of `home` is looked for; it need not exist.

    Raises:
        DataGone: it is a link to something that does not exist.
    """
    root = home / "postgres"
    if root.is_symlink() and not root.exists():
        raise DataGone(root)
    return root


def prepare_sockets(places: Places, account: pwd.struct_passwd | None) -> None:
    """Make the folder of the socket, open to `account` (and root) only.

    Raises:
        UnsafeFolder: something of somebody else's has its name.
    """
    folder = places.sockets
    owner = os.geteuid() if account is None else account.pw_uid
    try:
        folder.mkdir(mode=0o700)
        hand_over(folder, account)
    except FileExistsError:
        # Anybody may make names in the temporary directory, links included.
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {owner, os.geteuid()}:
            raise UnsafeFolder(folder) from None
        hand_over(folder, account)
        folder.chmod(0o700)


def _socket(folder: Path) -> Path:
    return folder / f".s.PGSQL.{PORT}"
