"""Inputs of mutations on tickets."""

from typing import Any

import strawberry

from app.domain import validation
from app.services.tickets.bulk_update_tickets import BulkUpdateTickets
from app.services.tickets.create_ticket import CreateTicket
from app.services.tickets.ticket_action import TicketAction
from app.services.tickets.ticket_fields import NeededPart, NeededSkill
from app.services.tickets.transition_ticket import TransitionTicket
from app.services.tickets.update_ticket import UpdateTicket
from schema.enums import Environment, TicketCategory, TicketPriority, TicketStatus
from schema.ids import key_of, optional_key
from schema.scalars import JSONValue

KEY = "Makes a repeat of the same request harmless; 1 to 255 characters, kept for 7 days."


@strawberry.input(description="A place on the earth, in degrees (WGS 84).")
class GeoPointInput:
    """A place on the earth."""

    lat: float = strawberry.field(description="Latitude, -90 to 90.")
    lon: float = strawberry.field(description="Longitude, -180 to 180.")


@strawberry.input(description="A skill that a ticket asks of its technician.")
class SkillRequirementInput:
    """A skill that a ticket asks for."""

    skill_id: strawberry.ID = strawberry.field(description="Which skill.")
    level: int = strawberry.field(description="The least level of it, 1 to 5.")


@strawberry.input(description="A part that a ticket will need.")
class PartRequirementInput:
    """A part that a ticket will need."""

    part_id: strawberry.ID = strawberry.field(description="Which part.")
    quantity: int = strawberry.field(description="How many, 1 to 10,000.")
    critical: bool = strawberry.field(default=False, description="No visit makes sense without it.")


