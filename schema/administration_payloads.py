"""What mutations on the rows that an organisation keeps of itself answer."""

from asyncio import gather
from typing import Any

import strawberry

from app.domain.rosters import MOST_SHIFTS
from app.reads import entities
from app.services.perform import Written
from resolvers.context import Operation
from schema.errors import DeletionError, PromiseError, RecordError, SettlingError
from schema.fields import ONE_ROW
from schema.payloads import MutationPayload, named
from schema.types.customers import Asset, Customer, Part
from schema.types.organizations import Organization, Skill, Team, Territory
from schema.types.schedules import Shift, TimeOff
from schema.types.sla import BusinessCalendar, SlaPolicy
from schema.types.supply import Facility, ServiceBay
from schema.types.technicians import Technician
from schema.types.users import User

_WARNINGS = "What is to be thought about, now that it is written; empty: nothing, or this is the answer to a repeat."
_WHY = "Why nothing was written; empty: it was."


@strawberry.type(description="What mutations on teams answer.")
class TeamPayload(MutationPayload):
    """What mutations on teams answer."""

    team: Team | None = strawberry.field(default=None, description="The team; null: nothing was written.")
    errors: list[RecordError] = strawberry.field(default_factory=list, description=_WHY, metadata=ONE_ROW)


@strawberry.type(description="What mutations on skills answer.")
class SkillPayload(MutationPayload):
    """What mutations on skills answer."""

    skill: Skill | None = strawberry.field(default=None, description="The skill; null: nothing was written.")
    errors: list[RecordError] = strawberry.field(default_factory=list, description=_WHY, metadata=ONE_ROW)


@strawberry.type(description="What mutations on territories answer.")
class TerritoryPayload(MutationPayload):
    """What mutations on territories answer."""

    territory: Territory | None = strawberry.field(
        default=None, description="The territory; null: nothing was written."
    )
    errors: list[RecordError] = strawberry.field(default_factory=list, description=_WHY, metadata=ONE_ROW)


@strawberry.type(description="What mutations on facilities answer.")
class FacilityPayload(MutationPayload):
    """What mutations on facilities answer."""

    facility: Facility | None = strawberry.field(default=None, description="The facility; null: nothing was written.")
    errors: list[RecordError] = strawberry.field(default_factory=list, description=_WHY, metadata=ONE_ROW)


@strawberry.type(description="What mutations on service bays answer.")
class ServiceBayPayload(MutationPayload):
    """What mutations on service bays answer."""

    service_bay: ServiceBay | None = strawberry.field(
        default=None, description="The service bay; null: nothing was written."
    )
    errors: list[RecordError] = strawberry.field(default_factory=list, description=_WHY, metadata=ONE_ROW)


@strawberry.type(description="What mutations on customers answer.")
class CustomerPayload(MutationPayload):
    """What mutations on customers answer."""

    customer: Customer | None = strawberry.field(default=None, description="The customer; null: nothing was written.")
    errors: list[RecordError] = strawberry.field(default_factory=list, description=_WHY, metadata=ONE_ROW)


@strawberry.type(description="What mutations on assets answer.")
class AssetPayload(MutationPayload):
    """What mutations on assets answer."""

    asset: Asset | None = strawberry.field(default=None, description="The asset; null: nothing was written.")
    errors: list[RecordError] = strawberry.field(default_factory=list, description=_WHY, metadata=ONE_ROW)


@strawberry.type(description="What mutations on parts answer.")
class PartPayload(MutationPayload):
    """What mutations on parts answer."""

    part: Part | None = strawberry.field(default=None, description="The part; null: nothing was written.")
    warnings: list[str] = strawberry.field(default_factory=list, description=_WARNINGS)
    errors: list[RecordError] = strawberry.field(default_factory=list, description=_WHY, metadata=ONE_ROW)


