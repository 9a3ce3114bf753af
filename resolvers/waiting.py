"""Who waits for a time."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson


def windows_of(entry: Any) -> Iterator[tuple[datetime, datetime]]:
    """Yield the times that would suit somebody who waits."""
    # A row's documents come as the text that answers show, in a class of its own.
    for start, end in orjson.loads(str(entry.windows)):
        yield datetime.fromisoformat(start), datetime.fromisoformat(end)
