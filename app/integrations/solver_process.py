"""The process that slots a batch: it takes one problem on its input, tells how far it is, answers, and ends.

Run as `python -m app.integrations.solver_process <bytes of memory> <seconds>`. It reaches neither the
database nor the network. What it reads and writes are pickles of this project's own data, between a
process and its parent.
"""

import pickle
import resource
import sys
from dataclasses import replace
from time import monotonic
from typing import BinaryIO

from app.planning.slots.batch.answer import BatchAnswer, BatchProblem, Progress
from app.planning.slots.batch.search import slotted
from app.planning.slots.problem import Technician

LENGTH_BYTES = 8


def written(stream: BinaryIO, message: Progress | BatchAnswer) -> None:
    """Write a message, its length before it."""
    data = pickle.dumps(message)
    stream.write(len(data).to_bytes(LENGTH_BYTES, "big") + data)
    stream.flush()


def whole(stream: BinaryIO) -> BatchProblem:
    """Read the problem: all of it but its technicians, who follow some at a time."""
    problem: BatchProblem = pickle.load(stream)  # noqa: S301 - written by the parent process
    technicians: list[Technician] = []
    while True:
        try:
            technicians += pickle.load(stream)  # noqa: S301 - written by the parent process
        except EOFError:
            return replace(problem, problem=replace(problem.problem, technicians=tuple(technicians)))


def main(memory_bytes: int, seconds: float, *, read: BinaryIO, write: BinaryIO) -> None:
    """Slot the batch that is read, within the memory, and stop searching after so many seconds."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    end = monotonic() + seconds
    problem = whole(read)

    def tell(progress: Progress) -> None:
        written(write, progress)

    written(write, slotted(problem, on_progress=tell, keep_going=lambda: monotonic() < end))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), read=sys.stdin.buffer, write=sys.stdout.buffer)
