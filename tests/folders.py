"""Folders for the data of PostgreSQL servers: in memory, where there is room.

Every database is some 500 files. ext4 gives a new file no place that another has left a moment before, and
looks for a long time for one: where databases come and go, half a second for each.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - nothing is put there but what mkdtemp makes
# For what all workers have at a time, and for what each server keeps of its log.
_ROOM_BYTES = 3 * 1024**3


def new_folder(prefix: str) -> Path:
    """Make a folder whose name begins so, which others cannot list; whoever asks removes it."""
    roomy = os.access(_MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(_MEMORY).free >= _ROOM_BYTES
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=_MEMORY if roomy else None))
    # Root's servers run as another user, who has to get through.
    folder.chmod(0o711)
    return folder


def folders(prefix: str) -> Iterator[Path]:
    """Give all folders whose names begin so, those of others too."""
    for place in {_MEMORY, Path(tempfile.gettempdir())}:
        yield from place.glob(f"{prefix}*")
