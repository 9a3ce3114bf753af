"""Requests sent by wrk: the same ones, in the same order, to every peer."""

import json
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = """
local bodies = {}
for line in io.lines("%s") do bodies[#bodies + 1] = line end
local at = 0
request = function()
  at = at %% #bodies + 1
  local headers = {["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. %s}
  return wrk.format("POST", nil, headers, bodies[at])
end
"""


class NoLoadGenerator(Exception):
    """wrk is not installed."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What a peer did: requests a second, and how many in all."""

    per_second: float
    requests: int


def drive(url: str, bodies: Sequence[bytes], tokens: Sequence[str], *, connections: int, seconds: float) -> Rate:
    """Send the bodies round and round over so many connections; a token each, taken in turn, where there are several.

    Raises:
        NoLoadGenerator: wrk is not installed.
        RuntimeError: an answer was not 200.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        raise NoLoadGenerator("wrk is needed: apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder:
        lines, script = Path(folder) / "bodies", Path(folder) / "script.lua"
        lines.write_bytes(b"\n".join(bodies) + b"\n")
        listed = "({" + ", ".join(json.dumps(token) for token in tokens) + f"}})[(at - 1) % {len(tokens)} + 1]"
        script.write_text(_SCRIPT % (lines, listed))
        told = _run([wrk, "-t1", f"-c{connections}", "-d1h", "-s", str(script), url], seconds)
    if "Non-2xx" in told or "Socket errors" in told:
        raise RuntimeError(told)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", told)
    requests = re.search(r"(\d+) requests in", told)
    if rate is None or requests is None:
        raise RuntimeError(told)
    return Rate(float(rate[1]), int(requests[1]))


def _run(command: Sequence[str], seconds: float) -> str:
    """Return what wrk tells after so long: it counts whole seconds itself, so it is asked to stop."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  # a fixed program
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=30)
    if process.returncode != 0:
        raise RuntimeError(told)
    return told
