"""The life cycles, written from the rules and apart from the code; and plain tickets and jobs to put in them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from app.domain.assignments import Assignment, AssignmentReason, AssignmentStatus, AssignmentType
from app.domain.tickets import Ticket, TicketCategory, TicketPriority, TicketStatus

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)

_TICKET_STEPS = """
NEW           OPEN ASSIGNED CANCELLED
OPEN          ASSIGNED IN_PROGRESS PENDING_INFO PENDING_PARTS ESCALATED RESOLVED CANCELLED
ASSIGNED      IN_PROGRESS OPEN PENDING_INFO PENDING_PARTS ESCALATED RESOLVED CANCELLED
IN_PROGRESS   PENDING_INFO PENDING_PARTS ESCALATED RESOLVED OPEN ASSIGNED CANCELLED
PENDING_INFO  OPEN ASSIGNED IN_PROGRESS ESCALATED RESOLVED CANCELLED
PENDING_PARTS OPEN ASSIGNED IN_PROGRESS ESCALATED RESOLVED CANCELLED
ESCALATED     OPEN ASSIGNED IN_PROGRESS PENDING_INFO PENDING_PARTS RESOLVED CANCELLED
RESOLVED      CLOSED REOPENED
CLOSED        REOPENED
REOPENED      OPEN ASSIGNED IN_PROGRESS PENDING_INFO CANCELLED
CANCELLED
"""
_JOB_STEPS = """
ASSIGNED    ACCEPTED REJECTED REASSIGNED ESCALATED CANCELLED
ACCEPTED    EN_ROUTE IN_PROGRESS REJECTED REASSIGNED ESCALATED CANCELLED
EN_ROUTE    IN_PROGRESS FAILED REASSIGNED ESCALATED CANCELLED
IN_PROGRESS PAUSED COMPLETED FAILED ESCALATED REASSIGNED CANCELLED
PAUSED      IN_PROGRESS COMPLETED FAILED ESCALATED REASSIGNED CANCELLED
COMPLETED
FAILED
REJECTED
ESCALATED
REASSIGNED
CANCELLED
"""


def _read(text: str) -> dict[str, set[str]]:
    return {first: set(rest) for first, *rest in (line.split() for line in text.strip().splitlines())}


TICKET_STEPS = _read(_TICKET_STEPS)
JOB_STEPS = _read(_JOB_STEPS)
ACTIVE_JOBS = {"ASSIGNED", "ACCEPTED", "EN_ROUTE", "IN_PROGRESS", "PAUSED"}
# What a job may be while its ticket stands so; nothing: the ticket has none.
JOBS_OF_TICKET: dict[str, set[str | None]] = {
    "ASSIGNED": {"ASSIGNED", "ACCEPTED", "EN_ROUTE"},
    "IN_PROGRESS": {None, "IN_PROGRESS", "PAUSED"},
    "PENDING_INFO": {None, *ACTIVE_JOBS} - {"IN_PROGRESS"},
    "PENDING_PARTS": {None, *ACTIVE_JOBS} - {"IN_PROGRESS"},
}
OUTCOMES_OF_JOB: dict[str, set[str | None]] = {
    "COMPLETED": {"SUCCESS"},
    "FAILED": {"FAILED", "PARTS_REQUIRED", "CUSTOMER_UNAVAILABLE"},
    "ESCALATED": {"ESCALATED"},
}


def ticket(status: TicketStatus = TicketStatus.NEW, **values: Any) -> Ticket:
    """Return a ticket in this status."""
    plain: dict[str, Any] = {
        "id": UUID(int=1),
        "organization_id": UUID(int=2),
        "ticket_number": "TKT-2026-000001",
        "title": "Leaking pump",
        "description": "It leaks.",
        "priority": TicketPriority.P3,
        "category": TicketCategory.INCIDENT,
        "requester_id": UUID(int=3),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Ticket(status=status, **{**plain, **values})


def job(status: AssignmentStatus = AssignmentStatus.ASSIGNED, **values: Any) -> Assignment:
    """Return a job in this status."""
    plain: dict[str, Any] = {
        "id": UUID(int=4),
        "organization_id": UUID(int=2),
        "ticket_id": UUID(int=1),
        "technician_id": UUID(int=5),
        "sequence": 1,
        "tier_level": 1,
        "reason": AssignmentReason.INITIAL,
        "type": AssignmentType.MANUAL,
        "assigned_at": NOW,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Assignment(status=status, **{**plain, **values})
