"""What each kind of file looks like from inside, and that it does not look like another one besides."""

import re
from collections.abc import Callable, Mapping
from struct import Struct
from types import MappingProxyType
from typing import BinaryIO

from app.domain.files import Kind, Shape
from app.services.attachments.inspection.archives import Unpacking, ends_as_zip, pieces_of, tail_of
from app.services.attachments.inspection.budget import filled
from app.services.attachments.inspection.refusals import Unfit
from app.services.attachments.inspection.tapes import BLOCK, is_tape

_HEAD = 4096
# As far as browsers and readers look for what they would like to see.
_LOOKED_AT = 1024
_MARKUP = re.compile(rb"<(!doctype\s+html|html|head|body|script|svg|iframe|\?php|x?:?script)[\s>/]", re.IGNORECASE)
_BEGINS_AS_MARKUP = re.compile(
    rb"\s*(<\?xml[^>]*\?>|<!--.*?-->|<!doctype[^>]*>|\s)*<(html|head|body|script|svg|iframe|\w+:svg)[\s>/]",
    re.IGNORECASE | re.DOTALL,
)
_NO_TEXT = bytes(each for each in range(32) if each not in b"\t\n\x0c\r\x1b")
_CHUNK = Struct(">L4s")
_MOST_PIXELS = 250_000_000
_PDF_END = 1024


def check(file: BinaryIO, size: int, kind: Kind, unpacking: Unpacking) -> None:
    """Refuse a file that is not of its kind, or of another one besides, or that must not be unpacked. Raises Unfit."""
    file.seek(0)
    head = file.read(_HEAD)
    _CHECKS[kind.shape](file, size, head, kind, unpacking)


def _pdf(file: BinaryIO, size: int, head: bytes, _kind: Kind, _unpacking: Unpacking) -> None:
    if not head.startswith(b"%PDF-"):
        raise _other("PDF")
    tail = _one_face(file, size, head)
    if b"%%EOF" not in tail[-_PDF_END:]:
        raise Unfit("The PDF is broken off.")


def _jpeg(file: BinaryIO, size: int, head: bytes, _kind: Kind, _unpacking: Unpacking) -> None:
    # Phones put videos and notes of their own behind the picture: its end is not looked for.
    if not head.startswith(b"\xff\xd8\xff"):
        raise _other("JPEG picture")
    _one_face(file, size, head)


def _png(file: BinaryIO, size: int, head: bytes, _kind: Kind, _unpacking: Unpacking) -> None:
    if not head.startswith(b"\x89PNG\r\n\x1a\n") or head[12:16] != b"IHDR":
        raise _other("PNG picture")
    _one_face(file, size, head)
    _check_pixels(int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big"))
    at = 8
    while at + 12 <= size:
        file.seek(at)
        length, name = _CHUNK.unpack(file.read(_CHUNK.size))
        at += 12 + length
        if name == b"IEND":
            if at != size:
                raise Unfit("There is something else behind the picture.")
            return
    raise Unfit("The picture is broken off.")


def _gif(file: BinaryIO, size: int, head: bytes, _kind: Kind, _unpacking: Unpacking) -> None:
    if not head.startswith((b"GIF87a", b"GIF89a")) or size < 14:
        raise _other("GIF picture")
    _one_face(file, size, head)
    _check_pixels(int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little"))
    file.seek(13 + _colours(head[10]))
    while (sign := file.read(1)) != b";":
        if sign == b",":
            place = file.read(9)
            file.seek((_colours(place[8]) if len(place) == 9 else 0) + 1, 1)
        elif sign == b"!":
            file.seek(1, 1)
        else:
            raise Unfit("The picture is broken.")
        while length := (file.read(1) or b"\0")[0]:
            file.seek(length, 1)
    if file.tell() != size:
        raise Unfit("There is something else behind the picture.")


def _ole(file: BinaryIO, size: int, head: bytes, _kind: Kind, _unpacking: Unpacking) -> None:
    if not head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        raise _other("document of Word")
    _one_face(file, size, head)


def _office(file: BinaryIO, size: int, _head: bytes, kind: Kind, unpacking: Unpacking) -> None:
    names = unpacking.zip(file, size)
    if "[Content_Types].xml" not in names or not any(name.startswith(kind.part) for name in names):
        raise _other("document of its kind")
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Unfit("The document holds macros.")


def _text(file: BinaryIO, _size: int, head: bytes, _kind: Kind, _unpacking: Unpacking) -> None:
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    if not wide:
        for piece in pieces_of(file):
            if len(piece) != len(piece.translate(None, _NO_TEXT)):
                raise _other("text")
    seen = head.decode("utf-16", "replace").encode() if wide else head.removeprefix(b"\xef\xbb\xbf")
    if _BEGINS_AS_MARKUP.match(seen) or seen.startswith((b"%PDF-", b"%!PS", b"{\\rtf")):
        raise Unfit("The file is a page or a picture, and no plain text.")
    if wide and "\x00" in head.decode("utf-16", "replace"):
        raise _other("text")


def _zip(file: BinaryIO, size: int, head: bytes, _kind: Kind, unpacking: Unpacking) -> None:
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        raise _other("ZIP archive")
    unpacking.zip(file, size)


def _tape(file: BinaryIO, _size: int, head: bytes, _kind: Kind, unpacking: Unpacking) -> None:
    if not is_tape(head[:BLOCK]):
        raise _other("tar archive")
    file.seek(0)
    unpacking.tape(file)


def _gzip(file: BinaryIO, _size: int, head: bytes, _kind: Kind, unpacking: Unpacking) -> None:
    if not head.startswith(b"\x1f\x8b"):
        raise _other("gzip archive")
    file.seek(0)
    unpacking.gzip(file)
    if filled(file, 1):
        raise Unfit("There is something else behind the archive.")


_CHECKS: Mapping[Shape, Callable[[BinaryIO, int, bytes, Kind, Unpacking], None]] = MappingProxyType(
    {
        Shape.PDF: _pdf,
        Shape.OLE: _ole,
        Shape.OFFICE: _office,
        Shape.TEXT: _text,
        Shape.JPEG: _jpeg,
        Shape.PNG: _png,
        Shape.GIF: _gif,
        Shape.ZIP: _zip,
        Shape.TAR: _tape,
        Shape.GZIP: _gzip,
    }
)


def _one_face(file: BinaryIO, size: int, head: bytes) -> bytes:
    """Refuse what another program would take for something else; return the end of the file."""
    start, tail = head[:_LOOKED_AT], tail_of(file, size)
    if ends_as_zip(tail) or _MARKUP.search(start) or b"%PDF-" in start[1:]:
        raise Unfit("The file is something else besides what its name says.")
    return tail


def _check_pixels(width: int, height: int) -> None:
    if not width or not height or width * height > _MOST_PIXELS:
        raise Unfit("The picture has more points than can be shown.")


def _colours(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _other(wanted: str) -> Unfit:
    return Unfit(f"The file is no {wanted}, whatever its name says.")
