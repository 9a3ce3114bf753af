"""What a ticket says, as creating and updating check it: its references, and what it asks for."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.customers import assets, customers, parts
from app.db.tables.organizations import skills
from app.db.tables.tickets import ticket_required_parts, ticket_required_skills
from app.domain import validation
from app.domain.events import plain
from app.domain.people import Actor
from app.domain.policy import is_staff
from app.domain.refusals import Invalid, NotFound
from app.services.change import Change
from app.services.naming import check_exists, no_longer_active

MOST_REQUIREMENTS = 20
MOST_PIECES = 10_000
LONGEST_SERVICE = 200
LONGEST_ADDRESS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededSkill:
    """A skill and the least level of it, 1 to 5."""

    skill_id: UUID
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededPart:
    """A part and how many of it; `critical`: no visit makes sense without."""

    part_id: UUID
    quantity: int
    critical: bool = False


def check_requirements(needed_skills: Sequence[NeededSkill], needed_parts: Sequence[NeededPart]) -> None:
    """Refuse too many, what is named twice, and levels and quantities that make no sense. Raises Invalid."""
    for name, ids in (
        ("requiredSkills", [each.skill_id for each in needed_skills]),
        ("requiredParts", [each.part_id for each in needed_parts]),
    ):
        if len(ids) > MOST_REQUIREMENTS:
            raise Invalid(field=(name,), problem=f"{name} has at most {MOST_REQUIREMENTS} entries.")
        if len(set(ids)) != len(ids):
            raise Invalid(field=(name,), problem=f"{name} must name each one once.")
    for at, skill in enumerate(needed_skills):
        validation.number(skill.level, ("requiredSkills", str(at), "level"), least=1, most=5)
    for at, part in enumerate(needed_parts):
        validation.number(part.quantity, ("requiredParts", str(at), "quantity"), least=1, most=MOST_PIECES)


async def check_needed(
    change: Change,
    needed_skills: Sequence[NeededSkill],
    needed_parts: Sequence[NeededPart],
    known: Collection[UUID] = (),
) -> None:
    """Refuse skills and parts that are not there, or no longer active unless they are `known` to the ticket already.

    Raises:
        NotFound, Invalid: as `check_exists`.
    """
    for at, skill in enumerate(needed_skills):
        if skill.skill_id not in known:
            await check_exists(change, skills, f"requiredSkills.{at}.skillId", "skill", skill.skill_id)
    for at, part in enumerate(needed_parts):
        if part.part_id not in known:
            await check_exists(change, parts, f"requiredParts.{at}.partId", "part", part.part_id)


async def customer_of(
    change: Change, customer_id: UUID | None, asset_id: UUID | None, known: Collection[UUID | None] = ()
) -> UUID | None:
    """Return whom the ticket is for: the customer that is named, else the asset's.

    What is `known` to the ticket already may be active no longer.

    Raises:
        NotFound: there is no such customer or asset, or not for the actor.
        Invalid: the asset is another customer's; what is named is no longer active.
    """
    if customer_id is not None and not _may_name(change.actor, customer_id):
        raise NotFound(field=("customerId",), kind="customer")
    if customer_id not in known:
        await check_exists(change, customers, "customerId", "customer", customer_id)
    return customer_id if asset_id is None else await _customer_of_asset(change, asset_id, customer_id, known)


async def insert_requirements(
    change: Change, ticket_id: UUID, needed_skills: Sequence[NeededSkill], needed_parts: Sequence[NeededPart]
) -> None:
    """Insert what a new ticket asks for."""
    await insert_needs(change, ticket_required_skills, ticket_id, needed_skills)
    await insert_needs(change, ticket_required_parts, ticket_id, needed_parts)


async def insert_needs(
    change: Change, table: sa.Table, ticket_id: UUID, needed: Sequence[NeededSkill | NeededPart]
) -> None:  # fmt: skip
    """Insert the skills, or the parts, that a ticket asks for into their table."""
    if needed:
        key = {"organization_id": change.actor.organization_id, "ticket_id": ticket_id}
        await change.connection.execute(sa.insert(table), [{**key, **asdict(each)} for each in needed])


def told(needed: Sequence[NeededSkill | NeededPart]) -> list[Any]:
    """Return what a ticket asks for as the log tells it."""
    return [plain(asdict(each)) for each in needed]


async def _customer_of_asset(
    change: Change, asset_id: UUID, customer_id: UUID | None, known: Collection[UUID | None]
) -> UUID | None:
    query = sa.select(assets.c.customer_id, assets.c.active).where(
        assets.c.organization_id == change.actor.organization_id, assets.c.id == asset_id
    )
    asset = (await change.connection.execute(query)).one_or_none()
    if asset is None or (asset.customer_id is not None and not _may_name(change.actor, asset.customer_id)):
        raise NotFound(field=("assetId",), kind="asset")
    if customer_id is not None and asset.customer_id not in {None, customer_id}:
        raise Invalid(field=("assetId",), problem="The asset belongs to another customer.")
    if not asset.active and asset_id not in known:
        raise no_longer_active(("assetId",), "asset")
    owner: UUID | None = customer_id or asset.customer_id
    if owner != customer_id and owner not in known:
        await check_exists(change, customers, "assetId", "asset's customer", owner)
    return owner


def _may_name(actor: Actor, customer_id: UUID) -> bool:
    return is_staff(actor) or customer_id in actor.customer_ids
