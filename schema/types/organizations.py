"""The organisation and how it is divided."""

from dataclasses import fields, replace
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from app.domain.organizations import HORIZON_DAYS
from app.reads import entities, questions, relations
from schema.enums import AppointmentType, AutoBooking, Urgency
from schema.fields import Info, asks, composed, each_of, record_type, to_all, to_one
from schema.scalars import EventCursor, TimeZone
from schema.types.node import Connection, Edge, GeoPoint, Money, Node, Versioned

if TYPE_CHECKING:
    from schema.types.sla import SlaPolicy
    from schema.types.technicians import Technician


@record_type(entities.TEAM, "Technicians who work together.")
class Team(Node, Versioned):
    """Technicians who work together."""

    name: str = strawberry.field(description="What the team is called.")
    active: bool = strawberry.field(description="Whether what is new can name it.")
    members: list[Annotated["Technician", strawberry.lazy("schema.types.technicians")]] = to_all(
        relations.TEAM_MEMBERS, "The technicians of the team."
    )


@record_type(entities.TERRITORY_HOLIDAY, "A day on which nobody works in a territory.")
class TerritoryHoliday:
    """A day on which nobody works in a territory."""

    day: date = strawberry.field(description="Which day, where the territory is.")
    name: str = strawberry.field(description="What it is called.")


@record_type(entities.TERRITORY, "An area in which technicians work.")
class Territory(Node, Versioned):
    """An area in which technicians work."""

    name: str = strawberry.field(description="What the territory is called.")
    time_zone: TimeZone = strawberry.field(description="The zone of its local dates.")
    active: bool = strawberry.field(description="Whether what is new can name it.")
    area: list[GeoPoint] | None = each_of(
        "area",
        GeoPoint,
        "The corners of the polygon from which new places fall into it by themselves, each once and in order; null:"
        " none do.",
        rows=20,
    )
    holidays: list[TerritoryHoliday] = to_all(
        relations.TERRITORY_HOLIDAYS, "The days on which nobody works in it, first to last."
    )


@record_type(entities.SKILL, "Something a technician can be good at.")
class Skill(Node, Versioned):
    """Something a technician can be good at."""

    code: str = strawberry.field(description="Short and unique within the organisation.")
    name: str = strawberry.field(description="What the skill is called.")
    active: bool = strawberry.field(description="Whether what is new can name it.")


@record_type(entities.ESCALATION_TIER, "A level of escalation; tickets begin at the lowest.")
class EscalationTier:
    """A level of escalation."""

    level: int = strawberry.field(description="Its rank; tickets climb to higher ones.")
    code: str = strawberry.field(description="Short and unique within the organisation, such as L1.")
    name: str = strawberry.field(description="What the tier is called.")
    accept_within_minutes: int | None = strawberry.field(
        description="How long an offer stands at this tier; null: as the organisation's setting says."
    )
    team: Team | None = to_one(relations.TIER_TEAM, "The team that works this tier; null: no particular one.")


@record_type(entities.SERVICE_TYPE_SKILL, "A skill that a kind of service asks of its technician.")
class ServiceTypeSkill:
    """A skill that a kind of service asks for."""

    skill: Skill = to_one(relations.SERVICE_TYPE_SKILL_SKILL, "Which skill.")
    level: int = strawberry.field(description="The least level of it, 1 to 5.")


@record_type(entities.SERVICE_TYPE, "What is usual for a kind of service here.")
class ServiceType:
    """What is usual for a kind of service here."""

    type: AppointmentType = strawberry.field(description="Which kind.")
    duration_minutes: int | None = strawberry.field(description="How long it takes; null: as long as everywhere.")
    urgency: Urgency | None = strawberry.field(description="How urgent it is; null: as urgent as everywhere.")
    auto_book_from: AutoBooking | None = strawberry.field(
        description="From which severity on alerts of it are booked by themselves; null: as everywhere."
    )
    required_skills: list[ServiceTypeSkill] = to_all(
        relations.SERVICE_TYPE_SKILLS, "What its technicians must be good at."
    )


@strawberry.type(description="How time is booked.")
class BookingRules:
    """How time is booked."""

    max_bookings_per_technician_per_day: int = strawberry.field(
        description="How many bookings a technician has on one of their days at most."
    )
    buffer_minutes: int = strawberry.field(description="Between two bookings of a technician or a bay.")
    hold_minutes: int = strawberry.field(description="For how long a slot can be held.")
    auto_book_critical_alerts: bool = strawberry.field(
        description="Whether alerts are booked without anybody being asked, as their kind of service says."
    )
    auto_book_within_days: int = strawberry.field(description=f"Within how many days they are, at most {HORIZON_DAYS}.")
    reminder_hours_before: int = strawberry.field(description="When a reminder is sent; 0: none is.")
    free_cancellation_hours: int = strawberry.field(
        description="Until how long before it an appointment can be cancelled free of charge."
    )
    late_cancellation_fee: Money | None = strawberry.field(description="What that costs later; null: nothing.")
    waitlist_offer_minutes: int = strawberry.field(description="For how long who waits is offered a slot.")
    send_confirmation_email: bool = strawberry.field(description="Whether invitations are sent by e-mail.")


