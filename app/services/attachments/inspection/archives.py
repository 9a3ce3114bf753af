"""Archives are unpacked once, into nothing: so it is seen how much comes out, and where it would be put."""

import gzip
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from struct import error as bad_struct
from typing import BinaryIO, cast

from app.services.attachments.inspection.budget import DEEPEST, MOST_ENTRIES, Begun, Budget, Counted, Stream, filled
from app.services.attachments.inspection.refusals import Unfit
from app.services.attachments.inspection.tapes import BLOCK, entries_of, is_tape

_PIECE = 64 * 1024
_ZIP, _EMPTY_ZIP, _GZIP = b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b"
_END = Struct("<4s4H2LH")
_END_SIGN, _LONG_END_SIGN = b"PK\x05\x06", b"PK\x06\x07"
_LONGEST_COMMENT = 65_535
# A directory is read as a whole, so its length is bounded before.
_LONGEST_DIRECTORY = 2 * 1024 * 1024
_ENCRYPTED = 0x1
_READ = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_DRIVE = re.compile(r"[A-Za-z]:")
_BROKEN = (zipfile.BadZipFile, zlib.error, gzip.BadGzipFile, bad_struct, EOFError, RuntimeError, ValueError)


@dataclass(frozen=True, slots=True)
class Unpacking:
    """What one file is unpacked with: its budget, and a folder for archives within archives."""

    budget: Budget
    folder: Path | None

    def zip(self, file: BinaryIO, size: int, depth: int = 1) -> list[str]:
        """Unpack a ZIP and return the names in it. Raises Unfit."""
        _check_end(file, size)
        try:
            with zipfile.ZipFile(file) as archive:
                entries = archive.infolist()
                if len(entries) > MOST_ENTRIES:
                    raise Unfit(f"The archive has more than {MOST_ENTRIES} entries.")
                self.budget.announce(sum(each.file_size for each in entries))
                for each in entries:
                    self._entry(archive, each, depth)
        except _BROKEN as error:
            raise Unfit("The archive is broken.") from error
        return [each.filename for each in entries]

    def gzip(self, stream: Stream, depth: int = 1) -> None:
        """Unpack what was packed by gzip. Raises Unfit."""
        try:
            with gzip.GzipFile(fileobj=cast("BinaryIO", _Buffered(stream))) as unpacked:
                self.within(Counted(unpacked, self.budget), depth)
        except _BROKEN as error:
            raise Unfit("The archive is broken.") from error

    def tape(self, stream: Stream, depth: int = 1) -> None:
        """Look through a tar. Raises Unfit."""
        for each in entries_of(stream):
            self.budget.enter()
            _check_name(each.name)
            if each.link is not None:
                _check_name(each.link)
            self.within(each.content, depth)

    def within(self, stream: Stream, depth: int) -> None:
        """Read a stream to its end, and unpack it if it is an archive itself. Raises Unfit."""
        first = filled(stream, BLOCK)
        begun = Begun(first, stream)
        is_zip, is_gzip = first.startswith((_ZIP, _EMPTY_ZIP)), first.startswith(_GZIP)
        if (is_zip or is_gzip or is_tape(first)) and depth >= DEEPEST:
            raise Unfit(f"The archive holds archives more than {DEEPEST} deep.")
        if is_zip:
            with tempfile.TemporaryFile(dir=self.folder) as kept:
                while piece := begun.read(_PIECE):
                    kept.write(piece)
                self.zip(cast("BinaryIO", kept), kept.tell(), depth + 1)
        elif is_gzip:
            self.gzip(begun, depth + 1)
        elif is_tape(first):
            self.tape(begun, depth + 1)
        while begun.read(_PIECE):
            pass

    def _entry(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, depth: int) -> None:
        self.budget.enter()
        _check_name(entry.filename)
        if entry.flag_bits & _ENCRYPTED:
            raise Unfit("The archive is encrypted: nobody could look into it.")
        if entry.compress_type not in _READ:
            raise Unfit("The archive is packed in a way that cannot be looked into.")
        with archive.open(entry) as content:
            self.within(Counted(content, self.budget), depth)


class _Buffered:
    """A stream as gzip wants it: it goes back over what it has just read."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def read(self, size: int = _PIECE) -> bytes:
        return self._stream.read(size if size > 0 else _PIECE)


def ends_as_zip(tail: bytes) -> bool:
    """Tell whether some program would take a file with this end for a ZIP."""
    return _END_SIGN in tail


def tail_of(file: BinaryIO, size: int) -> bytes:
    """Return the end of a file, in which a ZIP has its sign."""
    file.seek(max(0, size - _END.size - _LONGEST_COMMENT))
    return file.read(_END.size + _LONGEST_COMMENT)


def _check_end(file: BinaryIO, size: int) -> None:
    """Refuse what has something before or behind the ZIP, or a directory that would fill the memory."""
    tail = tail_of(file, size)
    at = tail.rfind(_END_SIGN)
    if at < 0 or len(tail) - at < _END.size:
        raise Unfit("The archive is broken.")
    if _LONG_END_SIGN in tail[max(0, at - 20) : at]:
        raise Unfit("The archive is a ZIP64, which files of this size do not need.")
    _, disk, first_disk, here, entries, length, start, comment = _END.unpack_from(tail, at)
    end = size - len(tail) + at
    if disk or first_disk or here != entries:
        raise Unfit("The archive is one of several parts.")
    if start + length != end or end + _END.size + comment != size:
        raise Unfit("There is something else before or behind the archive.")
    if entries > MOST_ENTRIES or length > _LONGEST_DIRECTORY:
        raise Unfit(f"The archive has more than {MOST_ENTRIES} entries.")
    file.seek(0)


def _check_name(name: str) -> None:
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or _DRIVE.match(name) or ".." in parts or "\x00" in name:
        raise Unfit("The archive holds files that would be put outside of its folder.")


def pieces_of(file: BinaryIO) -> Iterator[bytes]:
    """Yield a file from its start, piece by piece."""
    file.seek(0)
    while piece := file.read(_PIECE):
        yield piece
