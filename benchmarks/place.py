"""A database of the benchmark's own, gone when it is over."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.db.migrate import upgrade
from tests.cli.command import Workplace


@contextmanager
def workplace() -> Iterator[Workplace]:
    """Give a folder with an embedded server that keeps what it has acknowledged, as in production."""
    folder = Path(tempfile.mkdtemp(prefix="fg-benchmark-"))
    folder.chmod(0o711)
    place = Workplace(folder)
    place.server.start()
    try:
        upgrade(place.server.url())
        yield place
    finally:
        place.end()
        shutil.rmtree(folder)
