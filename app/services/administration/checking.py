"""Checks of what is said of rows: each returns the clean value, or raises Invalid that names the field."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from app.domain import validation
from app.domain.refusals import Invalid
from app.services.administration.saying import Check, Row, Said, camel

LONGEST_NAME = 100
_CURRENCY = re.compile("[A-Z]{3}")


def words(name: str, *, longest: int = LONGEST_NAME) -> Said:
    """Return a field of 1 to `longest` characters that must be there."""
    return Said(name=name, needed=True, check=partial(validation.text, field=camel(name), longest=longest))


def optional_words(name: str, *, longest: int = LONGEST_NAME) -> Said:
    """Return a field of 1 to `longest` characters; blank is null."""
    return Said(name=name, check=partial(validation.optional_text, field=camel(name), longest=longest))


def number(name: str, *, least: int, most: int, needed: bool = False) -> Said:
    """Return a whole number between `least` and `most`."""
    return Said(name=name, needed=needed, check=_whole((camel(name),), least, most))


def amount(name: str, *path: str) -> Said:
    """Return an amount of money; `path` leads to it in the input."""
    return Said(name=name, check=partial(validation.money, field=path))


def currency(*path: str) -> Said:
    """Return the code of a currency; `path` leads to it in the input."""

    def check(value: str) -> str:
        if not _CURRENCY.fullmatch(value):
            raise Invalid(field=path, problem="currency must be three capital letters, such as EUR.")
        return value

    return Said(name="currency", needed=True, check=check)


def zone(name: str = "time_zone") -> Said:
    """Return a time zone by its IANA name."""
    return Said(name=name, needed=True, check=partial(validation.zone, field=camel(name)))


def place() -> tuple[Said, Said]:
    """Return the two columns of a place, which its input gives together."""

    def latitude(value: float) -> float:
        return validation.point(value, 0.0)[0]

    def longitude(value: float) -> float:
        return validation.point(0.0, value)[1]

    return Said(name="latitude", check=latitude), Said(name="longitude", check=longitude)


def at_most(name: str, entries: Sequence[Row], most: int, key: str) -> tuple[Row, ...]:
    """Return a list of at most so many entries, no two of which have the same `key`."""
    if len(entries) > most:
        raise Invalid(field=(name,), problem=f"{name} has at most {most} entries.")
    if len({entry[key] for entry in entries}) != len(entries):
        raise Invalid(field=(name,), problem=f"{name} must name each one once.")
    return tuple(entries)


def only(name: str, column: str, *, most: int) -> Callable[[Any], tuple[Row, ...]]:
    """Return the check of a list of keys, each the `column` of an entry."""

    def check(keys: Sequence[Any]) -> tuple[Row, ...]:
        return at_most(name, [{column: each} for each in keys], most, column)

    return check


def _whole(path: tuple[str, ...], least: int, most: int) -> Check:
    return lambda value: validation.number(value, path, least=least, most=most)
