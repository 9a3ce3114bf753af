"""The port by which steps of work are told. As it stands nobody collects them, and telling does nothing."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Self

from app.tracing.object_stores import StoreMethod, StoreName

_NOTHING_TO_CARRY: Mapping[str, str] = MappingProxyType({})


class Step:
    """A step that has begun; for a `with` block it is what the steps begun in it belong to, and ends with it.

    What is told of a step names nobody: codes, words of ours, hosts, and the names that clients give operations.
    """

    __slots__ = ()

    def __enter__(self) -> Self:
        """Let steps that begin from now on belong to this one."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_raised: object) -> None:
        """End it; what raises out of the block has failed by its class, unless something was said of how it went."""

    @property
    def carried(self) -> Mapping[str, str]:
        """The headers that tell whoever is called to which trace the call belongs."""
        return _NOTHING_TO_CARRY

    def failed(self, code: str) -> None:
        """Say that it failed, by a code and never in words."""

    def ended(self, how: str) -> None:
        """Say by a word of ours how it went."""

    def answered(self, status: int) -> None:
        """Say with which HTTP status it was answered."""

    def routed(self, route: str) -> None:
        """Say which route of ours was asked for: a pattern, never a path."""

    def started(self, process_id: int) -> None:
        """Say which process a program runs as."""

    def exited(self, code: int) -> None:
        """Say with which status a program ended by itself; below 0 it is the signal that ended it."""

    def over(self) -> None:
        """End it now, even if its block goes on; what follows there belongs to no step."""


NOTHING = Step()


class Cause:
    """What was under way when something was asked for that is done later, by somebody else."""

    __slots__ = ()


class Traces:
    """Where one process tells the steps of its work.

    A trace begins with a request, an operation, a job or a call. A statement, a message and a refusal belong to what is
    or was under way, and are told of nothing where nothing is.
    """

    collected = False

    def come_from(self, traceparent: str | None) -> None:
        """Let what this task does from now on belong to a caller's trace, if the header names one."""

    def request(self, method: str, traceparent: str | None) -> Step:
        """Begin to answer an HTTP request, as a part of the caller's trace, if the header names one."""
        return NOTHING

    def operation(self, kind: str, name: str, document_hash: str | None) -> Step:
        """Begin a GraphQL operation: `query`, `mutation` or `subscription`, and what its client calls it."""
        return NOTHING

    def refused(self, code: str) -> None:
        """Say that what is under way has refused a change."""

    def job(self, kind: str) -> Step:
        """Begin what nobody waits for; its trace is its own."""
        return NOTHING

    def call(self, verb: str, scheme: str, host: str, port: int | None) -> Step:
        """Begin to call something outside; nothing else of its address is told."""
        return NOTHING

    def stored(self, store: StoreName, method: StoreMethod) -> Step:
        """Begin to ask an object store for something; what it is asked about is not told."""
        return NOTHING

    def program(self, name: str, executable: str) -> Step:
        """Begin to run a program of ours, by a name of ours; with what is not told."""
        return NOTHING

    def cause(self) -> Cause | None:
        """Return what is under way, so that what is done for it later may belong to it; None where nothing is kept."""
        return None

    def message(self, system: str, host: str, port: int | None, *, subject: str, causes: Sequence[Cause]) -> Step:
        """Begin to send a message: to which system, under which pattern of subjects, and because of what.

        It belongs to the first of the causes, the others are linked to it. Without any, nothing is told.
        """
        return NOTHING

    def statement(self, text: str) -> Step:
        """Begin an SQL statement; of its text only the verb and the table are told."""
        return NOTHING

    async def close(self) -> None:
        """Hand over what was not collected yet; what cannot be handed over soon is dropped."""


UNTRACED = Traces()
