"""Technicians' own calendars, which appointments are written into."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class CalendarProvider(StrEnum):
    """Whose calendars can be written into."""

    GOOGLE = "GOOGLE"
    MICROSOFT = "MICROSOFT"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarApplication:
    """As what a provider knows us, where its calendars are, and where its grants are exchanged."""

    url: str
    token_url: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarConnection:
    """A technician's leave to write into a calendar of theirs; every field is a column of the same name.

    Without a `sealed_token` it was given up; `broken_because` says why the provider honours it no longer.
    """

    organization_id: UUID
    technician_id: UUID
    provider: CalendarProvider
    calendar_id: str
    sealed_token: bytes | None = field(repr=False)
    broken_because: str | None = None
    created_at: datetime
    updated_at: datetime
    version: int = 1
