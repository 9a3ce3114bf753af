"""How a command that runs for long ends when it is asked to."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import structlog

log = structlog.get_logger(__name__)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """End the process in order when it is asked to, at whatever it is; asking twice changes nothing."""

    def end(number: int, _: FrameType | None) -> None:
        # The database must be stopped undisturbed by a second Ctrl-C.
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        # What was cut short in the making complains as it is thrown away: nothing that helps anybody.
        sys.unraisablehook = lambda met: log.debug("process.cut_short", reason=repr(met.exc_value))
        log.info("process.ended_by_signal", signal=signal.Signals(number).name)
        raise SystemExit(0)

    def hang_up(_: int, __: FrameType | None) -> None:
        # uvicorn knows SIGTERM and not SIGHUP, which a closed terminal sends.
        os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGHUP, hang_up)
    yield
