"""What the addresses of tables ask for."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson

from app.domain.refusals import Invalid
from app.reads.exporting import Wanted
from schema.build import schema
from schema.sheets.filters import LONGEST_JSON, wanted_of

_MOST_PARAMETERS = 20
_WORDS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """Which tickets, and whether the file begins with a byte order mark, as some spreadsheets need it."""

    wanted: Wanted
    begins_with_mark: bool


def export_of(query_string: bytes) -> Export:
    """Return what an export's parameters ask for: filter and orderBy as JSON, search, bom.

    Raises:
        Invalid: a parameter is unknown, comes twice, or is not what it should be.
    """
    given = parameters_of(query_string, ("filter", "orderBy", "search", "bom"))
    wanted = wanted_of(schema(), _json(given, "filter"), _json(given, "orderBy"), given.get("search"))
    return Export(wanted=wanted, begins_with_mark=switch_of(given, "bom"))


def begins_with_mark(query_string: bytes) -> bool:
    """Return whether an export of a whole list begins with a byte order mark. Raises Invalid."""
    return switch_of(parameters_of(query_string, ("bom",)), "bom")


def parameters_of(query_string: bytes, known: Collection[str]) -> Mapping[str, str]:
    """Return the parameters of an address by their names. Raises Invalid."""
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(query_string),
            errors="strict",
            max_num_fields=_MOST_PARAMETERS,
        )
    except ValueError as error:
        raise Invalid(field=(), problem="The address's parameters are not name=value pairs of UTF-8.") from error
    given: dict[str, str] = {}
    for name, value in pairs:
        if name not in known:
            raise Invalid(field=(name[:50],), problem=f"There is no such parameter; there are {', '.join(known)}.")
        if name in given:
            raise Invalid(field=(name,), problem=f"{name} must be given once.")
        given[name] = value
    return given


def switch_of(given: Mapping[str, str], name: str) -> bool:
    """Return a parameter that is true or false, false where it is left out. Raises Invalid."""
    value = _WORDS.get(given.get(name, "false"))
    if value is None:
        raise Invalid(field=(name,), problem=f"{name} must be true or false.")
    return value


def _json(given: Mapping[str, str], name: str) -> Any:
    text = given.get(name)
    if text is None or not text.strip():
        return None
    if len(text) > LONGEST_JSON:
        raise Invalid(field=(name,), problem=f"{name} must not exceed {LONGEST_JSON} characters.")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Invalid(field=(name,), problem=f"{name} must be JSON, as the query tickets takes it.") from error
