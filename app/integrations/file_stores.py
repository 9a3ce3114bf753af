"""Which store keeps files: the driver of object stores is loaded only where one is set."""

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import cast

from app.services.attachments.files import FileStore
from app.tracing.traces import UNTRACED, Traces

_MODULE = "app.integrations.object_files"


class StorageDriverMissing(Exception):
    """STORAGE_URL names an object store whose driver is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "STORAGE_URL is set, and the driver of object stores is not installed: "
            "install fieldgraph[storage], or unset STORAGE_URL."
        )


def store_at(url: str, folder: Path, traces: Traces = UNTRACED) -> FileStore:
    """Return the object store at an address that the settings have checked.

    Raises:
        StorageDriverMissing: its package is not installed.
    """
    return cast("FileStore", _module().open_store(url, folder, traces))


async def try_out(url: str) -> None:
    """Write a small object to the store at an address, and erase it.

    Raises:
        StorageDriverMissing: its package is not installed.
        StoreFailed: it cannot be reached, or refuses us.
    """
    await _module().try_out(url)


def _module() -> ModuleType:
    try:
        return import_module(_MODULE)
    except ImportError as missing:
        raise StorageDriverMissing from missing