@strawberry.type(description="What settling something about the organisation answers.")
class OrganizationPayload(MutationPayload):
    """What settling something about the organisation answers."""

    organization: Organization | None = strawberry.field(
        default=None, description="The organisation; null: nothing was written."
    )
    errors: list[SettlingError] = strawberry.field(default_factory=list, description=_WHY, metadata=ONE_ROW)


@strawberry.type(description="What saving a business calendar answers.")
class BusinessCalendarPayload(MutationPayload):
    """What saving a business calendar answers."""

    business_calendar: BusinessCalendar | None = strawberry.field(
        default=None, description="The version that holds from now on; null: nothing was written."
    )
    errors: list[PromiseError] = strawberry.field(default_factory=list, description=_WHY, metadata=ONE_ROW)


@strawberry.type(description="What saving a policy answers.")
class SlaPolicyPayload(MutationPayload):
    """What saving a policy answers."""

    sla_policy: SlaPolicy | None = strawberry.field(
        default=None, description="The version that is in force from now on; null: nothing was written."
    )
    errors: list[PromiseError] = strawberry.field(default_factory=list, description=_WHY, metadata=ONE_ROW)


@strawberry.type(description="What mutations on users answer.")
class UserPayload(MutationPayload):
    """What mutations on users answer."""

    user: User | None = strawberry.field(default=None, description="The user; null: nothing was written.")
    errors: list[RecordError] = strawberry.field(default_factory=list, description=_WHY, metadata=ONE_ROW)


@strawberry.type(description="What mutations on technicians answer.")
class TechnicianPayload(MutationPayload):
    """What mutations on technicians answer."""

    technician: Technician | None = strawberry.field(
        default=None, description="The technician; null: nothing was written."
    )
    warnings: list[str] = strawberry.field(default_factory=list, description=_WARNINGS)
    errors: list[RecordError] = strawberry.field(default_factory=list, description=_WHY, metadata=ONE_ROW)


@strawberry.type(description="What mutations on a shift answer.")
class ShiftPayload(MutationPayload):
    """What mutations on a shift answer."""

    shift: Shift | None = strawberry.field(default=None, description="The shift; null: nothing was written.")
    warnings: list[str] = strawberry.field(default_factory=list, description=_WARNINGS)
    errors: list[RecordError] = strawberry.field(default_factory=list, description=_WHY, metadata=ONE_ROW)


@strawberry.type(description="What creating shifts by the week answers.")
class ShiftsPayload(MutationPayload):
    """What creating shifts by the week answers."""

    shifts: list[Shift] = strawberry.field(
        default_factory=list,
        description="All that were asked for, by where they begin: made now, or there already. Empty: nothing was"
        " written.",
        metadata={"rows": MOST_SHIFTS},
    )
    errors: list[RecordError] = strawberry.field(default_factory=list, description=_WHY, metadata=ONE_ROW)


@strawberry.type(description="What mutations on time off answer.")
class TimeOffPayload(MutationPayload):
    """What mutations on time off answer."""

    time_off: TimeOff | None = strawberry.field(default=None, description="The time off; null: nothing was written.")
    warnings: list[str] = strawberry.field(default_factory=list, description=_WARNINGS)
    errors: list[RecordError] = strawberry.field(default_factory=list, description=_WHY, metadata=ONE_ROW)


@strawberry.type(description="What deleting a row that an organisation keeps of itself answers.")
class DeletionPayload(MutationPayload):
    """What deleting a row answers."""

    deleted_id: strawberry.ID | None = strawberry.field(
        default=None, description="What was deleted; null: nothing was."
    )
    warnings: list[str] = strawberry.field(default_factory=list, description=_WARNINGS)
    errors: list[DeletionError] = strawberry.field(
        default_factory=list, description="Why nothing was deleted; empty: it was.", metadata=ONE_ROW
    )


async def shifts_of(operation: Operation, written: Written) -> dict[str, Any]:
    """Return a payload's fields for many shifts, but for those that are gone by now."""
    rows = await gather(*(operation.loaders.row(entities.SHIFT, key) for key in written.ids.values()))
    return {**named(operation, written), "shifts": [row for row in rows if row is not None]}
