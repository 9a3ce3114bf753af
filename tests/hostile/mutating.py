"""Requests and messages spoiled at random, the same ones for the same seed."""

import random
from collections.abc import Callable
from typing import Any

import orjson

_ROTTEN = (
    b"",
    b"null",
    b"123",
    b'"x"',
    b"[]",
    b"[1,2]",
    b"{",
    b"}",
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"\xff\xfe{}",
    b'{"query": "\\ud800"}',
    b'{"query": "{ viewer { roles } }", "query": 5}',
    b'{"query": "{ viewer { roles } }", "variables": NaN}',
    b'{"query": "{ viewer { roles } }", "variables": {"n": 1e999}}',
    b'{"query": "\\u0000"}',
    b"\x00" * 1000,
    b'{"query": ' + b"9" * 5000 + b"}",
)
_VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**31,
    2**63,
    1.5,
    1e308,
    "",
    "\x00",
    "\u2028",
    "\U0001f600",
    "x" * 5000,
    [],
    [None],
    {},
    {"": ""},
    [[[[[[[[[[]]]]]]]]]],
)
_DOCUMENTS = (
    "{ viewer { roles } }",
    "query($first: Int, $after: String) { tickets(first: $first, after: $after) { nodes { id title } } }",
    "query($id: ID!) { node(id: $id) { id ... on Ticket { title } } }",
    "query($f: TicketFilter) { tickets(filter: $f) { totalCount } }",
    "query($o: [TicketOrder!]) { tickets(orderBy: $o) { pageInfo { endCursor } } }",
    "query($after: EventCursor!) { events(after: $after) { hasMore } }",
    "mutation($i: CreateTicketInput!) { createTicket(input: $i) { errors { __typename } } }",
    "mutation($i: AssignTicketInput!) { assignTicket(input: $i) { errors { __typename } } }",
)
_FIELDS = ("eq", "in", "title", "field", "ticketId", "x")
_NAMES = ("first", "after", "id", "f", "o", "i", "query", "variables", "operationName", "extensions", "documentId")


class Mutator:
    """Spoils things."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)

    def body(self) -> bytes:
        """Return the body of a request that is wrong in some way, or at least odd."""
        way: Callable[[], bytes] = self.dice.choice([self._rotten, self._odd, self._odd, self._torn, self._torn])
        return way()

    def payload(self) -> dict[str, Any]:
        """Return what a well-formed `subscribe` asks for, though it may make no sense."""
        asked: dict[str, Any] = {"query": self._document()}
        if self.dice.random() < 0.8:
            asked["variables"] = {name: self._value(2) for name in self.dice.sample(_NAMES[:6], 2)}
        if self.dice.random() < 0.2:
            asked["operationName"] = self.dice.choice(["Q", "x" * 300])
        return asked

    def _rotten(self) -> bytes:
        return self.dice.choice(_ROTTEN)

    def _odd(self) -> bytes:
        asked: dict[str, Any] = self.payload()
        for _ in range(self.dice.randint(0, 2)):
            asked[self.dice.choice(_NAMES)] = self._value(3)
        return orjson.dumps(asked, default=str)

    def _torn(self) -> bytes:
        body = bytearray(orjson.dumps(self.payload(), default=str))
        for _ in range(self.dice.randint(1, 6)):
            at = self.dice.randrange(len(body) + 1)
            match self.dice.randrange(4):
                case 0:
                    del body[at : at + self.dice.randint(1, 20)]
                case 1:
                    body[at:at] = bytes([self.dice.randrange(256)])
                case 2:
                    body[at:at] = body[: self.dice.randint(1, 60)]
                case _:
                    body = body[: max(1, at)]
        return bytes(body)

    def _document(self) -> str:
        text = self.dice.choice(_DOCUMENTS)
        if self.dice.random() < 0.4:
            at = self.dice.randrange(len(text))
            text = text[:at] + self.dice.choice(["{", "}", "(", "$", "...", "@skip", '"', "\x00", "é", "#"]) + text[at:]
        return text

    def _value(self, depth: int) -> Any:
        if depth == 0 or self.dice.random() < 0.6:
            return self.dice.choice([value for value in _VALUES if value != 2**63])
        if self.dice.random() < 0.5:
            return [self._value(depth - 1) for _ in range(self.dice.randint(0, 3))]
        return {self.dice.choice(_FIELDS): self._value(depth - 1) for _ in range(3)}

    def frame(self) -> bytes:
        """Return the bytes of a websocket frame that breaks the protocol, masked as a client's."""
        data = self.dice.randbytes(self.dice.randint(0, 200))
        match self.dice.randrange(7):
            case 0:
                return _framed(0x83, data)  # an opcode that is reserved
            case 1:
                return _framed(0xF1, data)  # reserved bits
            case 2:
                return _framed(0x81, b"\xff\xfe" + data)  # text that is no UTF-8
            case 3:
                return _framed(0x89, self.dice.randbytes(200))  # a ping that is too long
            case 4:
                return _framed(0x81, data, masked=False)
            case 5:
                return _framed(0x80, data)  # a continuation of nothing
            case _:
                return bytes([0x81, 0xFF]) + (2**40).to_bytes(8, "big") + b"mask"  # longer than any may be


def _framed(first: int, data: bytes, *, masked: bool = True) -> bytes:
    length = len(data)
    head = bytes([first, (0x80 if masked else 0) | (min(126, length))])
    if length >= 126:
        head += length.to_bytes(2, "big")
    if not masked:
        return head + data
    mask = b"abcd"
    return head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))
