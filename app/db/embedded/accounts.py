"""Which user of the operating system PostgreSQL runs as."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import TypedDict

from app.db.embedded.refusals import EmbeddedServerError

EXISTING = "postgres"
CREATED = "fieldgraph"


class NoAccount(EmbeddedServerError):
    """There is no user that PostgreSQL could run as."""


class ForeignCluster(EmbeddedServerError):
    """The data belongs to another user of the operating system."""

    def __init__(self, path: Path) -> None:
        owner = _owner_name(path)
        super().__init__(
            f"{path} belongs to the user {owner}: run as that one, or set FIELDGRAPH_HOME to another folder."
        )
        self.path = path


class Identity(TypedDict, total=False):
    """The arguments of `subprocess` that make a child run as somebody else."""

    user: int
    group: int
    extra_groups: list[int]


def account_for(data: Path) -> pwd.struct_passwd | None:
    """Return the user that PostgreSQL has to run as; None where that is who runs this process.

    PostgreSQL refuses root: then it is the owner of the data folder, or for new data the user
    `postgres`, or one that is made here.

    Raises:
        NoAccount: root, and no such user can be made; or a user id without a name.
        ForeignCluster: the data belongs to somebody else.
    """
    uid = os.geteuid()
    owner = _owner(data)
    if uid != 0:
        if owner not in {None, uid}:
            raise ForeignCluster(data)
        _named(uid)
        return None
    return _named(owner) if owner else _account_for_new_data()


def identity(account: pwd.struct_passwd | None) -> Identity:
    """Return what makes a child process run as `account`; nothing for None."""
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def can_reach(account: pwd.struct_passwd | None, folder: Path) -> bool:
    """Tell whether `account` may enter `folder`, through all folders above it."""
    # Asked of the system, not worked out from mode bits: access lists and mounts count as well.
    probe = ["/bin/sh", "-c", 'test -x "$0"', str(folder)]
    done = subprocess.run(probe, cwd="/", check=False, **identity(account))  # noqa: S603 - fixed command
    return done.returncode == 0


def hand_over(path: Path, account: pwd.struct_passwd | None) -> None:
    """Make `path` the property of `account`."""
    if account is not None:
        os.chown(path, account.pw_uid, account.pw_gid)


def _named(uid: int) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        raise NoAccount(
            f"The user id {uid} has no name on this system (no entry in /etc/passwd), and PostgreSQL "
            "needs one: add an entry, run as another user, or set DATABASE_URL to a server elsewhere."
        ) from None


def _account_for_new_data() -> pwd.struct_passwd:
    return _find(EXISTING) or _find(CREATED) or _create()


def _find(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _create() -> pwd.struct_passwd:
    # Debian and Red Hat have useradd; BusyBox systems have adduser.
    ways = (
        ["useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/bin/false"],
        ["adduser", "-S", "-D", "-H", "-s", "/bin/false"],
    )
    said = "neither useradd nor adduser is installed"
    for program, *options in ways:
        path = shutil.which(program)
        if path is None:
            continue
        done = subprocess.run(  # noqa: S603 - fixed command
            [path, *options, CREATED], capture_output=True, text=True, check=False
        )
        account = _find(CREATED)
        if account is not None:
            return account
        said = done.stderr.strip() or f"{program} failed"
    raise NoAccount(
        f"PostgreSQL does not run as root, and no user could be made for it ({said}): make a user "
        f"{EXISTING!r}, run as an ordinary user, or set DATABASE_URL to a server elsewhere."
    )


def _owner(path: Path) -> int | None:
    try:
        return path.stat().st_uid
    except FileNotFoundError:
        return None
    except PermissionError:
        raise ForeignCluster(path.parent) from None


def _owner_name(path: Path) -> str:
    try:
        return pwd.getpwuid(path.stat().st_uid).pw_name
    except (OSError, KeyError):
        return "that made it"
