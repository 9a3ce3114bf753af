"""Tar archives, block by block: the library's reader takes long names whole into memory, however long they are."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from app.services.attachments.inspection.budget import Part, Stream, filled
from app.services.attachments.inspection.refusals import Unfit

BLOCK = 512
_PIECE = 64 * 1024
_EMPTY = bytes(BLOCK)
_LONGEST_EXTRA = 64 * 1024
_LARGEST = 1 << 40
_FILES, _LINKS, _OTHERS = b"0\x007", b"12", b"5"
_LONG_NAME, _LONG_LINK, _PAX, _PAX_OF_ALL = b"L", b"K", b"x", b"g"
_SIGN = slice(257, 262)


class Entry(NamedTuple):
    """A file in a tar; of a link, where it leads."""

    name: str
    link: str | None
    content: Stream


@dataclass(slots=True)
class _Told:
    """What extra entries say of the next one."""

    name: str | None = None
    link: str | None = None
    size: int | None = None


def is_tape(first: bytes) -> bool:
    """Tell whether a tar begins with these bytes."""
    return first[_SIGN] == b"ustar" and len(first) >= BLOCK


def entries_of(stream: Stream) -> Iterator[Entry]:
    """Yield what is in a tar; each content is read before the next entry. Raises Unfit."""
    told = _Told()
    while (header := filled(stream, BLOCK)) != _EMPTY:
        if len(header) < BLOCK or not _sums_up(header):
            raise Unfit("The archive is broken.")
        kind, size = header[156:157], told.size if told.size is not None else _number(header[124:136])
        if kind in (_LONG_NAME, _LONG_LINK, _PAX, _PAX_OF_ALL):
            _note(told, kind, _extra(stream, _number(header[124:136])))
            continue
        if kind not in _FILES + _LINKS + _OTHERS:
            raise Unfit("The archive holds devices or something else that is no file.")
        content = Part(stream, size if kind in _FILES else 0)
        link = (told.link or _text(header[157:257])) if kind in _LINKS else None
        yield Entry(told.name or _name(header), link, content)
        while content.read(_PIECE):
            pass
        _skip(stream, size if kind in _FILES else 0)
        told = _Told()
    # It ends in blocks of nothing, of which there may be any number.
    while piece := stream.read(_PIECE):
        if piece.strip(b"\0"):
            raise Unfit("There is something else behind the archive.")


def _extra(stream: Stream, size: int) -> bytes:
    if size > _LONGEST_EXTRA:
        raise Unfit("The archive has a name that is longer than names are.")
    text = filled(Part(stream, size), size)
    _skip(stream, size)
    return text


def _skip(stream: Stream, size: int) -> None:
    filled(stream, -size % BLOCK)


def _note(told: _Told, kind: bytes, text: bytes) -> None:
    if kind == _LONG_NAME:
        told.name = _text(text)
    elif kind == _LONG_LINK:
        told.link = _text(text)
    elif kind == _PAX:
        for key, value in _records(text):
            if key == b"path":
                told.name = _text(value)
            elif key == b"linkpath":
                told.link = _text(value)
            elif key == b"size":
                told.size = _decimal(value)


def _records(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    while text.strip(b"\0"):
        length = _decimal(text.split(b" ", 1)[0])
        record, text = text[:length], text[length:]
        key, equals, value = record[record.find(b" ") + 1 :].partition(b"=")
        if length < 1 or not equals:
            raise Unfit("The archive is broken.")
        yield key, value.removesuffix(b"\n")


def _name(header: bytes) -> str:
    prefix = _text(header[345:500]) if header[257:263] == b"ustar\0" else ""
    return f"{prefix}/{_text(header[:100])}" if prefix else _text(header[:100])


def _text(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("utf-8", "replace")


def _number(raw: bytes) -> int:
    if raw[0] & 0x80:
        number = int.from_bytes(raw, "big") & ((1 << (8 * len(raw) - 1)) - 1)
    else:
        try:
            number = int(raw.strip(b"\0 ") or b"0", 8)
        except ValueError:
            raise Unfit("The archive is broken.") from None
    if not 0 <= number <= _LARGEST:
        raise Unfit("The archive is broken.")
    return number


def _decimal(raw: bytes) -> int:
    if not raw.isdigit() or len(raw) > len(str(_LARGEST)):
        raise Unfit("The archive is broken.")
    return int(raw)


def _sums_up(header: bytes) -> bool:
    rest = header[:148] + b" " * 8 + header[156:]
    return _number(header[148:156]) == sum(rest)
