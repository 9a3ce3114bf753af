"""What can be read: each GraphQL object type that stands on a table, who sees its rows and columns.

Visibility and masks are functions of the viewer's class; the viewer's ids are bound parameters.
None means that nothing needs to be asked.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from app.db.tables.api_keys import api_keys
from app.db.tables.appointments import appointment_series, appointments, bookings, waitlist_entries
from app.db.tables.assignments import assignment_parts, assignments
from app.db.tables.attachments import attachments
from app.db.tables.availability import shifts, time_off
from app.db.tables.customers import assets, customer_users, customers, parts
from app.db.tables.deliveries import calendar_feeds
from app.db.tables.locations import technician_locations
from app.db.tables.organizations import (
    escalation_tiers,
    organization_settings,
    organizations,
    skills,
    teams,
    territories,
)
from app.db.tables.people import technician_skills, technicians, users
from app.db.tables.sla import business_calendars, sla_clocks, sla_policies
from app.db.tables.supply import (
    facilities,
    service_bays,
    service_type_skills,
    service_types,
    territory_holidays,
)
from app.db.tables.tickets import comments, ticket_required_parts, ticket_required_skills, tickets
from app.db.tables.views import saved_views
from app.domain.assignments import ACTIVE
from app.domain.bookings import BookingKind
from app.domain.people import Role
from app.domain.policy import UNDER_WAY, Action, Scope, Visibility
from app.reads.viewers import ORGANIZATION as OWN_ORGANIZATION
from app.reads.viewers import VIEWER_CUSTOMERS, VIEWER_TECHNICIAN, VIEWER_USER, reaches

_STAFF_ROLES = [role.value for role in Role if role is not Role.END_USER]

Condition = Callable[[sa.FromClause, Visibility], "sa.ColumnElement[bool] | None"]


def everyone(_table: sa.FromClause, visibility: Visibility) -> "sa.ColumnElement[bool] | None":
    """Everyone in the organisation sees every row, but for a key that reads none."""
    return sa.false() if visibility is Visibility.NOTHING else None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entity:
    """A type of object on a table.

    `name` is the GraphQL type's. `key` is the column that identifies a row within the organisation;
    a type without one is only reached through its parent. `visible` filters rows, `masks` hide
    columns: the value is null unless the condition holds. `ticket` is the column with the ticket
    that a row belongs to: only with its ticket is it seen.
    """

    name: str
    table: sa.Table
    key: str | None = "id"
    visible: Condition = everyone
    ticket: str | None = None
    masks: Mapping[str, Condition] = field(default_factory=lambda: MappingProxyType({}))

    def seen(
        self, table: sa.FromClause, visibility: Visibility, *, ticket_seen: bool = False
    ) -> "list[sa.ColumnElement[bool]]":
        """Return the conditions under which a viewer sees a row: the organisation, the entity's own, its ticket.

        With `ticket_seen` it is known already that the viewer sees the row's ticket.
        """
        conditions = [table.c.organization_id == OWN_ORGANIZATION]
        own = self.visible(table, visibility)
        if own is not None:
            conditions.append(own)
        if self.ticket is not None and not ticket_seen:
            conditions.append(_of_visible_ticket(table, self.ticket, visibility))
        return conditions

    def shown(self, table: sa.FromClause, column: str, visibility: Visibility) -> "sa.ColumnElement[Any]":
        """Return a column as a viewer sees it: null where a mask hides the value."""
        mask = self.masks.get(column)
        condition = None if mask is None else mask(table, visibility)
        if condition is None:
            return table.c[column]
        return sa.case((condition, table.c[column]), else_=sa.null()).label(column)


def _visible_tickets(table: sa.FromClause, visibility: Visibility) -> "sa.ColumnElement[bool]":
    present = table.c.deleted_at.is_(None)
    if visibility is Visibility.NOTHING:
        return sa.false()
    if visibility is Visibility.OWN:
        return present & ((table.c.requester_id == VIEWER_USER) | (table.c.customer_id == sa.any_(VIEWER_CUSTOMERS)))
    return present


def _of_visible_ticket(table: sa.FromClause, column: str, visibility: Visibility) -> "sa.ColumnElement[bool]":
    ticket = tickets.alias()
    return sa.exists().where(
        ticket.c.organization_id == table.c.organization_id,
        ticket.c.id == table.c[column],
        _visible_tickets(ticket, visibility),
    )


def _visible_comments(table: sa.FromClause, visibility: Visibility) -> "sa.ColumnElement[bool]":
    shown = table.c.deleted_at.is_(None)
    return shown & ~table.c.internal if _outside(visibility) else shown


def _visible_attachments(table: sa.FromClause, visibility: Visibility) -> "sa.ColumnElement[bool]":
    """Let nobody see files that were deleted, alone or with what they belonged to, and staff alone internal ones."""
    comment = comments.alias()
    said = sa.exists().where(
        comment.c.organization_id == table.c.organization_id,
        comment.c.id == table.c.comment_id,
        comment.c.deleted_at.is_(None),
    )
    shown = table.c.deleted_at.is_(None) & (table.c.comment_id.is_(None) | said)
    return shown & ~table.c.internal if _outside(visibility) else shown


def _own_customers(table: sa.FromClause, visibility: Visibility) -> "sa.ColumnElement[bool] | None":
    return _among_own(table.c.id, visibility)


def _assets_of_own_customers(table: sa.FromClause, visibility: Visibility) -> "sa.ColumnElement[bool] | None":
    return _among_own(table.c.customer_id, visibility)


def _among_own(customer_id: "sa.ColumnElement[Any]", visibility: Visibility) -> "sa.ColumnElement[bool] | None":
    if visibility is Visibility.NOTHING:
        return sa.false()
    return (customer_id == sa.any_(VIEWER_CUSTOMERS)) if visibility is Visibility.OWN else None


def _staff_only(_table: sa.FromClause, visibility: Visibility) -> "sa.ColumnElement[bool] | None":
    return sa.false() if _outside(visibility) else None


def _known_users(table: sa.FromClause, visibility: Visibility) -> "sa.ColumnElement[bool] | None":
    """Let customers know themselves, their colleagues, and whoever works for the organisation or was its technician."""
    if visibility is Visibility.NOTHING:
        return table.c.id == VIEWER_USER
    if not _outside(visibility):
        return None
    member, ticket, technician = customer_users.alias(), tickets.alias(), technicians.alias()
    colleague = sa.exists().where(
        member.c.organization_id == table.c.organization_id,
        member.c.user_id == table.c.id,
        member.c.customer_id == sa.any_(VIEWER_CUSTOMERS),
    )
    asked_for_ours = sa.exists().where(
        ticket.c.organization_id == table.c.organization_id,
        ticket.c.requester_id == table.c.id,
        ticket.c.customer_id == sa.any_(VIEWER_CUSTOMERS),
    )
    works_here = table.c.roles.op("&&", is_comparison=True)(sa.literal(_STAFF_ROLES, sa.ARRAY(sa.Text)))
    # Whoever left keeps their name on the jobs they did, and a technician is never without a user.
    worked_here = sa.exists().where(
        technician.c.organization_id == table.c.organization_id, technician.c.user_id == table.c.id
    )
    return sa.or_(table.c.id == VIEWER_USER, works_here, worked_here, colleague, asked_for_ours)


def _oneself_or_staff(table: sa.FromClause, visibility: Visibility) -> "sa.ColumnElement[bool] | None":
    return (table.c.id == VIEWER_USER) if _outside(visibility) else None


def _address_of_customer(table: sa.FromClause, visibility: Visibility) -> "sa.ColumnElement[bool] | None":
    if visibility is not Visibility.STAFF:
        return _own_customers(table, visibility)
    job, ticket = assignments.alias(), tickets.alias()
    of_ticket = sa.and_(job.c.organization_id == ticket.c.organization_id, job.c.ticket_id == ticket.c.id)
    return (
        sa.exists()
        .select_from(ticket.join(job, of_ticket))
        .where(
            ticket.c.organization_id == table.c.organization_id,
            ticket.c.customer_id == table.c.id,
            job.c.technician_id == VIEWER_TECHNICIAN,
            job.c.status.in_(ACTIVE),
        )
    )


def _address_of_ticket(table: sa.FromClause, visibility: Visibility) -> "sa.ColumnElement[bool] | None":
    if visibility is not Visibility.STAFF:
        return None
    job = assignments.alias()
    return (table.c.requester_id == VIEWER_USER) | sa.exists().where(
        job.c.organization_id == table.c.organization_id,
        job.c.ticket_id == table.c.id,
        job.c.technician_id == VIEWER_TECHNICIAN,
        job.c.status.in_(ACTIVE),
    )


def _own_or_shared(table: sa.FromClause, visibility: Visibility) -> "sa.ColumnElement[bool]":
    """Let staff see what others share; how they look at tickets is nothing for customers."""
    if visibility is Visibility.NOTHING:
        return sa.false()
    mine = table.c.owner_id == VIEWER_USER
    return mine if visibility is Visibility.OWN else mine | table.c.shared


def _expected_or_dispatch(table: sa.FromClause, visibility: Visibility) -> "sa.ColumnElement[bool] | None":
    """Let requesters see whoever is under way to them, as the policy's EXPECTED does."""
    if visibility is Visibility.NOTHING:
        return sa.false()
    if visibility not in {Visibility.OWN, Visibility.STAFF}:
        return None
    job, ticket = assignments.alias(), tickets.alias()
    of_ticket = sa.and_(job.c.organization_id == ticket.c.organization_id, job.c.ticket_id == ticket.c.id)
    return (
        sa.exists()
        .select_from(job.join(ticket, of_ticket))
        .where(
            job.c.organization_id == table.c.organization_id,
            job.c.technician_id == table.c.technician_id,
            job.c.status.in_(sorted(UNDER_WAY)),
            ticket.c.requester_id == VIEWER_USER,
            ticket.c.deleted_at.is_(None),
        )
    )


