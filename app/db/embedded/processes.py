"""Whose process an id is: a server's pid file outlives the server, and ids are used again."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process that is alive: its command line, and its working directory where the system tells."""

    pid: int
    command: str
    folder: str | None


def is_server_of(pid: int, data: Path) -> bool:
    """Tell whether `pid` is alive, no zombie, and a server that was started on `data`."""
    process = _look_at(pid) if _has_proc() else {p.pid: p for p in _listed()}.get(pid)
    return process is not None and _names(process, data)


def left_over(data: Path, cluster: str) -> list[int]:
    """Return the processes of a server on `data`, its children included.

    Children call themselves by the name of their `cluster`, and work in the data folder.
    """
    if _has_proc():
        ids = (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit())
        processes = [process for pid in ids if (process := _look_at(pid)) is not None]
    else:
        processes = _listed()
    return [
        process.pid
        for process in processes
        if process.pid != os.getpid() and (process.folder == str(data) or f"postgres: {cluster}: " in process.command)
    ]


def _names(process: Process, data: Path) -> bool:
    arguments = process.command.split("\0") if "\0" in process.command else process.command.split()
    return str(data) in arguments or f" -D {data}" in process.command


def _has_proc() -> bool:
    return (_PROC / "self/stat").exists()


def _look_at(pid: int) -> Process | None:
    entry = _PROC / str(pid)
    try:
        state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        command = (entry / "cmdline").read_bytes().decode(errors="surrogateescape")
    except OSError:
        return None
    if state in {"Z", "X"}:
        return None
    try:
        folder = str((entry / "cwd").readlink())
    except OSError:
        folder = None
    return Process(pid=pid, command=command, folder=folder)


def _listed() -> list[Process]:
    """Return all live processes as `ps` lists them, for systems without /proc."""
    program = shutil.which("ps", path=os.defpath) or "/bin/ps"
    listing = subprocess.run(  # noqa: S603 - fixed command
        [program, "-axww", "-o", "pid=,stat=,command="], capture_output=True, text=True, check=True
    )
    found = []
    for line in listing.stdout.splitlines():
        pid, state, command = [*line.split(None, 2), ""][:3]
        if not state.startswith("Z"):
            found.append(Process(pid=int(pid), command=command, folder=None))
    return found
