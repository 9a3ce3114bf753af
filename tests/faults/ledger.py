"""What clients were promised: every request, and every answer that said it was done."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

# The row each mutation answers with, as the payload's field.
ROWS: Mapping[str, str] = MappingProxyType(
    {
        "createTicket": "ticket",
        "addComment": "comment",
        "assignTicket": "assignment",
        "acceptAssignment": "assignment",
        "rejectAssignment": "assignment",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One intention of one user. `marker` is unique, and stands in the row if the mutation takes text."""

    mutation: str
    user: str
    marker: str
    values: Mapping[str, Any]

    @property
    def key(self) -> str:
        """The idempotency key: every repeat has the same."""
        return f"key {self.marker}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """An answer that said: this is done. `row` is the global id of what was written."""

    request: Request
    change_id: str
    cursor: str
    row: str


@dataclass(slots=True)
class Ledger:
    """All that clients know at the end. `trouble` counts what made them ask again."""

    promises: list[Promise] = field(default_factory=list)
    trouble: Counter[str] = field(default_factory=Counter)
    refusals: list[str] = field(default_factory=list)
    sent: int = 0
