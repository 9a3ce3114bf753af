"""Counts the SQL statements of requests that are served in this process."""

from typing import Any

from app.logs import current_request_id


class Statements:
    """The SQL statements of each request that is served in this process, by the request's id."""

    def __init__(self) -> None:
        self._of: dict[str, list[str]] = {}

    def note(self, *told: Any) -> None:
        """Take one statement down, as SQLAlchemy tells it before it is executed."""
        request_id = current_request_id()
        if request_id is not None:
            self._of.setdefault(request_id, []).append(told[2])

    def of(self, request_id: str) -> list[str]:
        """Return the statements of a request, which must have some."""
        return self._of[request_id]
