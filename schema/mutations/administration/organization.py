"""Mutations on the organisation as a whole, and on what it promises."""

from typing import Annotated

import strawberry

from app.services.administration.organization import (
    update_escalation_tiers,
    update_organization,
    update_organization_settings,
    update_service_type,
)
from app.services.administration.promises import save_business_calendar, save_sla_policy
from schema.administration_payloads import BusinessCalendarPayload, OrganizationPayload, SlaPolicyPayload
from schema.fields import Info
from schema.inputs.administration.organization import (
    UpdateEscalationTiersInput,
    UpdateOrganizationInput,
    UpdateOrganizationSettingsInput,
    UpdateServiceTypeInput,
)
from schema.inputs.administration.promises import SaveBusinessCalendarInput, SaveSlaPolicyInput
from schema.mutations.writing import write

_INPUT = strawberry.argument(name="input", description="What to do, and to what.")


@strawberry.type
class OrganizationMutations:
    """What can be settled about the organisation as a whole."""

    @strawberry.mutation(description="Give the organisation another name or time zone; MANAGER and ADMIN.")
    async def update_organization(
        self, info: Info, asked: Annotated[UpdateOrganizationInput, _INPUT]
    ) -> OrganizationPayload:
        """Give the organisation another name or time zone."""
        return await write(info.context, asked.command, update_organization, OrganizationPayload)

    @strawberry.mutation(description="Settle how work is done and time is booked; MANAGER and ADMIN.")
    async def update_organization_settings(
        self, info: Info, asked: Annotated[UpdateOrganizationSettingsInput, _INPUT]
    ) -> OrganizationPayload:
        """Settle how work is done and time is booked."""
        return await write(info.context, asked.command, update_organization_settings, OrganizationPayload)

    @strawberry.mutation(description="Settle which tiers of escalation there are; MANAGER and ADMIN.")
    async def update_escalation_tiers(
        self, info: Info, asked: Annotated[UpdateEscalationTiersInput, _INPUT]
    ) -> OrganizationPayload:
        """Settle which tiers there are."""
        return await write(info.context, asked.command, update_escalation_tiers, OrganizationPayload)

    @strawberry.mutation(description="Settle what is usual for a kind of service; MANAGER and ADMIN.")
    async def update_service_type(
        self, info: Info, asked: Annotated[UpdateServiceTypeInput, _INPUT]
    ) -> OrganizationPayload:
        """Settle what is usual for a kind of service."""
        return await write(info.context, asked.command, update_service_type, OrganizationPayload)

    @strawberry.mutation(description="Settle opening hours under a name, for all that go by it; MANAGER and ADMIN.")
    async def save_business_calendar(
        self, info: Info, asked: Annotated[SaveBusinessCalendarInput, _INPUT]
    ) -> BusinessCalendarPayload:
        """Settle opening hours under a name."""
        return await write(info.context, asked.command, save_business_calendar, BusinessCalendarPayload)

    @strawberry.mutation(description="Settle what is promised to new tickets from now on; MANAGER and ADMIN.")
    async def save_sla_policy(self, info: Info, asked: Annotated[SaveSlaPolicyInput, _INPUT]) -> SlaPolicyPayload:
        """Settle what is promised to new tickets."""
        return await write(info.context, asked.command, save_sla_policy, SlaPolicyPayload)
