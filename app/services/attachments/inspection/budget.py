"""How much an archive may unpack to: counted on what really comes out, whatever the archive says of itself."""

from dataclasses import dataclass
from typing import Protocol

from app.services.attachments.inspection.refusals import Unfit

MOST_UNPACKED = 512 * 1024 * 1024
MOST_ENTRIES = 10_000
DEEPEST = 3
# Logs can shrink to a hundredth; what shrinks to less was made to.
_MOST_TIMES = 250
_TIMES_COUNT_FROM = 16 * 1024 * 1024


class Stream(Protocol):
    """Bytes that are read once, from the start."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes, none at the end."""


@dataclass(slots=True)
class Budget:
    """What is left for one file of `packed` bytes, with all that is in it."""

    packed: int
    unpacked: int = 0
    entries: int = 0

    def spend(self, length: int) -> None:
        """Count bytes that came out. Raises Unfit."""
        self.unpacked += length
        many_times = self.unpacked > _TIMES_COUNT_FROM and self.unpacked > _MOST_TIMES * self.packed
        if self.unpacked > MOST_UNPACKED or many_times:
            raise Unfit("The archive unpacks to more than is taken.")

    def announce(self, length: int) -> None:
        """Refuse at once what says of itself that it is too much. Raises Unfit."""
        if self.unpacked + length > MOST_UNPACKED:
            raise Unfit("The archive unpacks to more than is taken.")

    def enter(self) -> None:
        """Count one entry. Raises Unfit."""
        self.entries += 1
        if self.entries > MOST_ENTRIES:
            raise Unfit(f"The archive has more than {MOST_ENTRIES} entries.")


@dataclass(slots=True)
class Counted:
    """A stream whose bytes are counted as they come."""

    stream: Stream
    budget: Budget

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes. Raises Unfit."""
        piece = self.stream.read(size)
        self.budget.spend(len(piece))
        return piece


@dataclass(slots=True)
class Begun:
    """A stream of which something was read already; its first bytes come again."""

    first: bytes
    stream: Stream

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes."""
        if self.first:
            piece, self.first = self.first[:size], self.first[size:]
            return piece
        return self.stream.read(size)


@dataclass(slots=True)
class Part:
    """The next `left` bytes of a stream."""

    stream: Stream
    left: int

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes. Raises Unfit when the stream ends before the part does."""
        if self.left == 0 or size == 0:
            return b""
        piece = self.stream.read(min(size, self.left))
        if not piece:
            raise Unfit("The archive is broken off.")
        self.left -= len(piece)
        return piece


def filled(stream: Stream, size: int) -> bytes:
    """Return exactly so many bytes, or all there are."""
    pieces = []
    while size > 0 and (piece := stream.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)
