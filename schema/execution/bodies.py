"""The body of a request, read up to its bound."""

from starlette.types import Receive


class BodyRefused(Exception):
    """The request's body, or the way it is sent, is refused with this status."""

    def __init__(self, status: int, message: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers


class ClientGone(Exception):
    """The client went away before it had sent everything."""


async def read_body(receive: Receive, declared: bytes | None, largest: int) -> bytes:
    """Return the whole body.

    Raises:
        BodyRefused: it has more than `largest` bytes.
        ClientGone: the client went away.
    """
    if declared is not None and declared.isdigit() and int(declared) > largest:
        raise BodyRefused(413, f"A request has at most {largest} bytes.")
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    body: bytes = message.get("body", b"")
    if not message.get("more_body") and len(body) <= largest:
        return body
    whole = bytearray(body)
    while message.get("more_body"):
        if len(whole) > largest:
            break
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        whole += message.get("body", b"")
    if len(whole) > largest:
        raise BodyRefused(413, f"A request has at most {largest} bytes.")
    return bytes(whole)
