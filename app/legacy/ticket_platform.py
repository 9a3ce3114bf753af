"""The platform of `service_tickets`, which carry their engineer themselves, and `engineer_assignments`."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence

from app.db.legacy_source import LegacySource, LegacyTable, Row
from app.legacy.platforms import OldCustomer, OldEngineer, OldTicket, Platform
from app.legacy.report import Report
from app.legacy.values import moments_as_text, text_of, tier_of

TICKETS, TURNS = "service_tickets", "engineer_assignments"
ENGINEER, NAME, TIER, TIER_NAME = INLINE = (
    "assigned_engineer_id",
    "assigned_engineer_name",
    "assignment_tier",
    "assignment_tier_name",
)
ASSIGNED_AT = "assigned_at"
_TICKET_COLUMNS = {
    "id", "ticket_number", "title", "description", "status", "priority", "category", "resolution_notes",
    "created_at", "updated_at", "started_at", "resolved_at", "closed_at", *INLINE, ASSIGNED_AT,
}  # fmt: skip
_TURN_COLUMNS = {
    "id", "ticket_id", "engineer_id", "equipment_id", "assignment_sequence", "assignment_tier",
    "assignment_tier_name", "assignment_reason", "assignment_type", "status", "assigned_at", "accepted_at",
    "rejected_at", "rejection_reason", "started_at", "completed_at", "completion_status", "escalation_reason",
    "time_spent_hours", "diagnosis", "actions_taken", "parts_used", "notes", "customer_rating",
    "customer_feedback", "created_at", "updated_at",
}  # fmt: skip


class TicketPlatform:
    """Reads tickets with the engineer they carry and with their rows of assignments."""

    platform = Platform.TICKETS

    def __init__(self, tickets: LegacyTable, turns: LegacyTable | None) -> None:
        self._tickets = tickets
        self._turns = turns

    @classmethod
    def within(cls, source: LegacySource) -> "TicketPlatform | None":
        """Return the platform if its tables are there."""
        tickets = source.table(TICKETS, "id")
        return None if tickets is None else cls(tickets, source.table(TURNS, "id", "ticket_id", "engineer_id"))

    async def count(self) -> int:
        """Return how many tickets there are."""
        return await self._tickets.count()

    async def engineers(self) -> Sequence[OldEngineer]:
        """Return who is named, with the highest tier at which each was seen."""
        rows: list[Row] = []
        if ENGINEER in self._tickets.columns:
            rows += await self._tickets.greatest(ENGINEER, NAME, TIER)
        if self._turns is not None:
            rows += await self._turns.greatest("engineer_id", "assignment_tier")
        found: dict[str, OldEngineer] = {}
        for row in rows:
            key = text_of(row["key"])
            if key is not None:
                before = found.get(key, OldEngineer(key=key))
                level = max(before.tier_level, tier_of(row.get("assignment_tier")))
                found[key] = OldEngineer(key=key, name=before.name or row.get(NAME), tier_level=level)
        return list(found.values())

    async def customers(self) -> Sequence[OldCustomer]:
        """Return nobody: these tickets name none."""
        return ()

    async def tiers(self) -> Mapping[int, str | None]:
        """Return the tiers of tickets and of assignments."""
        found: dict[int, str | None] = {}
        for table in (self._tickets, self._turns):
            if table is not None and TIER in table.columns:
                for row in await table.greatest(TIER, TIER_NAME):
                    level = tier_of(row["key"])
                    found[level] = found.get(level) or row.get(TIER_NAME)
        return found

    async def numbers(self) -> Mapping[int, int]:
        """Return the greatest numbers of tickets by year."""
        if "ticket_number" not in self._tickets.columns:
            return {}
        return await self._tickets.greatest_numbers("ticket_number")

    async def batches(self, size: int, report: Report) -> AsyncIterator[Sequence[OldTicket]]:
        """Yield the tickets with their assignments."""
        report.ignore(TICKETS, self._tickets.columns - _TICKET_COLUMNS)
        if self._turns is not None:
            report.ignore(TURNS, self._turns.columns - _TURN_COLUMNS)
        read = 0
        async for rows in self._tickets.batches("id", size):
            keys = [str(row["id"]) for row in rows]
            turns: dict[str, list[Row]] = defaultdict(list)
            if self._turns is not None:
                for turn in await self._turns.of("ticket_id", keys):
                    turns[str(turn["ticket_id"])].append(turn)
                    read += 1
            yield [_ticket(key, row, turns[key]) for key, row in zip(keys, rows, strict=True)]
        if self._turns is not None:
            for _ in range(await self._turns.count() - read):
                report.skip("Assignment", "its ticket is not there", "")


def _ticket(key: str, row: Row, turns: Sequence[Row]) -> OldTicket:
    """Put the engineer that the ticket carries behind the rows, unless these know them already."""
    kept = {name: moments_as_text(row[name]) for name in (*INLINE, ASSIGNED_AT) if name in row}
    engineer = text_of(row.get(ENGINEER))
    if engineer is not None and all(text_of(turn["engineer_id"]) != engineer for turn in turns):
        turns = [*turns, _carried(key, row)]
    return OldTicket(key=key, row=row, turns=turns, kept=kept)


def _carried(key: str, row: Row) -> Row:
    status = str(row.get("status") or "").strip().lower()
    became = "assigned"
    if status in {"resolved", "closed"}:
        became = "completed"
    elif status in {"assigned", "in_progress"}:
        became = "in_progress"
    at = row.get(ASSIGNED_AT) or row.get("created_at")
    return {
        "id": f"of ticket {key}",
        "engineer_id": row[ENGINEER],
        "assignment_tier": row.get(TIER),
        "assignment_type": "manual",
        "status": became,
        "assigned_at": at,
        # What was never said is taken as said at once.
        "accepted_at": at,
        "started_at": row.get("started_at") or (at if became != "assigned" else None),
        "completed_at": row.get("resolved_at") if became == "completed" else None,
        "created_at": row.get("created_at"),
        "updated_at": row.get("updated_at"),
    }
