"""The real clamd with one signature of our own: `make test-clamd` runs this, where clamd is installed."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.domain.files import ScanState
from app.integrations.clamd import Clamd
from app.services.attachments.files import ScannerFailed
from tests.cli.command import free_port
from tests.files import samples

_STARTED_SECONDS = 60
_LONGEST = 1024 * 1024
_SIGNATURE = "Fieldgraph.Test:0:*:" + samples.EICAR.hex() + "\n"


async def pieces(content: bytes, size: int = 65536) -> AsyncIterator[bytes]:
    for at in range(0, len(content), size):
        yield content[at : at + size]


@pytest.fixture(scope="module")
def folder() -> Path:
    """A folder with a configuration and one signature."""
    place = Path(tempfile.mkdtemp(prefix="fg-clamd-"))
    (place / "database").mkdir()
    (place / "database" / "test.ndb").write_text(_SIGNATURE)
    return place


@pytest.fixture(params=["tcp", "unix"])
async def clamd(folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """A clamd that listens as is asked for; the value is its address."""
    program = shutil.which("clamd") or "/usr/sbin/clamd"
    port, path = free_port(), folder / "clamd.ctl"
    way = f"TCPSocket {port}\nTCPAddr 127.0.0.1" if request.param == "tcp" else f"LocalSocket {path}"
    config = folder / "clamd.conf"
    config.write_text(
        f"{way}\nDatabaseDirectory {folder / 'database'}\nForeground yes\nStreamMaxLength {_LONGEST}\nUser {_user()}\n"
    )
    process = await asyncio.create_subprocess_exec(
        program, "--config-file", str(config), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    url = f"tcp://127.0.0.1:{port}" if request.param == "tcp" else f"unix://{path}"
    try:
        async with asyncio.timeout(_STARTED_SECONDS):
            while not await _answers(url):
                assert process.returncode is None, "clamd ended before it answered"
                await asyncio.sleep(0.2)
        yield url
    finally:
        process.kill()
        await process.wait()
        path.unlink(missing_ok=True)


def _user() -> str:
    return os.environ.get("USER") or "root"


async def _answers(url: str) -> bool:
    try:
        await Clamd(url).scan(pieces(b"x"))
    except ScannerFailed:
        return False
    return True


async def test_the_real_clamd_says_what_ours_says(clamd: str) -> None:
    scanner = Clamd(clamd)

    clean = await scanner.scan(pieces(b"All is well.\n" * 10_000))
    found = await scanner.scan(pieces(b"x" * 100_000 + samples.EICAR))
    packed = await scanner.scan(pieces(samples.zipped({"a.txt": samples.EICAR})))

    assert clean.state is ScanState.CLEAN
    assert (found.state, packed.state) == (ScanState.INFECTED, ScanState.INFECTED)
    assert "Fieldgraph.Test" in str(found.finding)
    with pytest.raises(ScannerFailed, match="size limit"):
        await scanner.scan(pieces(b"x" * (2 * _LONGEST)))
