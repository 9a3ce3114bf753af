"""Orders of lists: terms that end in a unique key, and the cursors that mark a place in them.

A cursor is base64 of: format version (1 byte), a hash of the order (4), then
the values of the terms: times as microseconds since 2000 (8), days (8), numbers (8), texts (length 2
and UTF-8), ids (16). It carries its order, so that it cannot be used with another.
"""

import struct
from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID
from zlib import crc32

_HEAD = struct.Struct(">BI")
_NUMBER = struct.Struct(">q")
_SHORT = struct.Struct(">H")
_VERSION = 1
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Names may be long.
_LONGEST = 8192


class Kind(StrEnum):
    """How a term's value is spelled in a cursor."""

    MOMENT = "moment"
    DAY = "day"
    NUMBER = "number"
    TEXT = "text"
    ID = "id"


@dataclass(frozen=True, slots=True)
class Term:
    """One column of an order; never null."""

    column: str
    kind: Kind
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """Terms, the last of which is unique within the list."""

    terms: tuple[Term, ...]

    @property
    def signature(self) -> int:
        """A hash by which a cursor recognises its order."""
        spelled = ",".join(f"{term.column} {'desc' if term.descending else 'asc'}" for term in self.terms)
        return crc32(spelled.encode())

    @property
    def is_uniform(self) -> bool:
        """Tell whether all terms run the same way."""
        return len({term.descending for term in self.terms}) == 1


class UnknownPlace(Exception):
    """The cursor marks no place in a list of this order."""


def ending_in_id(terms: Sequence[Term]) -> Order:
    """Return the order made unique by the row's id, running the way of its last term."""
    descending = terms[-1].descending if terms else False
    return Order((*terms, Term("id", Kind.ID, descending)))


def head_of(order: Order) -> bytes:
    """Return what every cursor of this order begins with."""
    return _HEAD.pack(_VERSION, order.signature)


def write_cursor(order: Order, row: Mapping[str, Any]) -> str:
    """Return the cursor of a row."""
    body = b"".join(_pack(term.kind, row[term.column]) for term in order.terms)
    return b64encode(head_of(order) + body).decode()


def read_cursor(order: Order, text: str) -> tuple[Any, ...]:
    """Return the values of the order's terms at the cursor.

    Raises:
        UnknownPlace: malformed, or made for another order.
    """
    if len(text) > _LONGEST:
        raise UnknownPlace
    try:
        raw = b64decode(text.encode("ascii"), validate=True)
        version, signature = _HEAD.unpack_from(raw)
        if (version, signature) != (_VERSION, order.signature):
            raise UnknownPlace
        values, at = [], _HEAD.size
        for term in order.terms:
            value, at = _unpack(term.kind, raw, at)
            values.append(value)
    except (BadBase64, struct.error, ValueError, OverflowError) as error:
        raise UnknownPlace from error
    if at != len(raw):
        raise UnknownPlace
    return tuple(values)


def _pack(kind: Kind, value: Any) -> bytes:
    match kind:
        case Kind.MOMENT:
            return _NUMBER.pack((value - _EPOCH) // _MICROSECOND)
        case Kind.DAY:
            return _NUMBER.pack(value.toordinal())
        case Kind.NUMBER:
            return _NUMBER.pack(value)
        case Kind.TEXT:
            spelled = str(value).encode()
            return _SHORT.pack(len(spelled)) + spelled
        case Kind.ID:
            return bytes(value.bytes)


def _unpack(kind: Kind, raw: bytes, at: int) -> tuple[Any, int]:
    match kind:
        case Kind.MOMENT:
            return _EPOCH + _NUMBER.unpack_from(raw, at)[0] * _MICROSECOND, at + _NUMBER.size
        case Kind.DAY:
            return date.fromordinal(_NUMBER.unpack_from(raw, at)[0]), at + _NUMBER.size
        case Kind.NUMBER:
            return _NUMBER.unpack_from(raw, at)[0], at + _NUMBER.size
        case Kind.TEXT:
            start = at + _SHORT.size
            end = start + _SHORT.unpack_from(raw, at)[0]
            spelled = raw[start:end].decode()
            if "\x00" in spelled or end > len(raw):
                raise UnknownPlace
            return spelled, end
        case Kind.ID:
            return UUID(bytes=raw[at : at + 16]), at + 16
