"""How things hang together. Each relation is declared here once, for every reader of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.db.tables.customers import customer_users
from app.db.tables.people import technician_territories
from app.domain.assignments import ACTIVE, AssignmentStatus
from app.reads import entities
from app.reads.entities import Entity
from app.reads.orders import Kind, Order, Term, ending_in_id


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Via:
    """A table that links many to many: `near` points to the parent, `far` to the target's key."""

    table: sa.Table
    near: str
    far: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Relation:
    """From a parent's column to the target rows whose column has the same value.

    The organisation is always part of the join. `where` narrows the target. `order` runs through a
    to-many relation and ends in a key that is unique among one parent's rows; a to-one relation with
    an order leads to the first of several.
    """

    name: str
    target: Entity
    parent_column: str
    target_column: str = "id"
    many: bool = False
    order: Order | None = None
    where: "Callable[[sa.FromClause], sa.ColumnElement[bool]] | None" = None
    via: Via | None = None


def source_of(relation: Relation, target: sa.FromClause) -> "tuple[sa.FromClause, sa.ColumnElement[Any]]":
    """Return what the target's rows are selected from, and the column that must equal the parent's."""
    near = target.c[relation.target_column]
    if relation.via is None:
        return target, near
    link = relation.via.table.alias()
    same = (link.c.organization_id == target.c.organization_id) & (link.c[relation.via.far] == near)
    return link.join(target, same), link.c[relation.via.near]


def by(column: str, kind: Kind) -> Order:
    """Return the rising order of one column that is unique among a parent's rows."""
    return Order((Term(column, kind),))


def _active(table: sa.FromClause) -> "sa.ColumnElement[bool]":
    return table.c.status.in_(ACTIVE)


def _in_progress(table: sa.FromClause) -> "sa.ColumnElement[bool]":
    return table.c.status == AssignmentStatus.IN_PROGRESS


BY_CREATION = ending_in_id([Term("created_at", Kind.MOMENT)])
BY_NAME = ending_in_id([Term("name", Kind.TEXT)])
BY_START = ending_in_id([Term("starts_at", Kind.MOMENT)])

