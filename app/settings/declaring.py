"""What every setting says of itself, for documents and for messages."""

import unicodedata
from typing import Any

from pydantic import ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

_ANYTHING = "anything"
_LONGEST_SHOWN = 100
# Control characters, and what stands for bytes that are no UTF-8.
_NO_TEXT = frozenset({"Cc", "Cs"})


class SettingsError(Exception):
    """The settings cannot be used; the text names each wrong one and what would be right."""


class Group(BaseSettings):
    """Some of the settings; a field's name in capitals is its name in the environment."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore", frozen=True
    )

    @field_validator("*", mode="before")
    @classmethod
    def _legible(cls, value: Any, of: ValidationInfo) -> Any:
        """Drop blanks around a value; refuse one that nobody can have meant."""
        field = cls.model_fields[str(of.field_name)]
        if not isinstance(value, str) or accepted(field) == _ANYTHING:
            return value
        if not value.strip():
            raise ValueError("it is blank")
        if any(unicodedata.category(character) in _NO_TEXT for character in value):
            raise ValueError("it holds a line break, or another character that is none of a text")
        # A password may begin with one.
        return value if is_secret(field) else value.strip()


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


def shown(value: str) -> str:
    """Return a value on one line, and no more of it than tells which it is."""
    short = value if len(value) <= _LONGEST_SHOWN else f"{value[:_LONGEST_SHOWN]}…"
    return short if short.isprintable() and short == short.strip() else repr(short)


def _extra(field: FieldInfo) -> dict[str, Any]:
    extra = field.json_schema_extra
    if not isinstance(extra, dict):
        raise TypeError("every setting says what it accepts")
    return dict(extra)