def _with_an_appointment_seen(table: sa.FromClause, visibility: Visibility) -> "sa.ColumnElement[bool] | None":
    """Let customers see the series of which they see an appointment."""
    if not _outside(visibility):
        return None
    appointment = appointments.alias()
    return sa.exists().where(
        appointment.c.organization_id == table.c.organization_id,
        appointment.c.series_id == table.c.id,
        _of_visible_ticket(appointment, "ticket_id", visibility),
    )


def _known_holds(table: sa.FromClause, visibility: Visibility) -> "sa.ColumnElement[bool]":
    """Let staff see what is held, and customers what they hold or is held for them; what was given back nobody."""
    held = (table.c.kind == BookingKind.HOLD) & table.c.active
    if visibility is Visibility.NOTHING:
        return sa.false()
    if visibility is Visibility.OWN:
        return held & ((table.c.held_by == VIEWER_USER) | (table.c.customer_id == sa.any_(VIEWER_CUSTOMERS)))
    return held


def _own_wait(table: sa.FromClause, visibility: Visibility) -> "sa.ColumnElement[bool] | None":
    """Let customers see who of theirs waits, and what they joined themselves."""
    if visibility is Visibility.NOTHING:
        return sa.false()
    if visibility is not Visibility.OWN:
        return None
    return (table.c.joined_by == VIEWER_USER) | (table.c.customer_id == sa.any_(VIEWER_CUSTOMERS))


