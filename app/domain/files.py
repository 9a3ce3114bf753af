"""Files that people attach: which kinds are taken, what their names may be, and who may have them."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from app.domain.refusals import FileRejected, Invalid

LONGEST_NAME = 200
_LONGEST_EXTENSION = 10
_NAME_AT_MOST_BYTES = 240
_SHA256 = re.compile(r"[0-9a-f]{64}")
# What some system takes for a path, a stream, a wildcard or a quotation.
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|clock\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?")


class ScanState(StrEnum):
    """What is known of malware in a file."""

    PENDING = "PENDING"
    CLEAN = "CLEAN"
    INFECTED = "INFECTED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"


# Files in these states may be downloaded.
READABLE = frozenset({ScanState.CLEAN, ScanState.SKIPPED})


class Shape(StrEnum):
    """How the bytes of a file are arranged."""

    PDF = "PDF"
    OLE = "OLE"
    OFFICE = "OFFICE"
    TEXT = "TEXT"
    JPEG = "JPEG"
    PNG = "PNG"
    GIF = "GIF"
    ZIP = "ZIP"
    TAR = "TAR"
    GZIP = "GZIP"


@dataclass(frozen=True, slots=True)
class Kind:
    """What an extension promises: the media type, the shape, and within an office file where its main part is."""

    media_type: str
    shape: Shape
    part: str = ""


_OFFICE = "application/vnd.openxmlformats-officedocument."
# Every extension that can be checked; a setting chooses among them.
KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "pdf": Kind("application/pdf", Shape.PDF),
        "doc": Kind("application/msword", Shape.OLE),
        "docx": Kind(f"{_OFFICE}wordprocessingml.document", Shape.OFFICE, "word/"),
        "xlsx": Kind(f"{_OFFICE}spreadsheetml.sheet", Shape.OFFICE, "xl/"),
        "pptx": Kind(f"{_OFFICE}presentationml.presentation", Shape.OFFICE, "ppt/"),
        "txt": Kind("text/plain", Shape.TEXT),
        "log": Kind("text/plain", Shape.TEXT),
        "csv": Kind("text/csv", Shape.TEXT),
        "jpg": Kind("image/jpeg", Shape.JPEG),
        "jpeg": Kind("image/jpeg", Shape.JPEG),
        "png": Kind("image/png", Shape.PNG),
        "gif": Kind("image/gif", Shape.GIF),
        "zip": Kind("application/zip", Shape.ZIP),
        "tar": Kind("application/x-tar", Shape.TAR),
        "gz": Kind("application/gzip", Shape.GZIP),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimits:
    """How large a file may be, and how its name may end."""

    max_bytes: int
    extensions: tuple[str, ...]


def rejected(limits: FileLimits, problem: str, field: str | None = None) -> FileRejected:
    """Return the refusal of a file, with what would be taken."""
    path = None if field is None else (field,)
    return FileRejected(field=path, problem=problem, max_bytes=limits.max_bytes, allowed_extensions=limits.extensions)


def clean_name(name: str, field: str = "fileName") -> str:
    """Return a file's name as every system can keep it: no path, nothing invisible, nothing reserved.

    Raises:
        Invalid: nothing is left of it, or it is too long.
    """
    composed = unicodedata.normalize("NFC", name)
    last = re.split(r"[/\\]", composed)[-1]
    # Control characters, and what turns the direction of writing or has no width: names must be what they seem.
    seen = "".join(
        each for each in last if unicodedata.category(each) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    )
    plain = _FORBIDDEN.sub("_", seen).strip(" .")
    if not plain:
        raise Invalid(field=(field,), problem=f"{field} must be the name of a file.")
    if _RESERVED.fullmatch(plain):
        plain = f"_{plain}"
    if len(plain) > LONGEST_NAME or len(plain.encode()) > _NAME_AT_MOST_BYTES:
        raise Invalid(field=(field,), problem=f"{field} must not exceed {LONGEST_NAME} characters.")
    return plain


def extension_of(name: str) -> str:
    """Return what stands behind the last dot of a clean name, in small letters; empty where there is none."""
    stem, dot, extension = name.rpartition(".")
    return extension.lower() if dot and stem and len(extension) <= _LONGEST_EXTENSION else ""


def announced(name: str, size_bytes: int, limits: FileLimits) -> str:
    """Return the clean name of a file that somebody wants to upload.

    Raises:
        Invalid: it has no usable name, or no bytes.
        FileRejected: it is too large, or its extension is not among those that are taken.
    """
    clean = clean_name(name)
    if extension_of(clean) not in limits.extensions:
        raise rejected(limits, f"The name must end in one of: {', '.join(limits.extensions)}.", "fileName")
    if size_bytes < 1:
        raise Invalid(field=("sizeBytes",), problem="sizeBytes must be at least 1.")
    if size_bytes > limits.max_bytes:
        raise rejected(limits, f"A file must not exceed {limits.max_bytes} bytes.", "sizeBytes")
    return clean


def digest(value: str, field: str = "sha256") -> str:
    """Return a SHA-256 as 64 small hexadecimal digits. Raises Invalid."""
    lower = value.strip().lower()
    if not _SHA256.fullmatch(lower):
        raise Invalid(field=(field,), problem=f"{field} must be 64 hexadecimal digits.")
    return lower
