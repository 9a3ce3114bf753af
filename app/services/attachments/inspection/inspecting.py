"""Looking at a whole file: its length, its SHA-256, its kind."""

from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from app.domain.files import KINDS, extension_of
from app.services.attachments.inspection import shapes
from app.services.attachments.inspection.archives import Unpacking, pieces_of
from app.services.attachments.inspection.budget import Budget
from app.services.attachments.inspection.refusals import Unfit


def inspect(file: BinaryIO, *, name: str, size_bytes: int, digest: str, folder: Path | None) -> None:
    """Refuse bytes that are not the file that was announced. Takes as long as reading it; needs little memory.

    `folder` is for archives within archives.

    Raises:
        Unfit: its length, its SHA-256 or its kind is another, or it must not be unpacked.
    """
    found, length = sha256(), 0
    for piece in pieces_of(file):
        found.update(piece)
        length += len(piece)
    if length != size_bytes:
        raise Unfit(f"{length} bytes came, and {size_bytes} were announced.")
    if found.hexdigest() != digest:
        raise Unfit("The bytes that came have another SHA-256 than was announced.")
    shapes.check(file, length, KINDS[extension_of(name)], Unpacking(Budget(length), folder))
