"""What the short steps of an appointment are given."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentAction:
    """Which appointment; `note` is said on its ticket besides, internally by staff."""

    appointment_id: UUID
    note: str | None = None
    expected_version: int | None = None
    idempotency_key: str | None = None
