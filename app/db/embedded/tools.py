"""Runs the programs of a PostgreSQL installation as the user they need."""

import os
import pwd
import signal
import subprocess
import tempfile
from pathlib import Path

from app.db.embedded.accounts import identity
from app.db.embedded.refusals import EmbeddedServerError

_LONGEST_SECONDS = 600
_SECONDS_TO_GIVE_UP = 10


class ToolFailed(EmbeddedServerError):
    """A program of PostgreSQL ended with an error; `output` is what it said, `status` how it ended."""

    def __init__(self, program: str, status: int, output: str) -> None:
        super().__init__(f"PostgreSQL's {program} failed with status {status}: {output.strip()[-2000:]}")
        self.status = status
        self.output = output


def run_tool(program: Path, *arguments: str | Path, account: pwd.struct_passwd | None, script: str = "") -> str:
    """Run `program` to its end as `account` and return what it wrote, errors included.

    It reads `script` from its standard input. Whatever ends the wait ends the program too, as
    Ctrl-C does: pg_ctl then takes back the server it was starting.

    Raises:
        ToolFailed: it cannot be run, took ten minutes, or ended with an error.
    """
    # Files, never pipes: the server that pg_ctl leaves behind would hold a pipe open for ever.
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as given:
        given.write(script.encode())
        given.seek(0)
        try:
            running = subprocess.Popen(  # noqa: S603 - the programs of the chosen installation
                [str(program), *map(str, arguments)],
                stdin=given,
                stdout=output,
                stderr=output,
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                **identity(account),
            )
            status = _ended(running)
        except OSError as error:
            raise ToolFailed(program.name, -1, str(error)) from error
        except subprocess.TimeoutExpired as error:
            raise ToolFailed(program.name, -1, f"no end after {_LONGEST_SECONDS} s") from error
        output.seek(0)
        said = output.read().decode(errors="replace")
    if status != 0:
        raise ToolFailed(program.name, status, said)
    return said


def _ended(running: "subprocess.Popen[bytes]") -> int:
    try:
        return running.wait(_LONGEST_SECONDS)
    except BaseException:
        running.send_signal(signal.SIGINT)
        try:
            running.wait(_SECONDS_TO_GIVE_UP)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
        raise