def _in_force(root: strawberry.Parent[Any], info: Info) -> BookingRules:
    """Return how an organisation books time."""
    server = info.context.process.writer.booking_rules
    found = {each.name: getattr(root, each.name) for each in fields(server)}
    settled = replace(server, **{name: value for name, value in found.items() if value is not None})
    fee = settled.late_cancellation_fee
    said = {each.name: getattr(settled, each.name) for each in fields(settled)}
    shown = None if fee is None else Money(amount=fee, currency=root.currency)
    return BookingRules(**{**said, "late_cancellation_fee": shown})


@record_type(entities.ORGANIZATION_SETTINGS, "How an organisation wants its work done.")
class OrganizationSettings:
    """How an organisation wants its work done."""

    offer_accept_minutes: int | None = strawberry.field(
        description="How long an offer stands where its tier says nothing; null: without end."
    )
    urgent_accept_minutes: int | None = strawberry.field(
        description="How long one stands at P1, where that is shorter; null: as any other."
    )
    one_job_in_progress: bool = strawberry.field(description="Whether a technician works on one job at a time.")
    max_jobs_per_day: int | None = strawberry.field(
        description="How many jobs a technician may be given on one of their days; null: any number."
    )
    reopen_window_days: int = strawberry.field(description="For how many days a closed ticket can be brought back.")
    sla_enabled: bool = strawberry.field(description="Whether new tickets get clocks.")
    booking: BookingRules = strawberry.field(
        resolver=_in_force,
        description="How it books time: as it has settled, else as the server says.",
        metadata={"ordinary": "what nobody has settled is as the server says"},
    )
    hourly_rate: Money | None = composed(
        Money,
        "What an hour of a technician costs; null: not known, or not the viewer's to see.",
        amount="hourly_rate",
        currency="currency",
    )


@record_type(entities.ORGANIZATION, "Whoever runs this field service; sees nothing of any other.")
class Organization(Node, Versioned):
    """Whoever runs this field service."""

    name: str = strawberry.field(description="What the organisation is called.")
    time_zone: TimeZone = strawberry.field(description="The zone of dates that belong to no territory.")
    settings: OrganizationSettings | None = to_one(
        relations.ORGANIZATION_SETTINGS, "How it wants its work done; null: nothing was settled."
    )
    sla_policies: list[Annotated["SlaPolicy", strawberry.lazy("schema.types.sla")]] = to_all(
        relations.ORGANIZATION_POLICIES,
        "What it promises, newest version first: that one is in force, tickets keep the one they were promised.",
    )
    tiers: list[EscalationTier] = to_all(relations.ORGANIZATION_TIERS, "The tiers, lowest first.")
    service_types: list[ServiceType] = to_all(
        relations.ORGANIZATION_SERVICE_TYPES,
        "What it has settled for kinds of service; one that is not here is as everywhere.",
    )
    latest_event_cursor: EventCursor = asks(
        questions.Head(), "Where the event log stands now; subscribe after it to miss nothing."
    )


@strawberry.type(description="A territory in a list.")
class TerritoryEdge(Edge):
    """A territory in a list."""

    node: Territory = strawberry.field(description="The territory.")


@strawberry.type(description="A part of a list of territories.")
class TerritoryConnection(Connection):
    """A part of a list of territories."""

    edges: list[TerritoryEdge] = strawberry.field(description="The territories with their places.")
    nodes: list[Territory] = strawberry.field(description="The territories alone.")


@strawberry.type(description="A team in a list.")
class TeamEdge(Edge):
    """A team in a list."""

    node: Team = strawberry.field(description="The team.")


@strawberry.type(description="A part of a list of teams.")
class TeamConnection(Connection):
    """A part of a list of teams."""

    edges: list[TeamEdge] = strawberry.field(description="The teams with their places.")
    nodes: list[Team] = strawberry.field(description="The teams alone.")


@strawberry.type(description="A skill in a list.")
class SkillEdge(Edge):
    """A skill in a list."""

    node: Skill = strawberry.field(description="The skill.")


@strawberry.type(description="A part of a list of skills.")
class SkillConnection(Connection):
    """A part of a list of skills."""

    edges: list[SkillEdge] = strawberry.field(description="The skills with their places.")
    nodes: list[Skill] = strawberry.field(description="The skills alone.")
