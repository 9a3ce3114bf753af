"""What files may be attached, where they are kept, and who looks at them."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from app.domain.files import KINDS, FileLimits
from app.settings.addresses import parts_of, web_address
from app.settings.declaring import Group, accepts
from app.settings.places import folder_to_be

_EXTENSIONS = ("pdf", "doc", "docx", "txt", "jpg", "jpeg", "png", "gif", "zip", "tar", "gz", "log")
_STORES = frozenset({"s3", "gs", "az"})
_MEGABYTE = 1024 * 1024


class FileSettings(Group):
    """What files may be attached, where they are kept, and who looks at them."""

    max_file_size_mb: int = Field(
        50,
        ge=1,
        le=2000,
        description="Largest file that may be attached, in units of 1,048,576 bytes.",
        json_schema_extra=accepts("a number from 1 to 2000"),
    )
    allowed_file_extensions: Annotated[tuple[str, ...], NoDecode] = Field(
        _EXTENSIONS,
        description="How the names of attached files may end.",
        json_schema_extra=accepts(f"one or more, comma separated, of {', '.join(KINDS)}"),
    )
    upload_dir: Path | None = Field(
        None,
        description="Folder for attached files, the same for all servers and workers, and for what is being checked"
        " of those in an object store. `uploads` in FIELDGRAPH_HOME where unset.",
        json_schema_extra=accepts("a path"),
    )
    storage_url: str | None = Field(
        None,
        repr=False,
        description="Object store for attached files, in place of UPLOAD_DIR; its credentials come from the"
        " environment, as its own tools take them. Needs fieldgraph[storage].",
        json_schema_extra=accepts(
            "an address such as s3://bucket/folder, gs://bucket or az://container/folder", secret=True
        ),
    )
    clamd_url: str | None = Field(
        None,
        description="Where clamd looks at attached files for malware. Nobody may download a file before; where unset,"
        " none is looked at.",
        json_schema_extra=accepts("an address such as tcp://host:3310 or unix:///run/clamav/clamd.ctl"),
    )
    public_url: str | None = Field(
        None,
        description="What clients reach the server by, where addresses of files must be whole. Without it they begin"
        " with / and are meant on the server that gave them out.",
        json_schema_extra=accepts("an address that begins with https:// or http://"),
    )

    @property
    def file_limits(self) -> FileLimits:
        """How large a file may be, and how its name may end."""
        return FileLimits(max_bytes=self.max_file_size_mb * _MEGABYTE, extensions=self.allowed_file_extensions)

    @field_validator("allowed_file_extensions", mode="before")
    @classmethod
    def _extensions_by_commas(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(name for part in value.split(",") if (name := part.strip().lstrip(".").lower()))
        return value

    @field_validator("allowed_file_extensions")
    @classmethod
    def _only_what_can_be_checked(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or set(value) - set(KINDS):
            raise ValueError("not on the list")
        return value

    @field_validator("storage_url")
    @classmethod
    def _store_address(cls, value: str | None) -> str | None:
        if value is not None:
            parts = parts_of(value)
            if parts.scheme not in _STORES or not parts.hostname or parts.port is not None:
                raise ValueError("not the address of a store")
            if parts.username is not None or parts.query or parts.fragment:
                raise ValueError("credentials and options belong into the environment")
        return value

    @field_validator("clamd_url")
    @classmethod
    def _scanner_address(cls, value: str | None) -> str | None:
        if value is not None:
            parts = parts_of(value)
            whole = (parts.scheme == "tcp" and parts.hostname and parts.port) or (
                parts.scheme == "unix" and not parts.netloc and len(parts.path) > 1
            )
            if not whole:
                raise ValueError("not the address of a scanner")
        return value

    @field_validator("public_url")
    @classmethod
    def _public_address(cls, value: str | None) -> str | None:
        return None if value is None else web_address(value, bare=True).rstrip("/")

    @field_validator("upload_dir")
    @classmethod
    def _folder_of_files(cls, value: Path | None) -> Path | None:
        return None if value is None else folder_to_be(value)
