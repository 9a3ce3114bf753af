"""The socket the server listens on, taken before anything slow happens."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from app.cli.refusals import Refusal

_WAITING = 2048


class CannotListen(Refusal):
    """The address cannot be listened on; the text says why."""


@contextmanager
def listener(host: str, port: int) -> Iterator[socket.socket]:
    """Listen on `host` and `port` for the block; who connects early waits to be answered.

    Raises:
        CannotListen: another program has the port, or the address is not one of this machine.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise CannotListen(f"HOST={host} is not an address of this machine ({error.strerror}).") from error
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(address)
            listening.listen(_WAITING)
        except OSError as error:
            raise CannotListen(_reason(host, port, error)) from error
        yield listening


def address_of(listening: socket.socket) -> str:
    """Return where a client on this machine finds the server, as a web address."""
    host, port = listening.getsockname()[:2]
    # The address that means "all of mine" is none that a client can connect to everywhere.
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def _reason(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is in use: stop the program that has it, or set PORT to another."
    if error.errno in {errno.EACCES, errno.EPERM}:
        return f"Port {port} is not allowed to this user: set PORT to one above 1023."
    return f"HOST={host} PORT={port} cannot be listened on: {error.strerror}."
