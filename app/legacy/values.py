"""Values of older platforms, made to fit: none of these raises."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any

from app.domain.validation import MOST_HOURS

_HIGHEST_TIER = 99


def text_of(value: Any) -> str | None:
    """Return a key as text, None where there is none."""
    text = "" if value is None else str(value).replace("\x00", "").strip()
    return text or None


def long_text(value: Any, longest: int) -> str | None:
    """Return a text without NUL and outer white space, cut where it is too long; None: nothing was said."""
    text = text_of(value)
    return None if text is None else text[:longest]


def word_of(value: Any) -> str:
    """Return a word as words are looked up."""
    return str(value or "").strip().lower()


def tier_of(value: Any) -> int:
    """Return a tier's level, 1 where nothing sensible was said."""
    text = str(value)
    level = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(_HIGHEST_TIER)) else 1
    return level if 1 <= level <= _HIGHEST_TIER else 1


def hours(value: Any) -> Decimal | None:
    """Return hours that fit their column, None for others."""
    return _decimal(value, MOST_HOURS)


def money(value: Any, most: Decimal) -> Decimal | None:
    """Return an amount that fits its column, None for others."""
    return _decimal(value, most)


def place_of(latitude: Any, longitude: Any) -> tuple[float | None, float | None]:
    """Return a place's latitude and longitude, or neither where they are no place."""
    try:
        north, east = float(latitude), float(longitude)
    except (TypeError, ValueError):
        return None, None
    return (north, east) if abs(north) <= 90 and abs(east) <= 180 else (None, None)  # degrees


def kilometres(value: Any) -> float | None:
    """Return a distance, None for what is none."""
    try:
        distance = float(value)
    except (TypeError, ValueError):
        return None
    return distance if isfinite(distance) and distance >= 0 else None


def moments_as_text(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, int | str) else str(value)


def _decimal(value: Any, most: Decimal) -> Decimal | None:
    try:
        amount = None if value is None else Decimal(str(value)).quantize(Decimal("0.01"))
    except InvalidOperation:
        return None
    return amount if amount is not None and amount.is_finite() and 0 <= amount <= most else None
