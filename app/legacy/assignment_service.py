"""The service of `ticket_assignments`, which knows tickets by their key alone."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence

from app.db.legacy_source import LegacySource, LegacyTable, Row
from app.legacy.platforms import OldCustomer, OldEngineer, OldTicket, Platform
from app.legacy.report import Report
from app.legacy.values import text_of

TURNS = "ticket_assignments"
_COLUMNS = {
    "id", "ticket_id", "technician_id", "assigned_by", "status", "assigned_at", "accepted_at", "rejected_at",
    "rejection_reason", "completed_at", "created_at", "updated_at",
}  # fmt: skip
_TICKET_AFTER = {"assigned": "assigned", "accepted": "assigned", "rejected": "open", "completed": "resolved"}


class AssignmentService:
    """Reads assignments by their tickets."""

    platform = Platform.ASSIGNMENTS

    def __init__(self, turns: LegacyTable) -> None:
        self._turns = turns

    @classmethod
    def within(cls, source: LegacySource) -> "AssignmentService | None":
        """Return the platform if its table is there."""
        turns = source.table(TURNS, "id", "ticket_id", "technician_id")
        return None if turns is None else cls(turns)

    async def count(self) -> int:
        """Return how many tickets are named."""
        return await self._turns.count("ticket_id")

    async def engineers(self) -> Sequence[OldEngineer]:
        """Return the technicians who are named; nothing but their keys is known."""
        rows = await self._turns.greatest("technician_id")
        return [OldEngineer(key=key) for row in rows if (key := text_of(row["key"]))]

    async def customers(self) -> Sequence[OldCustomer]:
        """Return nobody: assignments name none."""
        return ()

    async def tiers(self) -> Mapping[int, str | None]:
        """Return the one tier there was."""
        return {1: None}

    async def numbers(self) -> Mapping[int, int]:
        """Return none: tickets are elsewhere."""
        return {}

    async def batches(self, size: int, report: Report) -> AsyncIterator[Sequence[OldTicket]]:
        """Yield what is known of tickets, with their assignments."""
        report.ignore(TURNS, self._turns.columns - _COLUMNS)
        async for keys in self._turns.keys("ticket_id", size):
            turns: dict[str, list[Row]] = defaultdict(list)
            for row in await self._turns.of("ticket_id", keys):
                turns[str(row["ticket_id"])].append({**row, "engineer_id": row["technician_id"]})
            yield [_ticket(key, turns[key]) for key in keys]


def _ticket(key: str, turns: Sequence[Row]) -> OldTicket:
    last = max(turns, key=lambda turn: (str(turn.get("assigned_at") or ""), str(turn["id"])))
    said = str(last.get("status") or "").strip().lower()
    stamps = [at for turn in turns if (at := turn.get("assigned_at") or turn.get("created_at"))]
    row = {
        "id": key,
        "status": _TICKET_AFTER.get(said, "open"),
        "created_at": min(stamps, default=None),
        "resolved_at": last.get("completed_at"),
    }
    return OldTicket(key=key, row=row, turns=turns, stand_in="only its assignments are known, so a ticket stands in")
