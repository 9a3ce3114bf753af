"""The words of older platforms, and what they are here."""

from collections.abc import Mapping
from types import MappingProxyType

from app.domain.assignments import AssignmentOutcome, AssignmentReason, AssignmentStatus, AssignmentType
from app.domain.tickets import TicketCategory, TicketPriority, TicketStatus

_S = TicketStatus
TICKET_STATUSES: Mapping[str, TicketStatus] = MappingProxyType(
    {
        "new": _S.NEW,
        "open": _S.OPEN,
        "assigned": _S.ASSIGNED,
        "accepted": _S.ASSIGNED,
        "in_progress": _S.IN_PROGRESS,
        "pending": _S.PENDING_INFO,
        "pending_info": _S.PENDING_INFO,
        "on_hold": _S.PENDING_INFO,
        "pending_parts": _S.PENDING_PARTS,
        "escalated": _S.ESCALATED,
        "resolved": _S.RESOLVED,
        "completed": _S.RESOLVED,
        "closed": _S.CLOSED,
        "reopened": _S.REOPENED,
        "cancelled": _S.CANCELLED,
        "canceled": _S.CANCELLED,
    }
)
JOB_STATUSES: Mapping[str, AssignmentStatus] = MappingProxyType(
    {
        "assigned": AssignmentStatus.ASSIGNED,
        "accepted": AssignmentStatus.ACCEPTED,
        "in_progress": AssignmentStatus.IN_PROGRESS,
        "completed": AssignmentStatus.COMPLETED,
        "rejected": AssignmentStatus.REJECTED,
        "failed": AssignmentStatus.FAILED,
        "escalated": AssignmentStatus.ESCALATED,
        "cancelled": AssignmentStatus.CANCELLED,
        "canceled": AssignmentStatus.CANCELLED,
    }
)
OUTCOMES: Mapping[str, AssignmentOutcome] = MappingProxyType({each.value.lower(): each for each in AssignmentOutcome})
PRIORITIES: Mapping[str, TicketPriority] = MappingProxyType(
    {
        "p1": TicketPriority.P1,
        "p2": TicketPriority.P2,
        "p3": TicketPriority.P3,
        "p4": TicketPriority.P4,
        "critical": TicketPriority.P1,
        "urgent": TicketPriority.P1,
        "high": TicketPriority.P2,
        "medium": TicketPriority.P3,
        "normal": TicketPriority.P3,
        "low": TicketPriority.P4,
    }
)
CATEGORIES: Mapping[str, TicketCategory] = MappingProxyType({each.value.lower(): each for each in TicketCategory})
REASONS: Mapping[str, AssignmentReason] = MappingProxyType(
    {"initial": AssignmentReason.INITIAL, "escalation": AssignmentReason.ESCALATION}
)
TYPES: Mapping[str, AssignmentType] = MappingProxyType({"manual": AssignmentType.MANUAL, "auto": AssignmentType.AUTO})
