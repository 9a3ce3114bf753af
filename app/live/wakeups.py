"""How processes tell each other that a log has grown: the port, and nothing of what is behind it."""

from collections.abc import Callable, Collection
from typing import Protocol
from uuid import UUID

# Whose logs have grown; None when that is not known, and so may be anybody's.
Heard = Callable[[Collection[UUID] | None], None]


class WakeUps(Protocol):
    """Carries wake-ups between the processes that share a database.

    A wake-up says at most whose log has grown, never what was written. Any may be lost: whoever
    relies on them polls too.
    """

    def tell(self, organization_id: UUID, /) -> None:
        """Wake the other processes soon. Never waits and never fails; many calls become one wake-up."""

    async def run(self, heard: Heard, /) -> None:
        """Carry wake-ups until cancelled, whatever happens to the connection.

        `heard` is called in the loop for each wake-up of another process, and after each reconnection
        for what was missed.
        """
