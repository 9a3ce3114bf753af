"""Runs the programs of a PostgreSQL installation as the user they need."""

import os
import pwd
import subprocess
import tempfile
from pathlib import Path

from app.db.embedded.accounts import identity
from app.db.embedded.refusals import EmbeddedServerError

_LONGEST_SECONDS = 600


class ToolFailed(EmbeddedServerError):
    """A program of PostgreSQL ended with an error; `output` is what it said."""

    def __init__(self, program: str, status: int, output: str) -> None:
        super().__init__(f"PostgreSQL's {program} failed with status {status}: {output.strip()[-2000:]}")
        self.output = output


def run_tool(program: Path, *arguments: str | Path, account: pwd.struct_passwd | None, script: str = "") -> str:
    """Run `program` to its end as `account` and return what it wrote, errors included.

    It reads `script` from its standard input.

    Raises:
        ToolFailed: it cannot be run, took ten minutes, or ended with an error.
    """
    # Files, never pipes: the server that pg_ctl leaves behind would hold a pipe open for ever.
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as given:
        given.write(script.encode())
        given.seek(0)
        try:
            done = subprocess.run(  # noqa: S603 - the programs of the chosen installation
                [str(program), *map(str, arguments)],
                stdin=given,
                stdout=output,
                stderr=output,
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                timeout=_LONGEST_SECONDS,
                check=False,
                **identity(account),
            )
        except OSError as error:
            raise ToolFailed(program.name, -1, str(error)) from error
        except subprocess.TimeoutExpired as error:
            raise ToolFailed(program.name, -1, f"no end after {_LONGEST_SECONDS} s") from error
        output.seek(0)
        said = output.read().decode(errors="replace")
    if done.returncode != 0:
        raise ToolFailed(program.name, done.returncode, said)
    return said
