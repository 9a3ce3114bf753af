"""Short ways to settle what an organisation does and promises."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.db.tables.organizations import organizations
from app.domain.appointments import AppointmentType
from app.domain.sla import DEFAULT_PAUSES, DEFAULT_WARNINGS, SlaMetric
from app.domain.tickets import TicketPriority
from app.services.administration.organization import (
    Settle,
    SettleServiceType,
    SettleTiers,
    update_escalation_tiers,
    update_organization_settings,
    update_service_type,
)
from app.services.administration.promises import (
    SaveBusinessCalendar,
    SaveSlaPolicy,
    save_business_calendar,
    save_sla_policy,
)
from app.services.perform import Written
from tests.services.scene import Scene

DAILY: Mapping[str, tuple[tuple[int, int], ...]] = {"MON": ((540, 720), (780, 1020)), "TUE": ((540, 1440),)}
HOURS = {each: {SlaMetric.FIRST_RESPONSE: 30, SlaMetric.RESOLUTION: 240} for each in TicketPriority}


async def version_of(scene: Scene) -> int:
    """Return the organisation's version."""
    (row,) = await scene.rows(organizations)
    return int(row.version)


async def settle(scene: Scene, by: str = "manager", **values: Any) -> Written:
    """Settle something of how work is done."""
    command = Settle(expected_version=await version_of(scene), values=values)
    return await update_organization_settings(scene.writer, scene.actor(by), command)


async def tiers(scene: Scene, *wanted: dict[str, Any], by: str = "manager") -> Written:
    """Settle all tiers."""
    whole = {"accept_within_minutes": None, "team_id": None}
    command = SettleTiers(expected_version=await version_of(scene), tiers=tuple({**whole, **each} for each in wanted))
    return await update_escalation_tiers(scene.writer, scene.actor(by), command)


async def service(
    scene: Scene, type_: AppointmentType, *skills: tuple[UUID, int], by: str = "manager", **values: Any
) -> Written:
    """Settle what is usual for a kind of service."""
    command = SettleServiceType(
        type=type_,
        expected_version=await version_of(scene),
        values=values,
        skills=tuple({"skill_id": skill_id, "level": level} for skill_id, level in skills),
    )
    return await update_service_type(scene.writer, scene.actor(by), command)


async def calendar(scene: Scene, by: str = "manager", **values: Any) -> Written:
    """Save a business calendar."""
    whole: dict[str, Any] = {"name": "Office", "time_zone": "UTC", "weekly": DAILY, **values}
    return await save_business_calendar(scene.writer, scene.actor(by), SaveBusinessCalendar(**whole))


async def promise(scene: Scene, by: str = "manager", **values: Any) -> Written:
    """Save a policy."""
    whole: dict[str, Any] = {
        "name": "Gold",
        "targets": HOURS,
        "pause_on": DEFAULT_PAUSES,
        "warn_at_percent": DEFAULT_WARNINGS,
        **values,
    }
    return await save_sla_policy(scene.writer, scene.actor(by), SaveSlaPolicy(**whole))
