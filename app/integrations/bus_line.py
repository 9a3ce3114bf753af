"""One connection to an event bus, as every driver offers it."""

from collections.abc import Callable
from typing import Protocol

Message = dict[str, object]
Receive = Callable[[object], None]


class BusRefused(Exception):
    """The bus is there and does not let us in: what EVENT_BUS_URL says of who we are is wrong."""


class Line(Protocol):
    """One connection that says messages under a subject, and hears all that are said under it.

    Whatever goes wrong is an exception of the driver's; the line is then of no more use than to be closed.
    """

    async def open(self) -> None:
        """Connect and listen.

        Raises:
            BusRefused: the bus does not accept the credentials.
        """

    async def publish(self, message: Message) -> None:
        """Say a message to everybody who listens, ourselves included."""

    async def close(self) -> None:
        """Give back whatever was opened, however much of it was."""


# An address, a subject, and what is called in the loop with each message.
Driver = Callable[[str, str, Receive], Line]
