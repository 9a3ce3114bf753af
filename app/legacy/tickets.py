"""Makes tickets of older ones: their words, their moments, their numbers."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from uuid_utils.compat import uuid7

from app.db.legacy_source import Row
from app.domain.tickets import Ticket, TicketCategory, TicketPriority, TicketStatus
from app.domain.validation import LONGEST_TEXT, LONGEST_TITLE
from app.legacy.platforms import OldTicket
from app.legacy.report import Report
from app.legacy.values import long_text, text_of, word_of
from app.legacy.words import CATEGORIES, PRIORITIES, TICKET_STATUSES

_NUMBER = re.compile(r"TKT-(\d{4})-(\d{6,9})", re.ASCII)
_Word = TypeVar("_Word", bound=StrEnum)
_ENDED = {TicketStatus.RESOLVED, TicketStatus.CLOSED}


class Numbers:
    """Gives tickets their numbers: the old one if it has the form and nobody else has it, else the year's next.

    `last` are the greatest numbers by year, `taken` those that somebody has, `given` those from here.
    """

    def __init__(self, last: Mapping[int, int], taken: Iterable[str]) -> None:
        self.last = dict(last)
        self.taken = set(taken)
        self.given: set[str] = set()

    def of(self, wanted: str | None, year: int) -> str:
        """Return a number that no other ticket has."""
        if wanted is not None and wanted not in self.taken and (parsed := _NUMBER.fullmatch(wanted)):
            self.last[int(parsed[1])] = max(self.last.get(int(parsed[1]), 0), int(parsed[2]))
            return self._give(wanted)
        self.last[year] = self.last.get(year, 0) + 1
        return self._give(f"TKT-{year:04d}-{self.last[year]:06d}")

    def _give(self, number: str) -> str:
        self.taken.add(number)
        self.given.add(number)
        return number


def created_at(row: Row, now: datetime) -> datetime:
    """Return when a ticket came in, as far as its row says so, and never later than now."""
    return min(now, row.get("created_at") or row.get("assigned_at") or now)


class TicketMaker:
    """Makes an organisation's tickets. None of its values can be refused by the tables."""

    def __init__(
        self,
        organization_id: UUID,
        *,
        requester_id: UUID,
        customers: Mapping[str, UUID],
        numbers: Numbers,
        now: datetime,
        report: Report,
    ) -> None:
        self._organization_id = organization_id
        self._requester_id = requester_id
        self._customers = customers
        self._numbers = numbers
        self._now = now
        self._report = report

    def make(self, old: OldTicket) -> Ticket:
        """Return the ticket, in the status it had."""
        row = old.row
        if old.stand_in is not None:
            self._report.change("Ticket", old.stand_in, old.key)
        created = created_at(row, self._now)
        updated = max(created, min(self._now, row.get("updated_at") or created))
        status = self._word(TICKET_STATUSES, row.get("status"), TicketStatus.OPEN, "status", old.key)
        resolved = closed = None
        if status in _ENDED:
            resolved = max(created, min(self._now, row.get("resolved_at") or row.get("closed_at") or updated))
        if status is TicketStatus.CLOSED and resolved is not None:
            closed = max(resolved, min(self._now, row.get("closed_at") or resolved))
        return Ticket(
            id=uuid7(),
            organization_id=self._organization_id,
            ticket_number=self._number(text_of(row.get("ticket_number")), created.year, old.key),
            title=long_text(row.get("title"), LONGEST_TITLE) or f"Ticket {old.key}"[:LONGEST_TITLE],
            description=long_text(row.get("description"), LONGEST_TEXT) or "",
            status=status,
            priority=self._word(PRIORITIES, row.get("priority"), TicketPriority.P3, "priority", old.key),
            category=self._word(CATEGORIES, row.get("category"), TicketCategory.SERVICE_REQUEST, "category", old.key),
            requester_id=self._requester_id,
            customer_id=None if old.customer is None else self._customers[old.customer],
            created_at=created,
            updated_at=updated,
            resolution_notes=long_text(row.get("resolution_notes"), LONGEST_TEXT),
            resolved_at=resolved,
            closed_at=closed,
        )

    def _number(self, wanted: str | None, year: int, key: str) -> str:
        number = self._numbers.of(wanted, year)
        if wanted is not None and number != wanted:
            self._report.change("Ticket", "its number does not fit or is another's: it has a new one", key)
        return number

    def _word(self, words: Mapping[str, _Word], said: object, default: _Word, what: str, key: str) -> _Word:
        word = word_of(said)
        if word and word not in words:
            self._report.change("Ticket", f"unknown {what} became {default}", key)
        return words.get(word, default)
