"""Checks of values that clients send: each returns the clean value or says what would be right."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import available_timezones

import orjson

from app.domain.refusals import Invalid

LONGEST_TITLE = 200
LONGEST_TEXT = 20_000
LONGEST_REASON = 2_000
LONGEST_TAG = 50
MOST_TAGS = 20
MOST_CUSTOM_BYTES = 16_384
MOST_HOURS = Decimal("999.99")
MOST_MONEY = Decimal("9999999999.99")
_CENT = Decimal("0.01")
# The driver has the database keep these as infinity, which is read as no day at all.
_UNBOUNDED_DAYS = frozenset({date.min, date.max})
# They lie beside the zones on many machines and name no place; the database does not know the first.
_NO_ZONES = frozenset({"localtime", "Factory"})


def text(value: str, field: str, *, longest: int) -> str:
    """Return the text without outer white space; it must have 1 to `longest` characters."""
    clean = value.strip()
    if not clean:
        raise Invalid(field=(field,), problem=f"{field} must not be blank.")
    return _fitting(clean, field, longest)


def optional_text(value: str | None, field: str, *, longest: int = LONGEST_TEXT) -> str | None:
    """Return the text without outer white space, None when nothing is left."""
    if value is None or not value.strip():
        return None
    return _fitting(value.strip(), field, longest)


def tags(values: Sequence[str], field: str = "tags") -> tuple[str, ...]:
    """Return the tags, cleaned, each once, in the order given."""
    if len(values) > MOST_TAGS:
        raise Invalid(field=(field,), problem=f"A ticket has at most {MOST_TAGS} tags.")
    return tuple(dict.fromkeys(text(each, field, longest=LONGEST_TAG) for each in values))


def custom_fields(value: Mapping[str, Any] | None, field: str = "customFields") -> Mapping[str, Any] | None:
    """Return the object as it is; it must be a JSON object of at most 16 KiB, its numbers of at most 64 bits."""
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise Invalid(field=(field,), problem=f"{field} must be a JSON object.")
    try:
        spelled = orjson.dumps(value)
    except (TypeError, orjson.JSONEncodeError) as error:
        raise Invalid(field=(field,), problem=f"{field} cannot be written as JSON.") from error
    # JSON has no word for infinity: it would be stored as something else.
    if orjson.loads(spelled) != value:
        raise Invalid(field=(field,), problem=f"{field} cannot be written as JSON.")
    if len(spelled) > MOST_CUSTOM_BYTES:
        raise Invalid(field=(field,), problem=f"{field} must not exceed {MOST_CUSTOM_BYTES} bytes of JSON.")
    if b"\\u0000" in spelled:
        raise Invalid(field=(field,), problem=f"{field} must not contain the NUL character.")
    return value


def point(latitude: float, longitude: float, *path: str) -> tuple[float, float]:
    """Return the point in degrees; latitude -90 to 90, longitude -180 to 180. `path` leads to it, else location."""
    where = path or ("location",)
    if not -90 <= latitude <= 90:
        raise Invalid(field=(*where, "lat"), problem="lat must lie between -90 and 90.")
    if not -180 <= longitude <= 180:
        raise Invalid(field=(*where, "lon"), problem="lon must lie between -180 and 180.")
    return latitude, longitude


def hours(value: Decimal, field: str = "timeSpentHours") -> Decimal:
    """Return hours rounded to hundredths; 0 to 999.99."""
    if not value.is_finite() or not 0 <= value <= MOST_HOURS:
        raise Invalid(field=(field,), problem=f"{field} must lie between 0 and {MOST_HOURS}.")
    return value.quantize(_CENT)


def number(value: int, field: tuple[str, ...], *, least: int, most: int) -> int:
    """Return the number; it must lie between `least` and `most`."""
    if not least <= value <= most:
        raise Invalid(field=field, problem=f"{field[-1]} must lie between {least} and {most}.")
    return value


def money(value: Decimal, field: tuple[str, ...]) -> Decimal:
    """Return an amount with at most two decimals, 0 to 9,999,999,999.99."""
    if not value.is_finite() or not 0 <= value < Decimal(10**10):
        raise Invalid(field=field, problem=f"{field[-1]} must lie between 0 and 9999999999.99.")
    if value != value.quantize(_CENT):
        raise Invalid(field=field, problem=f"{field[-1]} must have at most two decimals.")
    return value.quantize(_CENT)


def _fitting(clean: str, field: str, longest: int) -> str:
    if len(clean) > longest:
        raise Invalid(field=(field,), problem=f"{field} must not exceed {longest} characters.")
    if "\x00" in clean:
        raise Invalid(field=(field,), problem=f"{field} must not contain the NUL character.")
    return clean


def zone(value: str, field: str = "timeZone") -> str:
    """Return the name of a time zone that the IANA database has."""
    if not is_zone(value):
        raise Invalid(field=(field,), problem=f"{field} must be an IANA time zone, such as Europe/Amsterdam.")
    return value


def is_zone(value: str) -> bool:
    """Tell whether the IANA database has a time zone of this name."""
    return value in _zones()


def is_day(value: date) -> bool:
    """Tell whether the database keeps the day as it is: from 0001-01-02 to 9999-12-30."""
    return value not in _UNBOUNDED_DAYS


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) - _NO_ZONES
