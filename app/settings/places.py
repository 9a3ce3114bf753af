"""Folders and files that settings name; what the system cannot even look at is not there."""

import re
from pathlib import Path
from stat import S_ISDIR

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")


def existing_folder(path: Path) -> Path:
    """Return a folder that is there. Raises ValueError."""
    if not _is_folder(path):
        raise ValueError("there is no such folder")
    return path


def existing(path: Path) -> Path:
    """Return a folder or file that is there. Raises ValueError."""
    if _is_folder(path) is None:
        raise ValueError("there is no such folder or file")
    return path


def folder_to_be(path: Path) -> Path:
    """Return a folder that is there or can be made. Raises ValueError."""
    if _ADDRESS.match(str(path)):
        raise ValueError("it is an address")
    if _is_folder(path) is False:
        raise ValueError("there is a file of that name")
    return path


def _is_folder(path: Path) -> bool | None:
    """Tell whether it is a folder; None where nothing is there."""
    try:
        return S_ISDIR(path.stat().st_mode)
    except OSError:
        return None
