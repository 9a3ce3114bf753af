"""A line to NATS: a plain subject without a queue group, so that every process hears everything."""

from urllib.parse import unquote, urlsplit

from faststream.nats import NatsBroker
from faststream.nats.security import NatsSecurity, NatsToken, NatsUserPassword
from nats.aio.client import Client
from nats.errors import AuthorizationError, Error

from app.integrations.bus_line import BusRefused, Line, Message, Receive

_CONNECT_SECONDS = 2
_CLOSE_SECONDS = 1


def line(url: str, subject: str, receive: Receive) -> Line:
    """Return a line that is not open yet."""
    return _NatsLine(url, subject, receive)


class _Broker(NatsBroker):
    """A broker whose client can be closed also when it never came to be connected."""

    client: Client | None = None

    async def _connect(self) -> Client:
        self.client = Client()
        await self.client.connect(**self._connection_kwargs)
        self.config.connect(self.client)
        return self.client


class _NatsLine:
    def __init__(self, url: str, subject: str, receive: Receive) -> None:
        server, security = _parts(url)
        self._subject = subject
        # Whoever holds the line opens another when it breaks; a client that came back by itself would
        # keep what is said meanwhile, and say it late.
        self._broker = _Broker(
            server,
            security=security,
            name="fieldgraph",
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            connect_timeout=_CONNECT_SECONDS,
            drain_timeout=_CLOSE_SECONDS,
            graceful_timeout=_CLOSE_SECONDS,
            error_cb=_ignore,
            logger=None,
            apply_types=False,
        )

        @self._broker.subscriber(subject)
        async def hear(message: object) -> None:
            receive(message)

    async def open(self) -> None:
        try:
            await self._broker.start()
        except Error as error:
            if isinstance(error, AuthorizationError) or "authorization" in str(error).lower():
                raise BusRefused from error
            raise

    async def publish(self, message: Message) -> None:
        await self._broker.publish(message, self._subject)

    async def close(self) -> None:
        try:
            if self._broker.running:
                await self._broker.stop()
        finally:
            if self._broker.client is not None:
                await self._broker.client.close()


async def _ignore(_: Exception) -> None:
    # It is raised as well, or the line falls silent, which is noticed.
    return


def _parts(url: str) -> tuple[str, NatsSecurity | None]:
    """Return the server's address without credentials, and those: the client takes neither escaped."""
    parts = urlsplit(url)
    server = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    if not parts.username:
        return server, None
    if parts.password is None:
        return server, NatsToken(unquote(parts.username))
    return server, NatsUserPassword(unquote(parts.username), unquote(parts.password))