TICKET_BY_NUMBER = Relation(
    name="query.ticketByNumber",
    target=entities.TICKET,
    parent_column="ticket_number",
    target_column="ticket_number",
)
API_KEY_USER = Relation(name="apiKey.user", target=entities.USER, parent_column="user_id")
API_KEY_CREATOR = Relation(name="apiKey.createdBy", target=entities.USER, parent_column="created_by")
TICKET_CUSTOMER = Relation(name="ticket.customer", target=entities.CUSTOMER, parent_column="customer_id")
TICKET_ASSET = Relation(name="ticket.asset", target=entities.ASSET, parent_column="asset_id")
TICKET_REQUESTER = Relation(name="ticket.requester", target=entities.USER, parent_column="requester_id")
TICKET_TERRITORY = Relation(name="ticket.territory", target=entities.TERRITORY, parent_column="territory_id")
TICKET_TIER = Relation(
    name="ticket.escalationTier",
    target=entities.ESCALATION_TIER,
    parent_column="escalation_tier_level",
    target_column="level",
)
TICKET_CURRENT_ASSIGNMENT = Relation(
    name="ticket.currentAssignment",
    target=entities.ASSIGNMENT,
    parent_column="id",
    target_column="ticket_id",
    where=_active,
)
TICKET_LATEST_ASSIGNMENT = Relation(
    name="ticket.latestAssignment",
    target=entities.ASSIGNMENT,
    parent_column="id",
    target_column="ticket_id",
    order=Order((Term("sequence", Kind.NUMBER, descending=True),)),
)
TICKET_ASSIGNMENTS = Relation(
    name="ticket.assignmentHistory",
    target=entities.ASSIGNMENT,
    parent_column="id",
    target_column="ticket_id",
    many=True,
    order=ending_in_id([Term("sequence", Kind.NUMBER)]),
)
TICKET_COMMENTS = Relation(
    name="ticket.comments",
    target=entities.COMMENT,
    parent_column="id",
    target_column="ticket_id",
    many=True,
    order=BY_CREATION,
)
TICKET_PUBLIC_COMMENTS = Relation(
    name="ticket.publicComments",
    target=entities.COMMENT,
    parent_column="id",
    target_column="ticket_id",
    many=True,
    order=BY_CREATION,
    where=lambda table: ~table.c.internal,
)
TICKET_ATTACHMENTS = Relation(
    name="ticket.attachments",
    target=entities.ATTACHMENT,
    parent_column="id",
    target_column="ticket_id",
    many=True,
    order=BY_CREATION,
)
TICKET_SKILLS = Relation(
    name="ticket.requiredSkills",
    target=entities.SKILL_REQUIREMENT,
    parent_column="id",
    target_column="ticket_id",
    many=True,
    order=by("skill_id", Kind.ID),
)
TICKET_PARTS = Relation(
    name="ticket.requiredParts",
    target=entities.PART_REQUIREMENT,
    parent_column="id",
    target_column="ticket_id",
    many=True,
    order=by("part_id", Kind.ID),
)
TICKET_SLA = Relation(name="ticket.sla", target=entities.TICKET_SLA, parent_column="id")
SLA_POLICY = Relation(name="ticketSla.policy", target=entities.SLA_POLICY, parent_column="sla_policy_id")
SLA_CLOCKS = Relation(
    name="ticketSla.clocks",
    target=entities.SLA_CLOCK,
    parent_column="id",
    target_column="ticket_id",
    many=True,
    order=by("metric", Kind.TEXT),
    where=lambda table: table.c.current,
)
CLOCK_POLICY = Relation(name="slaClock.policy", target=entities.SLA_POLICY, parent_column="policy_id")
POLICY_CALENDAR = Relation(name="slaPolicy.calendar", target=entities.BUSINESS_CALENDAR, parent_column="calendar_id")
ORGANIZATION_POLICIES = Relation(
    name="organization.slaPolicies",
    target=entities.SLA_POLICY,
    parent_column="organization_id",
    target_column="organization_id",
    many=True,
    order=Order((Term("revision", Kind.NUMBER, descending=True),)),
)
ORGANIZATION_SERVICE_TYPES = Relation(
    name="organization.serviceTypes",
    target=entities.SERVICE_TYPE,
    parent_column="organization_id",
    target_column="organization_id",
    many=True,
    order=by("type", Kind.TEXT),
)
SERVICE_TYPE_SKILLS = Relation(
    name="serviceType.skills",
    target=entities.SERVICE_TYPE_SKILL,
    parent_column="type",
    target_column="type",
    many=True,
    order=by("skill_id", Kind.ID),
)
SERVICE_TYPE_SKILL_SKILL = Relation(name="serviceTypeSkill.skill", target=entities.SKILL, parent_column="skill_id")
TERRITORY_HOLIDAYS = Relation(
    name="territory.holidays",
    target=entities.TERRITORY_HOLIDAY,
    parent_column="id",
    target_column="territory_id",
    many=True,
    order=by("day", Kind.DAY),
)
CUSTOMER_USERS = Relation(
    name="customer.users",
    target=entities.USER,
    parent_column="id",
    many=True,
    order=BY_NAME,
    via=Via(table=customer_users, near="customer_id", far="user_id"),
)
REQUIRED_SKILL = Relation(name="skillRequirement.skill", target=entities.SKILL, parent_column="skill_id")
REQUIRED_PART = Relation(name="partRequirement.part", target=entities.PART, parent_column="part_id")

COMMENT_AUTHOR = Relation(name="comment.author", target=entities.USER, parent_column="author_id")
COMMENT_ATTACHMENTS = Relation(
    name="comment.attachments",
    target=entities.ATTACHMENT,
    parent_column="id",
    target_column="comment_id",
    many=True,
    order=BY_CREATION,
)
ATTACHMENT_UPLOADER = Relation(name="attachment.uploadedBy", target=entities.USER, parent_column="uploaded_by")

ASSIGNMENT_TICKET = Relation(name="assignment.ticket", target=entities.TICKET, parent_column="ticket_id")
ASSIGNMENT_TECHNICIAN = Relation(
    name="assignment.technician", target=entities.TECHNICIAN, parent_column="technician_id"
)
ASSIGNMENT_TIER = Relation(
    name="assignment.tier",
    target=entities.ESCALATION_TIER,
    parent_column="tier_level",
    target_column="level",
)
ASSIGNMENT_ASSIGNER = Relation(name="assignment.assignedBy", target=entities.USER, parent_column="assigned_by")
ASSIGNMENT_PREVIOUS = Relation(name="assignment.previous", target=entities.ASSIGNMENT, parent_column="previous_id")
ASSIGNMENT_NEXT = Relation(
    name="assignment.next", target=entities.ASSIGNMENT, parent_column="id", target_column="previous_id"
)
ASSIGNMENT_PARTS = Relation(
    name="assignment.partsUsed",
    target=entities.PART_USAGE,
    parent_column="id",
    target_column="assignment_id",
    many=True,
    order=by("line", Kind.NUMBER),
)

ASSIGNMENT_ATTACHMENTS = Relation(
    name="assignment.attachments",
    target=entities.ATTACHMENT,
    parent_column="id",
    target_column="assignment_id",
    many=True,
    order=BY_CREATION,
)

