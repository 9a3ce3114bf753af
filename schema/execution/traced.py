"""An operation as a step of a trace: what it is called, how it came to its answer, and the code of what went wrong."""

from hashlib import sha256
from types import TracebackType
from typing import Self

from app.tracing.traces import Step, Traces
from schema.execution.answers import Answer
from schema.execution.failures import code_of
from schema.execution.preparing import Prepared
from schema.execution.telling import NotBegun

_LONGEST_NAME = 64
_FINE = "OK"


class Traced:
    """A block in which an operation is carried out; what raises out of it has failed by its code."""

    __slots__ = ("_step",)

    def __init__(self, traces: Traces, prepared: Prepared) -> None:
        asked = prepared.asked
        document = None if asked.sha256 is None else _true_hash(asked.query, asked.sha256)
        self._step: Step = traces.operation(prepared.kind, prepared.name[:_LONGEST_NAME], document)

    def __enter__(self) -> Self:
        self._step.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, NotBegun):
            self._step.failed(error.code)
        elif isinstance(error, Exception):
            self._step.failed(code_of(error))
        self._step.__exit__(kind, error, trace)

    def answered(self, answer: Answer) -> None:
        """Say how it came to its answer, and by which code it failed if it did."""
        self._step.ended(answer.way)
        if answer.code != _FINE:
            self._step.failed(answer.code)


def _true_hash(text: str, named: str) -> str | None:
    """Return the hash by which a client names its document; None where it is that of another, or no hash at all."""
    true = sha256(text.encode(errors="replace")).hexdigest()
    return true if named.lower() == true else None
