"""What an older platform offers to an import."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from app.db.legacy_source import Row
from app.legacy.report import Report


class Platform(StrEnum):
    """The older platforms whose rows are known here."""

    TICKETS = "tickets"
    ASSIGNMENTS = "assignments"
    DISPATCH = "dispatch"


@dataclass(frozen=True, slots=True, kw_only=True)
class OldEngineer:
    """Who was sent out, by the key that the platform used; None: it did not say."""

    key: str
    name: str | None = None
    tier_level: int = 1
    latitude: float | None = None
    longitude: float | None = None
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OldCustomer:
    """Whom somebody was sent to."""

    key: str
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OldTicket:
    """A ticket with the rows of its assignments, in the words of `service_tickets` and `engineer_assignments`.

    `kept` are columns to be written back as they were, should the import be rolled back. `stand_in`
    says why there is no row of a ticket behind it, None where there is one.
    """

    key: str
    row: Row
    turns: Sequence[Row] = ()
    customer: str | None = None
    kept: Mapping[str, Any] | None = None
    stand_in: str | None = None


class OldPlatform(Protocol):
    """Reads one platform's rows in the words that the import understands."""

    platform: Platform

    async def count(self) -> int:
        """Return how many tickets there are to come."""

    async def engineers(self) -> Sequence[OldEngineer]:
        """Return everybody who is named in an assignment, each once."""

    async def customers(self) -> Sequence[OldCustomer]:
        """Return everybody to whom somebody was sent, each once."""

    async def tiers(self) -> Mapping[int, str | None]:
        """Return the tiers in use, with their names where they have one."""

    async def numbers(self) -> Mapping[int, int]:
        """Return, by year, the greatest number of a ticket."""

    def batches(self, size: int, report: Report) -> AsyncIterator[Sequence[OldTicket]]:
        """Yield the tickets, so many at a time; rows that belong to none are told to the report."""