def _keys_of_others(_table: sa.FromClause, _visibility: Visibility) -> "sa.ColumnElement[bool]":
    return reaches(Action.MANAGE_API_KEYS, Scope.ALL)


def _oneself_or_dispatch(column: str) -> Condition:
    """Let technicians see what is their own, and dispatchers what is anybody's."""

    def condition(table: sa.FromClause, visibility: Visibility) -> "sa.ColumnElement[bool] | None":
        if _outside(visibility):
            return sa.false()
        return (table.c[column] == VIEWER_TECHNICIAN) if visibility is Visibility.STAFF else None

    return condition


def _outside(visibility: Visibility) -> bool:
    return visibility in {Visibility.OWN, Visibility.NOTHING}


_PLACE_OF_CUSTOMER = MappingProxyType(dict.fromkeys(("address", "latitude", "longitude"), _address_of_customer))
_PLACE_OF_TICKET = MappingProxyType(dict.fromkeys(("address", "latitude", "longitude"), _address_of_ticket))

ORGANIZATION = Entity(name="Organization", table=organizations)
ORGANIZATION_SETTINGS = Entity(
    name="OrganizationSettings",
    table=organization_settings,
    key=None,
    masks=MappingProxyType({"hourly_rate": _staff_only}),
)
ESCALATION_TIER = Entity(name="EscalationTier", table=escalation_tiers, key=None)
TEAM = Entity(name="Team", table=teams)
TERRITORY = Entity(name="Territory", table=territories)
SKILL = Entity(name="Skill", table=skills)
TERRITORY_HOLIDAY = Entity(name="TerritoryHoliday", table=territory_holidays, key=None)
SERVICE_TYPE = Entity(name="ServiceType", table=service_types, key=None)
SERVICE_TYPE_SKILL = Entity(name="ServiceTypeSkill", table=service_type_skills, key=None)
USER = Entity(name="User", table=users, visible=_known_users, masks=MappingProxyType({"email": _oneself_or_staff}))
TECHNICIAN = Entity(
    name="Technician",
    table=technicians,
    masks=MappingProxyType(dict.fromkeys(("home_latitude", "home_longitude"), _oneself_or_dispatch("id"))),
)
SHIFT = Entity(name="Shift", table=shifts, visible=_staff_only)
TIME_OFF = Entity(
    name="TimeOff",
    table=time_off,
    visible=_staff_only,
    masks=MappingProxyType({"reason": _oneself_or_dispatch("technician_id")}),
)
TECHNICIAN_SKILL = Entity(name="TechnicianSkill", table=technician_skills, key=None)
TECHNICIAN_LOCATION = Entity(
    name="TechnicianLocation", table=technician_locations, key=None, visible=_expected_or_dispatch
)
# Only its address is told.
CALENDAR_FEED = Entity(name="CalendarFeed", table=calendar_feeds, key=None)
CUSTOMER = Entity(name="Customer", table=customers, visible=_own_customers, masks=_PLACE_OF_CUSTOMER)
ASSET = Entity(name="Asset", table=assets, visible=_assets_of_own_customers)
PART = Entity(
    name="Part",
    table=parts,
    masks=MappingProxyType({"unit_cost": _staff_only}),
)
TICKET = Entity(name="Ticket", table=tickets, visible=_visible_tickets, masks=_PLACE_OF_TICKET)
# What a ticket shows of its clocks stands in the ticket's own row.
TICKET_SLA = Entity(name="TicketSla", table=tickets, key=None, visible=_visible_tickets)
SLA_CLOCK = Entity(name="SlaClock", table=sla_clocks, ticket="ticket_id")
SLA_POLICY = Entity(name="SlaPolicy", table=sla_policies)
BUSINESS_CALENDAR = Entity(name="BusinessCalendar", table=business_calendars)
SKILL_REQUIREMENT = Entity(name="SkillRequirement", table=ticket_required_skills, key=None)
PART_REQUIREMENT = Entity(name="PartRequirement", table=ticket_required_parts, key=None)
COMMENT = Entity(name="Comment", table=comments, visible=_visible_comments, ticket="ticket_id")
ATTACHMENT = Entity(name="Attachment", table=attachments, visible=_visible_attachments, ticket="ticket_id")
ASSIGNMENT = Entity(name="Assignment", table=assignments, ticket="ticket_id")
FACILITY = Entity(name="Facility", table=facilities)
SERVICE_BAY = Entity(name="ServiceBay", table=service_bays)
APPOINTMENT = Entity(name="Appointment", table=appointments, ticket="ticket_id")
APPOINTMENT_SERIES = Entity(name="AppointmentSeries", table=appointment_series, visible=_with_an_appointment_seen)
SLOT_HOLD = Entity(name="SlotHold", table=bookings, visible=_known_holds)
WAITLIST_ENTRY = Entity(name="WaitlistEntry", table=waitlist_entries, visible=_own_wait)
SAVED_VIEW = Entity(name="SavedView", table=saved_views, visible=_own_or_shared)
API_KEY = Entity(name="ApiKey", table=api_keys, visible=_keys_of_others)
PART_USAGE = Entity(name="PartUsage", table=assignment_parts, key=None, masks=MappingProxyType({"cost": _staff_only}))

NODES: Mapping[str, Entity] = MappingProxyType(
    {
        entity.name: entity
        for entity in (
            ORGANIZATION,
            TEAM,
            TERRITORY,
            SKILL,
            USER,
            TECHNICIAN,
            CUSTOMER,
            ASSET,
            PART,
            TICKET,
            COMMENT,
            ATTACHMENT,
            ASSIGNMENT,
            SLA_POLICY,
            BUSINESS_CALENDAR,
            SAVED_VIEW,
            FACILITY,
            SERVICE_BAY,
            APPOINTMENT,
            APPOINTMENT_SERIES,
            WAITLIST_ENTRY,
            SLOT_HOLD,
            API_KEY,
            SHIFT,
            TIME_OFF,
        )
    }
)