TECHNICIAN_USER = Relation(name="technician.user", target=entities.USER, parent_column="user_id")
TECHNICIAN_TEAM = Relation(name="technician.team", target=entities.TEAM, parent_column="team_id")
TECHNICIAN_TIER = Relation(
    name="technician.tier",
    target=entities.ESCALATION_TIER,
    parent_column="tier_level",
    target_column="level",
)
TECHNICIAN_MAIN_SKILL = Relation(name="technician.mainSkill", target=entities.SKILL, parent_column="main_skill_id")
TECHNICIAN_SKILLS = Relation(
    name="technician.skills",
    target=entities.TECHNICIAN_SKILL,
    parent_column="id",
    target_column="technician_id",
    many=True,
    order=by("skill_id", Kind.ID),
)
TECHNICIAN_SKILL_SKILL = Relation(name="technicianSkill.skill", target=entities.SKILL, parent_column="skill_id")
TECHNICIAN_TERRITORIES = Relation(
    name="technician.territories",
    target=entities.TERRITORY,
    parent_column="id",
    many=True,
    order=BY_NAME,
    via=Via(table=technician_territories, near="technician_id", far="territory_id"),
)
TECHNICIAN_CURRENT_JOB = Relation(
    name="technician.currentJob",
    target=entities.ASSIGNMENT,
    parent_column="id",
    target_column="technician_id",
    order=Order((Term("started_at", Kind.MOMENT), Term("id", Kind.ID))),
    where=_in_progress,
)
TECHNICIAN_LAST_LOCATION = Relation(
    name="technician.lastLocation",
    target=entities.TECHNICIAN_LOCATION,
    parent_column="id",
    target_column="technician_id",
)
TECHNICIAN_CALENDAR_FEED = Relation(
    name="technician.calendarFeed",
    target=entities.CALENDAR_FEED,
    parent_column="id",
    target_column="technician_id",
)
LOCATION_TECHNICIAN = Relation(
    name="technicianLocation.technician", target=entities.TECHNICIAN, parent_column="technician_id"
)

SHIFT_TECHNICIAN = Relation(name="shift.technician", target=entities.TECHNICIAN, parent_column="technician_id")
TIME_OFF_TECHNICIAN = Relation(name="timeOff.technician", target=entities.TECHNICIAN, parent_column="technician_id")
USER_TECHNICIAN = Relation(
    name="user.technician", target=entities.TECHNICIAN, parent_column="id", target_column="user_id"
)
TEAM_MEMBERS = Relation(
    name="team.members",
    target=entities.TECHNICIAN,
    parent_column="id",
    target_column="team_id",
    many=True,
    order=by("id", Kind.ID),
)
TIER_TEAM = Relation(name="escalationTier.team", target=entities.TEAM, parent_column="team_id")
SAVED_VIEWS = Relation(
    name="query.savedViews",
    target=entities.SAVED_VIEW,
    parent_column="organization_id",
    target_column="organization_id",
    many=True,
    order=BY_NAME,
)
VIEW_OWNER = Relation(name="savedView.owner", target=entities.USER, parent_column="owner_id")
ORGANIZATION_TIERS = Relation(
    name="organization.tiers",
    target=entities.ESCALATION_TIER,
    parent_column="organization_id",
    target_column="organization_id",
    many=True,
    order=by("level", Kind.NUMBER),
)
ORGANIZATION_SETTINGS = Relation(
    name="organization.settings",
    target=entities.ORGANIZATION_SETTINGS,
    parent_column="organization_id",
    target_column="organization_id",
)
USER_CUSTOMERS = Relation(
    name="user.customers",
    target=entities.CUSTOMER,
    parent_column="id",
    many=True,
    order=BY_NAME,
    via=Via(table=customer_users, near="user_id", far="customer_id"),
)
CUSTOMER_ASSETS = Relation(
    name="customer.assets",
    target=entities.ASSET,
    parent_column="id",
    target_column="customer_id",
    many=True,
    order=BY_NAME,
)
ASSET_CUSTOMER = Relation(name="asset.customer", target=entities.CUSTOMER, parent_column="customer_id")
CUSTOMER_APPOINTMENTS = Relation(
    name="customer.appointments",
    target=entities.APPOINTMENT,
    parent_column="id",
    target_column="customer_id",
    many=True,
    order=BY_START,
)
ASSET_APPOINTMENTS = Relation(
    name="asset.appointments",
    target=entities.APPOINTMENT,
    parent_column="id",
    target_column="asset_id",
    many=True,
    order=BY_START,
)
