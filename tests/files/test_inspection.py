"""Looking at bytes: what is taken, and what is refused however it is dressed up."""

import gzip
import io
import resource
import tarfile
from collections.abc import Callable
from hashlib import sha256

import pytest

from app.services.attachments.inspection.inspecting import inspect
from app.services.attachments.inspection.refusals import Unfit
from tests.files import samples

LOG = b"2026-05-04 08:00:00 started\n" * 1000


def look(name: str, content: bytes) -> None:
    digest = sha256(content).hexdigest()
    inspect(io.BytesIO(content), name=name, size_bytes=len(content), digest=digest, folder=None)


GOOD = {
    "plan.pdf": samples.pdf(),
    "old.doc": samples.doc(),
    "new.docx": samples.docx(),
    "note.txt": "Grüße, 日本\t\r\n".encode(),
    "latin.txt": "Grüße".encode("latin-1"),
    "wide.txt": "Grüße".encode("utf-16"),
    "colours.log": b"\x1b[31mred\x1b[0m\n",
    "xml.log": b'<?xml version="1.0"?><events><event/></events>',
    "photo.jpg": samples.jpeg(),
    # Phones put a film behind the picture.
    "moving.jpeg": samples.jpeg() + b"\0\0\0\x18ftypmp42",
    "shot.png": samples.png(),
    "dot.gif": samples.gif(),
    "logs.zip": samples.zipped({"a/b.log": LOG, "c.gz": gzip.compress(LOG)}),
    "empty.zip": samples.zipped({}),
    "logs.tar": samples.tape({"a/b.log": LOG, "c.zip": samples.zipped({"d.txt": b"d"})}),
    "long.tar": samples.tape({"n" * 300: b"x"}),
    "pax.tar": samples.tape({"ü" * 200: b"x"}, form=tarfile.PAX_FORMAT),
    "linked.tar": samples.tape({"a": b""}, tarfile.SYMTYPE, "b/c"),
    "logs.tar.gz": gzip.compress(samples.tape({"a.log": LOG})),
    "one.log.gz": gzip.compress(LOG),
    "two.gz": gzip.compress(LOG) + gzip.compress(LOG),
    "deep.zip": samples.nested(3),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_people_attach_is_taken(name: str) -> None:
    look(name, GOOD[name])


BAD = {
    "program.pdf": b"MZ\x90\0" + bytes(100),
    "broken.pdf": samples.pdf()[:-8],
    "page.pdf": samples.pdf(samples.PAGE),
    "zipped.pdf": samples.pdf() + samples.zipped({"a.class": b"x"}) + b"%%EOF",
    "picture.jpg": samples.png(),
    "archived.jpg": samples.jpeg() + samples.zipped({"a": b"x"}),
    "page.jpg": samples.jpeg()[:30] + samples.PAGE,
    "vector.png": samples.SVG,
    "trailing.png": samples.png() + b"<?php system($_GET[0]);",
    "broken.png": samples.png()[:-4],
    "huge.png": samples.png(60_000, 60_000),
    "scripted.png": samples.png(extra=b"\0\0\0\x13tEXtx\0<script>alert(1)\0\0\0\0"),
    "gifar.gif": samples.gif() + samples.zipped({"a.class": b"x"}),
    "trailing.gif": samples.gif() + b"x",
    "script.gif": b"GIF89a/*\0\0\0*/=1;alert(1);",
    "vector.txt": samples.SVG,
    "commented.txt": b"  <!-- x -->\n" + samples.SVG,
    "declared.log": b'<?xml version="1.0"?>\n' + samples.SVG,
    "wide.txt": samples.PAGE.decode().encode("utf-16"),
    "marked.txt": b"\xef\xbb\xbf" + samples.PAGE,
    "binary.txt": b"MZ\x90\0" + bytes(100),
    "late.log": LOG + b"\0",
    "page.doc": samples.PAGE,
    "plain.docx": samples.zipped({"a.txt": b"a"}),
    "sheet.docx": samples.zipped({"[Content_Types].xml": b"", "xl/workbook.xml": b""}),
    "macros.docx": samples.docx(**{"vbaProject.bin": b"x"}),
    "climbing.zip": samples.zipped({"../../etc/passwd": b"x"}),
    "rooted.zip": samples.zipped({"/etc/passwd": b"x"}),
    "windows.zip": samples.zipped({"..\\x": b"x"}),
    "drive.zip": samples.zipped({"c:x": b"x"}),
    "encrypted.zip": samples.encrypted(),
    "lying.zip": samples.lying(LOG),
    "before.zip": b"MZ" + samples.zipped({"a": b"x"}),
    "behind.zip": samples.zipped({"a": b"x"}) + b"x",
    "crowded.zip": samples.many_entries(10_001),
    "torn.zip": samples.zipped({"a": LOG})[:-30],
    "packed.zip": samples.zipped({"a": LOG}, packing=14),
    "deeper.zip": samples.nested(4),
    "climbing.tar": samples.tape({"a/../../b": b"x"}),
    "linked.tar": samples.tape({"a": b""}, tarfile.SYMTYPE, "../../etc/passwd"),
    "device.tar": samples.tape({"a": b""}, tarfile.CHRTYPE),
    "behind.tar": samples.tape({"a": b"x"}) + b"x",
    "torn.tar": samples.tape({"a": LOG})[:2048],
    "plain.tar": LOG,
    "behind.gz": gzip.compress(LOG) + b"PK\x03\x04",
    "torn.gz": gzip.compress(LOG)[:-5],
    "plain.gz": LOG,
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_something_else_than_its_name_says_is_refused(name: str) -> None:
    with pytest.raises(Unfit):
        look(name, BAD[name])


# Made by whoever tests them: that takes seconds, and every worker collects all tests.
BOMBS: dict[str, Callable[[], bytes]] = {
    "bomb.zip": samples.bomb,
    "bomb.gz": samples.gzip_bomb,
    "inner.zip": lambda: samples.zipped({"inner.gz": samples.gzip_bomb()}),
    "inner.tar": lambda: samples.tape({"inner.zip": samples.bomb()}),
    "many.zip": lambda: samples.zipped({f"{each}": bytes(1024 * 1024) for each in range(100)}),
    "name.gz": lambda: samples.long_name_tape(1 << 33),
    "directory.zip": lambda: samples.many_entries(60_000),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_and_needs_next_to_no_memory(name: str) -> None:
    content = BOMBS[name]()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(Unfit):
        look(name, content)

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024


def test_another_length_or_digest_than_announced_is_refused() -> None:
    content = samples.pdf()
    digest = sha256(content).hexdigest()
    for length, wanted in [(len(content) + 1, digest), (len(content), "0" * 64)]:
        with pytest.raises(Unfit):
            inspect(io.BytesIO(content), name="a.pdf", size_bytes=length, digest=wanted, folder=None)


@pytest.mark.parametrize("name", [*GOOD, *BAD])
def test_bytes_cut_short_or_spoiled_anywhere_never_fail_in_another_way(name: str) -> None:
    content = {**BAD, **GOOD}[name][:4096]
    for step in range(0, len(content), max(1, len(content) // 40)):
        spoiled = content[:step] + bytes([content[step] ^ 0x55]) + content[step + 1 :]
        for wrong in (content[:step] or b"x", spoiled):
            try:
                look(name, wrong)
            except Unfit:
                continue
