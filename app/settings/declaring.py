"""What every setting says of itself, for documents and for messages."""

from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

YES_OR_NO = "true or false"


class SettingsError(Exception):
    """The settings cannot be used; the text names each wrong one and what would be right."""


class Group(BaseSettings):
    """Some of the settings; a field's name in capitals is its name in the environment."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore", frozen=True
    )


def accepts(text: str, *, secret: bool = False) -> dict[str, Any]:
    """Say what values a field takes, and whether they must not be shown."""
    return {"accepts": text, "secret": secret}


def env_name(field: str) -> str:
    """Return the name that a field of `Settings` has in the environment."""
    return field.upper()


def accepted(field: FieldInfo) -> str:
    """Return what values a field takes, in words."""
    return str(_extra(field)["accepts"])


def is_secret(field: FieldInfo) -> bool:
    """Tell whether a field's value must not be shown."""
    return bool(_extra(field)["secret"])


def _extra(field: FieldInfo) -> dict[str, Any]:
    extra = field.json_schema_extra
    if not isinstance(extra, dict):
        raise TypeError("every setting says what it accepts")
    return dict(extra)
