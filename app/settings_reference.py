"""The settings as documents: the table of docs/settings.md and the file .env.example."""

from textwrap import wrap

from pydantic.fields import FieldInfo

from app.settings import Settings, accepted, env_name, is_secret

_TABLE_HEAD = """\
# Settings

Read from the environment and from a file `.env` in the working directory; the environment wins. An
empty variable counts as unset; blanks around a value do not count, except in secrets. A wrong value,
or two that contradict each other, stop the start with a message that names the setting.
This page is made by `fieldgraph settings`.

| Setting | Default | Accepts | What it does |
|---|---|---|---|
"""
_EXAMPLE_HEAD = """\
# Every setting with its default. Copy to `.env` and uncomment what you change.
# Made by `fieldgraph settings --env`; docs/settings.md says the same as a table.
"""


def settings_page() -> str:
    """Return docs/settings.md."""
    rows = (
        f"| `{env_name(name)}` | {_code(_default(field))} | {accepted(field)} | {field.description} |\n"
        for name, field in Settings.model_fields.items()
    )
    return _TABLE_HEAD + "".join(rows)


def env_example() -> str:
    """Return .env.example: each setting commented out, below what it does."""
    return _EXAMPLE_HEAD + "".join(_entry(name, field) for name, field in Settings.model_fields.items())


def _entry(name: str, field: FieldInfo) -> str:
    secret = " Keep it secret." if is_secret(field) else ""
    words = f"{field.description} Accepts {accepted(field)}.{secret}"
    comment = "".join(f"# {line}\n" for line in wrap(words, 98, break_on_hyphens=False))
    return f"\n{comment}#{env_name(name)}={_default(field)}\n"


def _default(field: FieldInfo) -> str:
    # A default that is computed differs by installation, so the documents leave it open.
    value = field.default if field.default_factory is None else None
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value)


def _code(text: str) -> str:
    return f"`{text}`" if text else "unset"
