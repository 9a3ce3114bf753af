"""Files as people and attackers send them."""

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from functools import cache
from hashlib import sha256
from random import Random


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PAGE = b"<!DOCTYPE html><html><script>alert(1)</script></html>"


def pdf(middle: bytes = b"") -> bytes:
    return b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n" + middle + b"\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def png(width: int = 2, height: int = 2, extra: bytes = b"") -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">L", len(data)) + name + data + struct.pack(">L", zlib.crc32(name + data))

    header = struct.pack(">LLBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 14)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def gif() -> bytes:
    return (
        b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff"
        b"!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
    )


def jpeg(length: int = 600, seed: int = 1) -> bytes:
    picture = Random(seed).randbytes(length).replace(b"\xff", b"\x00")
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + picture + b"\xff\xd9"


def doc() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1528


def gzipped(content: bytes) -> bytes:
    return gzip.compress(content)


def zipped(entries: dict[str, bytes], *, packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", packing) as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name), content, packing)
    return kept.getvalue()


def docx(**more: bytes) -> bytes:
    parts = {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w:document/>"}
    return zipped({**parts, **{f"word/{name}": content for name, content in more.items()}})


def tape(
    entries: dict[str, bytes], kind: bytes = tarfile.REGTYPE, link: str = "", form: int = tarfile.GNU_FORMAT
) -> bytes:
    kept = io.BytesIO()
    with tarfile.open(fileobj=kept, mode="w", format=form) as archive:
        for name, content in entries.items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, link
            entry.size = len(content) if kind == tarfile.REGTYPE else 0
            archive.addfile(entry, io.BytesIO(content))
    return kept.getvalue()


@cache
def bomb(megabytes: int = 600) -> bytes:
    """Return a ZIP that unpacks to so much nothing."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("nothing.txt", "w") as entry:
        for _ in range(megabytes):
            entry.write(bytes(1024 * 1024))
    return kept.getvalue()


def lying(content: bytes) -> bytes:
    """Return a ZIP whose one entry says that it is a byte long."""
    honest = zipped({"a.txt": content})
    said = struct.pack("<L", len(content))
    return honest.replace(said, struct.pack("<L", 1))


@cache
def gzip_bomb(megabytes: int = 600) -> bytes:
    """Return what gzip made of so much nothing."""
    kept = io.BytesIO()
    with gzip.GzipFile(fileobj=kept, mode="wb") as packed:
        for _ in range(megabytes):
            packed.write(bytes(1024 * 1024))
    return kept.getvalue()


def nested(depth: int, content: bytes = b"in the middle") -> bytes:
    """Return a ZIP in a ZIP in a ZIP."""
    for _ in range(depth):
        content = zipped({"inner.zip": content})
    return content


def encrypted() -> bytes:
    """Return a ZIP that says that its entry is encrypted."""
    raw = bytearray(zipped({"a.txt": b"secret"}))
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(sign) + at] |= 1
    return bytes(raw)


def many_entries(number: int) -> bytes:
    """Return a ZIP with so many empty entries."""
    return zipped({f"{each}": b"" for each in range(number)}, packing=zipfile.ZIP_STORED)


def long_name_tape(length: int) -> bytes:
    """Return a tar, packed, whose entry claims a name of so many bytes."""
    entry = tarfile.TarInfo("././@LongLink")
    entry.type, entry.size = b"L", length
    return gzip.compress(entry.tobuf(tarfile.GNU_FORMAT) + b"x" * (64 * 1024))
