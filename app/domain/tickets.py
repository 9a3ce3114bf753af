"""The ticket: its words, its life cycle, and what a change of status means.

`TRANSITIONS` is the only place that knows which status may follow which; `availableTransitions`
and the diagrams of the documentation are made from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from app.domain.refusals import InvalidTransition, ReopenWindowClosed


class TicketStatus(StrEnum):
    """Where a ticket stands, in life-cycle order."""

    NEW = "NEW"
    OPEN = "OPEN"
    ASSIGNED = "ASSIGNED"
    IN_PROGRESS = "IN_PROGRESS"
    PENDING_INFO = "PENDING_INFO"
    PENDING_PARTS = "PENDING_PARTS"
    ESCALATED = "ESCALATED"
    RESOLVED = "RESOLVED"
    CLOSED = "CLOSED"
    REOPENED = "REOPENED"
    CANCELLED = "CANCELLED"


class TicketPriority(StrEnum):
    """How urgent a ticket is, most urgent first."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


PRIORITY_LABELS: Mapping[TicketPriority, str] = MappingProxyType(
    {
        TicketPriority.P1: "Critical",
        TicketPriority.P2: "High",
        TicketPriority.P3: "Medium",
        TicketPriority.P4: "Low",
    }
)


class TicketCategory(StrEnum):
    """What kind of work a ticket asks for."""

    INCIDENT = "INCIDENT"
    SERVICE_REQUEST = "SERVICE_REQUEST"
    CHANGE_REQUEST = "CHANGE_REQUEST"
    PROBLEM = "PROBLEM"
    MAINTENANCE = "MAINTENANCE"
    INSTALLATION = "INSTALLATION"
    INSPECTION = "INSPECTION"


class Environment(StrEnum):
    """Which of the customer's environments is concerned."""

    PRODUCTION = "PRODUCTION"
    STAGING = "STAGING"
    DEVELOPMENT = "DEVELOPMENT"
    OTHER = "OTHER"


_S = TicketStatus
_PENDING = (_S.PENDING_INFO, _S.PENDING_PARTS)

TRANSITIONS: Mapping[TicketStatus, tuple[TicketStatus, ...]] = MappingProxyType(
    {
        _S.NEW: (_S.OPEN, _S.ASSIGNED, _S.CANCELLED),
        _S.OPEN: (_S.ASSIGNED, _S.IN_PROGRESS, *_PENDING, _S.ESCALATED, _S.RESOLVED, _S.CANCELLED),
        _S.ASSIGNED: (_S.OPEN, _S.IN_PROGRESS, *_PENDING, _S.ESCALATED, _S.RESOLVED, _S.CANCELLED),
        _S.IN_PROGRESS: (_S.OPEN, _S.ASSIGNED, *_PENDING, _S.ESCALATED, _S.RESOLVED, _S.CANCELLED),
        _S.PENDING_INFO: (_S.OPEN, _S.ASSIGNED, _S.IN_PROGRESS, _S.ESCALATED, _S.RESOLVED, _S.CANCELLED),
        _S.PENDING_PARTS: (_S.OPEN, _S.ASSIGNED, _S.IN_PROGRESS, _S.ESCALATED, _S.RESOLVED, _S.CANCELLED),
        _S.ESCALATED: (_S.OPEN, _S.ASSIGNED, _S.IN_PROGRESS, *_PENDING, _S.RESOLVED, _S.CANCELLED),
        _S.RESOLVED: (_S.CLOSED, _S.REOPENED),
        _S.CLOSED: (_S.REOPENED,),
        _S.REOPENED: (_S.OPEN, _S.ASSIGNED, _S.IN_PROGRESS, _S.PENDING_INFO, _S.CANCELLED),
        _S.CANCELLED: (),
    }
)


# Work remains to be done, or to be waited for: until the ticket is resolved or given up.
OPEN: tuple[TicketStatus, ...] = tuple(
    status for status in TicketStatus if status not in {_S.RESOLVED, _S.CLOSED, _S.CANCELLED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A ticket as the rules see it; every field is a column of the same name."""

    id: UUID
    organization_id: UUID
    ticket_number: str
    title: str
    description: str
    status: TicketStatus
    priority: TicketPriority
    category: TicketCategory
    requester_id: UUID
    created_at: datetime
    updated_at: datetime
    version: int = 1
    environment: Environment | None = None
    affected_service: str | None = None
    tags: tuple[str, ...] = ()
    custom_fields: Mapping[str, Any] | None = None
    customer_id: UUID | None = None
    asset_id: UUID | None = None
    territory_id: UUID | None = None
    latitude: float | None = None
    longitude: float | None = None
    address: str | None = None
    escalation_count: int = 0
    escalation_tier_level: int | None = None
    resolution_notes: str | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    deleted_at: datetime | None = None


# Who has the ticket decides these: they are reached by assigning and escalating alone.
REACHED_BY_ASSIGNING = frozenset({_S.ASSIGNED, _S.ESCALATED})


def allowed_after(status: TicketStatus) -> tuple[TicketStatus, ...]:
    """Return the statuses that may follow `status`, in life-cycle order."""
    return tuple(after for after in TicketStatus if after in TRANSITIONS[status])


def move(ticket: Ticket, to: TicketStatus, *, now: datetime) -> Ticket:
    """Return the ticket in status `to`, stamped; the same ticket when it is there already.

    Raises:
        InvalidTransition: the life cycle has no such step.
    """
    if to is ticket.status:
        return ticket
    if to not in TRANSITIONS[ticket.status]:
        raise InvalidTransition(subject="ticket", current=ticket.status, to=to, allowed=allowed_after(ticket.status))
    resolved_at = ticket.resolved_at
    if to is TicketStatus.RESOLVED:
        resolved_at = now
    elif to is TicketStatus.REOPENED:
        resolved_at = None
    closed_at = now if to is TicketStatus.CLOSED else None
    return replace(ticket, status=to, resolved_at=resolved_at, closed_at=closed_at)


def reopen(ticket: Ticket, *, now: datetime, window: timedelta) -> Ticket:
    """Return the ticket brought back.

    Raises:
        InvalidTransition: it is neither resolved nor closed.
        ReopenWindowClosed: it was closed too long ago.
    """
    moved = move(ticket, TicketStatus.REOPENED, now=now)
    if ticket.closed_at is not None and now > ticket.closed_at + window:
        raise ReopenWindowClosed(closed_at=ticket.closed_at, days=window.days)
    return moved
