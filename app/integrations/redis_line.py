"""A line to Redis, or whatever speaks its protocol: a plain channel, so that every process hears everything."""

from faststream.redis import RedisBroker
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError

from app.integrations.bus_line import BusRefused, Line, Message, Receive

_CONNECT_SECONDS = 2
_CLOSE_SECONDS = 1


def line(url: str, subject: str, receive: Receive) -> Line:
    """Return a line that is not open yet."""
    return _RedisLine(url, subject, receive)


class _RedisLine:
    def __init__(self, url: str, subject: str, receive: Receive) -> None:
        self._channel = subject
        # Whoever holds the line opens another when it breaks: nothing is tried twice below that.
        self._broker = RedisBroker(
            url,
            client_name="fieldgraph",
            socket_connect_timeout=_CONNECT_SECONDS,
            retry=Retry(NoBackoff(), 0),
            graceful_timeout=_CLOSE_SECONDS,
            logger=None,  # type: ignore[arg-type]  # None is what turns it off, says the code and not the type
            apply_types=False,
        )

        @self._broker.subscriber(subject)
        async def hear(message: object) -> None:
            receive(message)

    async def open(self) -> None:
        try:
            await self._broker.start()
        except (AuthenticationError, NoPermissionError) as error:
            raise BusRefused from error

    async def publish(self, message: Message) -> None:
        try:
            await self._broker.publish(message, channel=self._channel)
        except NoPermissionError as error:
            raise BusRefused from error

    async def close(self) -> None:
        try:
            await self._broker.stop()
        finally:
            # Stopping ends early where the server is gone, before it comes to the connections.
            await self._broker.config.disconnect()
