"""The dispatcher of `customers`, `technicians` and `assignments`, which sent people without tickets."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta

from app.db.legacy_source import LegacySource, LegacyTable, Row
from app.legacy.platforms import OldCustomer, OldEngineer, OldTicket, Platform
from app.legacy.report import Report
from app.legacy.values import place_of, text_of

_OPEN_FOR = timedelta(days=1)
_COLUMNS = {"id", "cust_id", "tech_id", "distance_km", "assigned_at"}


class DispatchService:
    """Reads visits. Nobody ever said whether one was made: those of the last day count as still to be made."""

    platform = Platform.DISPATCH

    def __init__(
        self, visits: LegacyTable, technicians: LegacyTable | None, customers: LegacyTable | None, now: datetime
    ) -> None:
        self._visits = visits
        self._technicians = technicians
        self._customers = customers
        self._now = now

    @classmethod
    def within(cls, source: LegacySource, now: datetime) -> "DispatchService | None":
        """Return the platform if its tables are there."""
        visits = source.table("assignments", "id", "cust_id", "tech_id")
        if visits is None:
            return None
        return cls(visits, source.table("technicians", "technicianid"), source.table("customers", "customerid"), now)

    async def count(self) -> int:
        """Return how many visits there are."""
        return await self._visits.count()

    async def engineers(self) -> Sequence[OldEngineer]:
        """Return all technicians, those who were sent and are gone included."""
        rows = [] if self._technicians is None else await self._technicians.rows()
        found = {}
        for row in rows:
            key = str(row["technicianid"])
            latitude, longitude = place_of(row.get("latitude"), row.get("longitude"))
            active = row.get("is_active") is not False
            found[key] = OldEngineer(key=key, active=active, latitude=latitude, longitude=longitude)
        for row in await self._visits.greatest("tech_id"):
            found.setdefault(row["key"], OldEngineer(key=row["key"], active=False))
        return list(found.values())

    async def customers(self) -> Sequence[OldCustomer]:
        """Return all customers, those who are gone included."""
        rows = [] if self._customers is None else await self._customers.rows()
        found = {}
        for row in rows:
            key = str(row["customerid"])
            latitude, longitude = place_of(row.get("latitude"), row.get("longitude"))
            found[key] = OldCustomer(key=key, latitude=latitude, longitude=longitude)
        for row in await self._visits.greatest("cust_id"):
            found.setdefault(row["key"], OldCustomer(key=row["key"]))
        return list(found.values())

    async def tiers(self) -> Mapping[int, str | None]:
        """Return the one tier there was."""
        return {1: None}

    async def numbers(self) -> Mapping[int, int]:
        """Return none: visits had no numbers of tickets."""
        return {}

    async def batches(self, size: int, report: Report) -> AsyncIterator[Sequence[OldTicket]]:
        """Yield a ticket for each visit."""
        report.ignore("assignments", self._visits.columns - _COLUMNS)
        async for rows in self._visits.batches("id", size):
            yield [self._visit(row, report) for row in rows]

    def _visit(self, row: Row, report: Report) -> OldTicket:
        at = row.get("assigned_at")
        done = at is None or at < self._now - _OPEN_FOR
        if done:
            report.change("Ticket", "whether the visit was made is not known: it counts as made", row["id"])
        ticket = {
            "id": row["id"],
            "title": f"Visit customer {row['cust_id']}",
            "category": "service_request",
            "status": "closed" if done else "assigned",
            "created_at": at,
            "resolved_at": at if done else None,
        }
        turn = {
            "id": row["id"],
            "engineer_id": row["tech_id"],
            "assignment_type": "auto",
            "status": "completed" if done else "assigned",
            "assigned_at": at,
            "completed_at": at if done else None,
            "distance_km": row.get("distance_km"),
        }
        key, customer = str(row["id"]), text_of(row["cust_id"])
        return OldTicket(key=key, row=ticket, turns=[turn], customer=customer)
