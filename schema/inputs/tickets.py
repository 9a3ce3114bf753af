"""Inputs of mutations on tickets and their comments."""

from typing import Any

import strawberry

from app.domain import validation
from app.services.add_comment import AddComment
from app.services.create_ticket import CreateTicket, NeededPart, NeededSkill
from schema.enums import Environment, TicketCategory, TicketPriority
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
    territory_id: strawberry.ID | None = strawberry.field(default=None, description="In which territory.")
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
            territory_id=optional_key("Territory", self.territory_id, "territoryId"),
            latitude=None if self.location is None else self.location.lat,
            longitude=None if self.location is None else self.location.lon,
            address=self.address,
            required_skills=tuple(
                NeededSkill(
                    skill_id=key_of("Skill", each.skill_id, "requiredSkills", str(at), "skillId"),
                    level=each.level,
                )
                for at, each in enumerate(self.required_skills or ())
            ),
            required_parts=tuple(
                NeededPart(
                    part_id=key_of("Part", each.part_id, "requiredParts", str(at), "partId"),
                    quantity=each.quantity,
                    critical=each.critical,
                )
                for at, each in enumerate(self.required_parts or ())
            ),
            tags=tuple(self.tags or ()),
            custom_fields=custom,
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="Something to say on a ticket.")
class AddCommentInput:
    """Something to say on a ticket."""

    ticket_id: strawberry.ID = strawberry.field(description="On which ticket.")
    body: str = strawberry.field(description="What to say; 1 to 20,000 characters.")
    internal: bool = strawberry.field(default=False, description="Hide it from customers; staff only.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> AddComment:
        """Return the command. Raises Invalid for an id of another type."""
        return AddComment(
            ticket_id=key_of("Ticket", self.ticket_id, "ticketId"),
            body=self.body,
            internal=self.internal,
            idempotency_key=self.idempotency_key,
        )
