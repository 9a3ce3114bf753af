"""The time, asked for only where a process is composed; everything below takes it as an argument."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present moment, aware and in UTC."""
    return datetime.now(UTC)