@strawberry.input(description="A new ticket.")
class CreateTicketInput:
    """A new ticket."""

    title: str = strawberry.field(description="What needs doing, in one line; 1 to 200 characters.")
    description: str = strawberry.field(description="What needs doing; 1 to 20,000 characters.")
    category: TicketCategory = strawberry.field(description="What kind of work it is.")
    priority: TicketPriority = strawberry.field(description="How urgent it is.")
    environment: Environment | None = strawberry.field(default=None, description="Which environment.")
    affected_service: str | None = strawberry.field(default=None, description="Which service.")
    customer_id: strawberry.ID | None = strawberry.field(
        default=None, description="For whom; without it, whom the asset belongs to."
    )
    asset_id: strawberry.ID | None = strawberry.field(default=None, description="On what.")
    requester_id: strawberry.ID | None = strawberry.field(
        default=None, description="Who asks for it; without it, the viewer."
    )
    territory_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="In which territory; left out: in the one whose area holds the location, null: in none.",
    )
    location: GeoPointInput | None = strawberry.field(default=None, description="Where.")
    address: str | None = strawberry.field(default=None, description="Where, in words; at most 500 characters.")
    required_skills: list[SkillRequirementInput] | None = strawberry.field(
        default=None, description="What the technician must be able to do; at most 20."
    )
    required_parts: list[PartRequirementInput] | None = strawberry.field(
        default=None, description="What will be needed; at most 20."
    )
    tags: list[str] | None = strawberry.field(default=None, description="Words to find it by; at most 20.")
    custom_fields: JSONValue | None = strawberry.field(
        default=None, description="The organisation's own fields: a JSON object of at most 16 KiB."
    )
    auto_dispatch: bool = strawberry.field(
        default=False, description="Give it to the best candidate at once; with none, noCandidate says why."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> CreateTicket:
        """Return the command. Raises Invalid for ids of another type."""
        custom: Any = self.custom_fields
        # Checked here, because the fingerprint of the command needs what JSON can spell.
        validation.custom_fields(custom)
        return CreateTicket(
            title=self.title,
            description=self.description,
            category=self.category,
            priority=self.priority,
            environment=self.environment,
            affected_service=self.affected_service,
            customer_id=optional_key("Customer", self.customer_id, "customerId"),
            asset_id=optional_key("Asset", self.asset_id, "assetId"),
            requester_id=optional_key("User", self.requester_id, "requesterId"),
            territory_id=optional_key("Territory", _given(self.territory_id), "territoryId"),
            finds_territory=self.territory_id is strawberry.UNSET,
            latitude=None if self.location is None else self.location.lat,
            longitude=None if self.location is None else self.location.lon,
            address=self.address,
            required_skills=_skills(self.required_skills),
            required_parts=_parts(self.required_parts),
            tags=tuple(self.tags or ()),
            custom_fields=custom,
            auto_dispatch=self.auto_dispatch,
            idempotency_key=self.idempotency_key,
        )


def _skills(wanted: list[SkillRequirementInput] | None) -> tuple[NeededSkill, ...]:
    return tuple(
        NeededSkill(skill_id=key_of("Skill", each.skill_id, "requiredSkills", str(at), "skillId"), level=each.level)
        for at, each in enumerate(wanted or ())
    )


def _parts(wanted: list[PartRequirementInput] | None) -> tuple[NeededPart, ...]:
    return tuple(
        NeededPart(
            part_id=key_of("Part", each.part_id, "requiredParts", str(at), "partId"),
            quantity=each.quantity,
            critical=each.critical,
        )
        for at, each in enumerate(wanted or ())
    )


def _given(value: Any) -> Any:
    """Return a value that may have been left out, None where it was."""
    return None if value is strawberry.UNSET else value


_CHANGEABLE = (
    "title", "description", "category", "priority", "environment", "affected_service", "customer_id", "asset_id",
    "territory_id", "location", "address", "required_skills", "required_parts", "tags", "custom_fields",
)  # fmt: skip


@strawberry.input(description="What a ticket is to say: what is left out stays, null takes it away where that can be.")
class UpdateTicketInput:
    """What a ticket is to say."""

    id: strawberry.ID = strawberry.field(description="Which ticket.")
    expected_version: int = strawberry.field(description="The version that was read; another one is refused.")
    title: str | None = strawberry.field(default=strawberry.UNSET, description="1 to 200 characters; not null.")
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description="1 to 20,000 characters; not null."
    )
    category: TicketCategory | None = strawberry.field(
        default=strawberry.UNSET, description="What kind of work it is; not null."
    )
    priority: TicketPriority | None = strawberry.field(
        default=strawberry.UNSET, description="How urgent it is; not null."
    )
    environment: Environment | None = strawberry.field(default=strawberry.UNSET, description="Which environment.")
    affected_service: str | None = strawberry.field(default=strawberry.UNSET, description="Which service.")
    customer_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="For whom.")
    asset_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="On what.")
    territory_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="In which territory; null: in none. Left out, it follows a location that was why it is in there.",
    )
    location: GeoPointInput | None = strawberry.field(default=strawberry.UNSET, description="Where.")
    address: str | None = strawberry.field(
        default=strawberry.UNSET, description="Where, in words; at most 500 characters."
    )
    required_skills: list[SkillRequirementInput] | None = strawberry.field(
        default=strawberry.UNSET, description="What the technician must be able to do, all of it; at most 20."
    )
    required_parts: list[PartRequirementInput] | None = strawberry.field(
        default=strawberry.UNSET, description="What will be needed, all of it; at most 20."
    )
    tags: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="Words to find it by, all of them; at most 20."
    )
    custom_fields: JSONValue | None = strawberry.field(
        default=strawberry.UNSET, description="The organisation's own fields, all of them: at most 16 KiB."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> UpdateTicket:
        """Return the command. Raises Invalid for ids of another type."""
        custom: Any = _given(self.custom_fields)
        validation.custom_fields(custom)
        place: GeoPointInput | None = _given(self.location)
        return UpdateTicket(
            ticket_id=key_of("Ticket", self.id, "id"),
            expected_version=self.expected_version,
            given=tuple(name for name in _CHANGEABLE if getattr(self, name) is not strawberry.UNSET),
            title=_given(self.title),
            description=_given(self.description),
            category=_given(self.category),
            priority=_given(self.priority),
            environment=_given(self.environment),
            affected_service=_given(self.affected_service),
            customer_id=optional_key("Customer", _given(self.customer_id), "customerId"),
            asset_id=optional_key("Asset", _given(self.asset_id), "assetId"),
            territory_id=optional_key("Territory", _given(self.territory_id), "territoryId"),
            latitude=None if place is None else place.lat,
            longitude=None if place is None else place.lon,
            address=_given(self.address),
            required_skills=_skills(_given(self.required_skills)),
            required_parts=_parts(_given(self.required_parts)),
            tags=tuple(_given(self.tags) or ()),
            custom_fields=custom,
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="A step of a ticket's life.")
class TransitionTicketInput:
    """A step of a ticket's life."""

    id: strawberry.ID = strawberry.field(description="Which ticket.")
    to: TicketStatus = strawberry.field(description="To which status; ASSIGNED and ESCALATED are not reached so.")
    note: str | None = strawberry.field(
        default=None, description="What to say besides; among colleagues if staff says it. At most 2,000 characters."
    )
    expected_version: int | None = strawberry.field(default=None, description="Refuse if it has another version.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> TransitionTicket:
        """Return the command. Raises Invalid for an id of another type."""
        return TransitionTicket(
            ticket_id=key_of("Ticket", self.id, "id"),
            to=self.to,
            note=self.note,
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="A ticket to resolve, close or reopen.")
class TicketActionInput:
    """A ticket to resolve, close or reopen."""

    id: strawberry.ID = strawberry.field(description="Which ticket.")
    notes: str | None = strawberry.field(
        default=None,
        description="On resolving what was done, at most 20,000 characters; else what to say, at most 2,000: on"
        " closing among colleagues, on reopening to everybody.",
    )
    expected_version: int | None = strawberry.field(default=None, description="Refuse if it has another version.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> TicketAction:
        """Return the command. Raises Invalid for an id of another type."""
        return TicketAction(
            ticket_id=key_of("Ticket", self.id, "id"),
            notes=self.notes,
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="What is to become of many tickets; what is left out stays as it is.")
class BulkUpdateTicketsInput:
    """What is to become of many tickets."""

    ids: list[strawberry.ID] = strawberry.field(description="Which tickets; 1 to 100.")
    priority: TicketPriority | None = strawberry.field(default=None, description="How urgent they are.")
    status: TicketStatus | None = strawberry.field(default=None, description="Where they are to stand.")
    add_tags: list[str] | None = strawberry.field(default=None, description="Words to add to those they have.")
    assign_to_technician_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whom to give them to; not with status."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> BulkUpdateTickets:
        """Return the command. Raises Invalid for ids of another type."""
        return BulkUpdateTickets(
            ticket_ids=tuple(key_of("Ticket", each, "ids", str(at)) for at, each in enumerate(self.ids)),
            priority=self.priority,
            status=self.status,
            add_tags=tuple(self.add_tags or ()),
            technician_id=optional_key("Technician", self.assign_to_technician_id, "assignToTechnicianId"),
            idempotency_key=self.idempotency_key,
        )
