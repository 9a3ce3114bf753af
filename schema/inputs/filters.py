"""Filters and orders of lists."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, TypeVar
from uuid import UUID

import strawberry

from app.domain.refusals import Invalid
from app.reads import filters
from app.reads.orders import Kind, Order, Term, ending_in_id
from app.reads.searching import BEST_FIRST
from schema.enums import (
    AssignmentOrderField,
    AssignmentStatus,
    Availability,
    OrderDirection,
    SlaState,
    TicketCategory,
    TicketOrderField,
    TicketPriority,
    TicketStatus,
)
from schema.ids import key_of, optional_key

T = TypeVar("T")


@strawberry.input(name="IDFilter", description="Narrows by an id; everything given must hold.")
class IDFilter:
    """Narrows by an id."""

    eq: strawberry.ID | None = strawberry.field(default=None, description="Is this one.")
    in_: list[strawberry.ID] | None = strawberry.field(
        default=None, name="in", description="Is one of these, at most 100."
    )
    nin: list[strawberry.ID] | None = strawberry.field(default=None, description="Is none of these, at most 100.")
    null: bool | None = strawberry.field(default=None, description="Is absent, or present.")

    def keys(self, kind: str, name: str) -> filters.IdFilter:
        """Return the filter on keys. Raises Invalid for ids of another type."""
        return filters.IdFilter(
            eq=optional_key(kind, self.eq, "filter", name, "eq"),
            in_=None if self.in_ is None else _keys(kind, self.in_, "filter", name, "in"),
            nin=None if self.nin is None else _keys(kind, self.nin, "filter", name, "nin"),
            null=self.null,
        )


@strawberry.input(description="Narrows by a moment; everything given must hold.")
class DateTimeFilter:
    """Narrows by a moment."""

    gt: datetime | None = strawberry.field(default=None, description="Later than.")
    gte: datetime | None = strawberry.field(default=None, description="At or later than.")
    lt: datetime | None = strawberry.field(default=None, description="Earlier than.")
    lte: datetime | None = strawberry.field(default=None, description="At or earlier than.")
    null: bool | None = strawberry.field(default=None, description="Is absent, or present.")

    def moments(self) -> filters.MomentFilter:
        """Return the filter."""
        return filters.MomentFilter(gt=self.gt, gte=self.gte, lt=self.lt, lte=self.lte, null=self.null)


@strawberry.input(description="Narrows by a number; everything given must hold.")
class IntFilter:
    """Narrows by a number."""

    eq: int | None = strawberry.field(default=None, description="Is.")
    in_: list[int] | None = strawberry.field(default=None, name="in", description="Is one of these.")
    gte: int | None = strawberry.field(default=None, description="Is at least.")
    lte: int | None = strawberry.field(default=None, description="Is at most.")

    def numbers(self) -> filters.NumberFilter:
        """Return the filter."""
        return filters.NumberFilter(
            eq=self.eq, in_=None if self.in_ is None else tuple(self.in_), gte=self.gte, lte=self.lte
        )


@strawberry.input(description="Narrows a list of tickets; everything given must hold.")
class TicketFilter:
    """Narrows a list of tickets."""

    and_: list["TicketFilter"] | None = strawberry.field(
        default=None, name="and", description="All of these must hold too."
    )
    or_: list["TicketFilter"] | None = strawberry.field(
        default=None, name="or", description="One of these must hold too."
    )
    not_: Annotated["TicketFilter", strawberry.lazy("schema.inputs.filters")] | None = strawberry.field(
        default=None, name="not", description="This must not hold."
    )
    status: list[TicketStatus] | None = strawberry.field(default=None, description="Stands at one of these.")
    priority: list[TicketPriority] | None = strawberry.field(default=None, description="Is as urgent as.")
    category: list[TicketCategory] | None = strawberry.field(default=None, description="Asks for such work.")
    assignee_id: IDFilter | None = strawberry.field(
        default=None, description="By the active job's technician; null: true finds tickets nobody has."
    )
    team_id: IDFilter | None = strawberry.field(default=None, description="By the team of the active job's technician.")
    customer_id: IDFilter | None = strawberry.field(default=None, description="By customer.")
    requester_id: IDFilter | None = strawberry.field(default=None, description="By who asked for it.")
    asset_id: IDFilter | None = strawberry.field(default=None, description="By asset.")
    territory_id: IDFilter | None = strawberry.field(default=None, description="By territory.")
    created_at: DateTimeFilter | None = strawberry.field(default=None, description="By when it came in.")
    updated_at: DateTimeFilter | None = strawberry.field(default=None, description="By when it last changed.")
    sla_due_at: DateTimeFilter | None = strawberry.field(
        default=None, description="By when the first of its open clocks is due."
    )
    sla_state: list[SlaState] | None = strawberry.field(
        default=None, description="By the worst of its open clocks; of a ticket that is done, by how they ended."
    )
    escalation_count: IntFilter | None = strawberry.field(default=None, description="By how often it was escalated.")
    tags: list[str] | None = strawberry.field(default=None, description="Has all of these tags.")
    unassigned: bool | None = strawberry.field(default=None, description="Has no active job, or has one.")

    def wanted(self) -> filters.TicketFilter:
        """Return the filter. Raises Invalid for ids of another type."""
        return filters.TicketFilter(
            all_of=tuple(each.wanted() for each in self.and_ or ()),
            any_of=None if self.or_ is None else tuple(each.wanted() for each in self.or_),
            none_of=None if self.not_ is None else self.not_.wanted(),
            status=_all(self.status),
            priority=_all(self.priority),
            category=_all(self.category),
            assignee=None if self.assignee_id is None else self.assignee_id.keys("Technician", "assigneeId"),
            team=None if self.team_id is None else self.team_id.keys("Team", "teamId"),
            customer=None if self.customer_id is None else self.customer_id.keys("Customer", "customerId"),
            requester=None if self.requester_id is None else self.requester_id.keys("User", "requesterId"),
            asset=None if self.asset_id is None else self.asset_id.keys("Asset", "assetId"),
            territory=None if self.territory_id is None else self.territory_id.keys("Territory", "territoryId"),
            created_at=None if self.created_at is None else self.created_at.moments(),
            updated_at=None if self.updated_at is None else self.updated_at.moments(),
            sla_due_at=None if self.sla_due_at is None else self.sla_due_at.moments(),
            sla_state=_all(self.sla_state),
            escalation_count=None if self.escalation_count is None else self.escalation_count.numbers(),
            tags=_all(self.tags),
            unassigned=self.unassigned,
        )


@strawberry.input(description="Narrows a list of assignments; everything given must hold.")
class AssignmentFilter:
    """Narrows a list of assignments."""

    technician_id: IDFilter | None = strawberry.field(default=None, description="By technician.")
    ticket_id: IDFilter | None = strawberry.field(default=None, description="By ticket.")
    status: list[AssignmentStatus] | None = strawberry.field(default=None, description="Stands at one of these.")
    tier: IntFilter | None = strawberry.field(default=None, description="By the tier's level.")
    assigned_at: DateTimeFilter | None = strawberry.field(default=None, description="By when it was made.")
    current: bool | None = strawberry.field(default=None, description="Is active, or is not.")

    def wanted(self) -> filters.AssignmentFilter:
        """Return the filter. Raises Invalid for ids of another type."""
        return filters.AssignmentFilter(
            technician=None if self.technician_id is None else self.technician_id.keys("Technician", "technicianId"),
            ticket=None if self.ticket_id is None else self.ticket_id.keys("Ticket", "ticketId"),
            status=_all(self.status),
            tier=None if self.tier is None else self.tier.numbers(),
            assigned_at=None if self.assigned_at is None else self.assigned_at.moments(),
            current=self.current,
        )


@strawberry.input(description="Narrows a list of technicians; everything given must hold.")
class TechnicianFilter:
    """Narrows a list of technicians."""

    ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Is one of these, at most 100.")
    active: bool | None = strawberry.field(default=None, description="Can be given jobs, or cannot.")
    skill_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Has all of these skills.")
    territory_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="Works in one of these.")
    tier: IntFilter | None = strawberry.field(default=None, description="By the tier's level.")
    availability: list[Availability] | None = strawberry.field(
        default=None, description="Is one of these at the moment; nobody is to customers."
    )

    def wanted(self) -> filters.TechnicianFilter:
        """Return the filter. Raises Invalid for ids of another type."""
        return filters.TechnicianFilter(
            ids=None if self.ids is None else _keys("Technician", self.ids, "filter", "ids"),
            active=self.active,
            skill_ids=None if self.skill_ids is None else _keys("Skill", self.skill_ids, "filter", "skillIds"),
            territory_ids=None
            if self.territory_ids is None
            else _keys("Territory", self.territory_ids, "filter", "territoryIds"),
            tier=None if self.tier is None else self.tier.numbers(),
            availability=None if self.availability is None else tuple(self.availability),
        )


@strawberry.input(description="One thing to order tickets by.")
class TicketOrder:
    """One thing to order tickets by."""

    field: TicketOrderField = strawberry.field(description="By what.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="Which way.")


@strawberry.input(description="One thing to order assignments by.")
class AssignmentOrder:
    """One thing to order assignments by."""

    field: AssignmentOrderField = strawberry.field(description="By what.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.DESC, description="Which way.")


_TICKET_TERMS = {
    TicketOrderField.CREATED_AT: ("created_at", Kind.MOMENT),
    TicketOrderField.UPDATED_AT: ("updated_at", Kind.MOMENT),
    TicketOrderField.PRIORITY: ("priority", Kind.TEXT),
    TicketOrderField.STATUS: ("status_rank", Kind.NUMBER),
    TicketOrderField.SLA_DUE_AT: ("sla_due_first", Kind.MOMENT),
}
# What is never due comes last either way.
_FALLING = {TicketOrderField.SLA_DUE_AT: ("sla_due_last", Kind.MOMENT)}
_ASSIGNMENT_TERMS = {
    AssignmentOrderField.ASSIGNED_AT: ("assigned_at", Kind.MOMENT),
    AssignmentOrderField.SEQUENCE: ("sequence", Kind.NUMBER),
    AssignmentOrderField.STATUS: ("status_rank", Kind.NUMBER),
}


def ticket_order(asked: Sequence[TicketOrder] | None, *, search: str | None = None) -> Order:
    """Return the order of a list of tickets; what fits best or the newest first by default. Raises Invalid."""
    if not asked and search is not None:
        return BEST_FIRST
    if not asked:
        return ending_in_id([Term("created_at", Kind.MOMENT, descending=True)])
    return _order([(_term(each), each.direction) for each in asked])


def _term(asked: TicketOrder) -> tuple[str, Kind]:
    rising = _TICKET_TERMS[asked.field]
    return rising if asked.direction is OrderDirection.ASC else _FALLING.get(asked.field, rising)


def assignment_order(asked: Sequence[AssignmentOrder] | None) -> Order:
    """Return the order of a list of assignments; newest first when nothing is asked. Raises Invalid."""
    if not asked:
        return ending_in_id([Term("assigned_at", Kind.MOMENT, descending=True)])
    return _order([(_ASSIGNMENT_TERMS[each.field], each.direction) for each in asked])


def _order(asked: Sequence[tuple[tuple[str, Kind], OrderDirection]]) -> Order:
    columns = [column for (column, _), _ in asked]
    if len(set(columns)) != len(columns):
        raise Invalid(field=("orderBy",), problem="orderBy must name each field once.")
    return ending_in_id([Term(column, kind, direction is OrderDirection.DESC) for (column, kind), direction in asked])


def _keys(kind: str, ids: Iterable[str], *path: str) -> tuple[UUID, ...]:
    return tuple(key_of(kind, each, *path) for each in ids)


def _all(values: Iterable[T] | None) -> tuple[T, ...] | None:
    return None if values is None else tuple(values)
