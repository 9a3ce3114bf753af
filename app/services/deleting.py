"""What all deletions ask for."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """Which row."""

    id: UUID
    expected_version: int | None = None
    idempotency_key: str | None = None
