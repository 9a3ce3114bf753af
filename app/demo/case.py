"""A ticket while it is being lived through."""

from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa

from app.db.journal import Hand
from app.demo.company import Client, Worker
from app.demo.work import Work
from app.domain.assignments import Assignment, AssignmentReason, AssignmentStatus
from app.domain.situations import Situation
from app.domain.tickets import Ticket, TicketStatus


@dataclass(slots=True, kw_only=True)
class Case:
    """A ticket, its present job and who has it, the turns before, and the rows that point to them."""

    ticket: Ticket
    work: Work
    client: Client
    requester: Hand
    job: Assignment | None = None
    worker: Worker | None = None
    turns: list[Assignment] = field(default_factory=list)
    rows: list[tuple[sa.Table, tuple[object, ...]]] = field(default_factory=list)

    @property
    def situation(self) -> Situation:
        """The ticket with its active job."""
        team_id = None if self.worker is None else self.worker.record.team_id
        return Situation(ticket=self.ticket, job=self.job, team_id=team_id)

    @property
    def tier_level(self) -> int:
        """The tier at which the next turn is."""
        return self.ticket.escalation_tier_level or 1

    def present(self) -> tuple[Assignment, Worker]:
        """Return the active job and its technician."""
        if self.job is None or self.worker is None:
            raise LookupError("the ticket has no active job")
        return self.job, self.worker


def inferred_reason(case: Case) -> AssignmentReason:
    """Return why the next turn comes to be, from what came before."""
    if not case.turns:
        return AssignmentReason.INITIAL
    if case.ticket.status is TicketStatus.REOPENED:
        return AssignmentReason.REOPEN
    if case.turns[-1].status is AssignmentStatus.REJECTED:
        return AssignmentReason.REJECTION_FOLLOW_UP
    return AssignmentReason.REASSIGNMENT


def never_again(case: Case) -> frozenset[UUID]:
    """Return the technicians who have handed the ticket back."""
    rejected = AssignmentStatus.REJECTED
    return frozenset(turn.technician_id for turn in case.turns if turn.status is rejected)
