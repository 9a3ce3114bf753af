"""Technicians, customers, tiers and assets that an import finds or adds."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from app.db.journal import Hand, Journal
from app.db.tables.assignments import assignments
from app.db.tables.customers import assets, customers
from app.db.tables.organizations import escalation_tiers, organization_settings, organizations
from app.db.tables.people import technicians, users
from app.domain.administration import Asset, Customer, Organization, Technician, User, record_event
from app.domain.assignments import AssignmentStatus
from app.domain.people import Role
from app.domain.places import AssetKind, CustomerTier
from app.domain.validation import LONGEST_TITLE
from app.legacy.platforms import OldCustomer, OldEngineer
from app.legacy.values import long_text

REQUESTER = "requester"


async def by_external_id(
    connection: AsyncConnection, table: sa.Table, organization_id: UUID, keys: Iterable[str]
) -> dict[str, UUID]:
    """Return who bears one of the keys already, by it."""
    query = sa.select(table.c.external_id, table.c.id).where(
        table.c.organization_id == organization_id,
        table.c.external_id == sa.any_(sa.literal(list(keys), sa.ARRAY(sa.Text))),
    )
    return {row.external_id: row.id for row in await connection.execute(query)}


async def busy_technicians(connection: AsyncConnection, organization_id: UUID) -> set[UUID] | None:
    """Return the technicians who have a job in progress; None where they may have several."""
    settings, jobs = organization_settings.c, assignments.c
    query = sa.select(settings.one_job_in_progress).where(settings.organization_id == organization_id)
    if await connection.scalar(query) is False:
        return None
    running = sa.select(jobs.technician_id).where(
        jobs.organization_id == organization_id, jobs.status == AssignmentStatus.IN_PROGRESS
    )
    return set(await connection.scalars(running))


async def teams_of_technicians(connection: AsyncConnection, organization_id: UUID) -> dict[UUID, UUID]:
    """Return the team of each technician who is in one."""
    of = technicians.c
    query = sa.select(of.id, of.team_id).where(of.organization_id == organization_id, of.team_id.is_not(None))
    return {row.id: row.team_id for row in await connection.execute(query)}


class Registry:
    """Enters people and things into a journal."""

    def __init__(self, journal: Journal, hand: Hand, now: datetime) -> None:
        self._journal = journal
        self._hand = hand
        self._now = now
        self._stamps: Any = {"organization_id": journal.organization_id, "created_at": now, "updated_at": now}

    def technician(self, old: OldEngineer) -> UUID:
        """Add a technician with a user of their own, who has no e-mail address and so cannot log in."""
        name = long_text(old.name, LONGEST_TITLE) or f"Technician {old.key}"[:LONGEST_TITLE]
        user_id = self._user(name, Role.TECHNICIAN, active=old.active)
        technician = Technician(
            id=uuid7(),
            external_id=old.key,
            user_id=user_id,
            team_id=None,
            tier_level=old.tier_level,
            main_skill_id=None,
            years_experience=None,
            home_latitude=old.latitude,
            home_longitude=old.longitude,
            skills={},
            territory_ids=(),
            active=old.active,
            **self._stamps,
        )
        self._journal.found(technicians, technician, self._now, self._hand)
        return technician.id

    def requester(self) -> UUID:
        """Add the user in whose name tickets come that name nobody."""
        return self._user("Older platform", Role.END_USER, active=False)

    def customer(self, old: OldCustomer) -> UUID:
        """Add a customer."""
        customer = Customer(
            id=uuid7(),
            external_id=old.key,
            name=f"Customer {old.key}"[:LONGEST_TITLE],
            tier=CustomerTier.STANDARD,
            latitude=old.latitude,
            longitude=old.longitude,
            address=None,
            user_ids=(),
            **self._stamps,
        )
        self._journal.found(customers, customer, self._now, self._hand)
        return customer.id

    def asset(self, key: str) -> UUID:
        """Add a piece of equipment."""
        asset = Asset(
            id=uuid7(),
            external_id=key,
            kind=AssetKind.EQUIPMENT,
            name=f"Equipment {key}"[:LONGEST_TITLE],
            customer_id=None,
            **self._stamps,
        )
        self._journal.found(assets, asset, self._now, self._hand)
        return asset.id

    async def tiers(self, connection: AsyncConnection, wanted: Mapping[int, str | None]) -> sa.Update | None:
        """Add the tiers that are not there; return what has to be done to the organisation's row, None: nothing."""
        organization_id = self._journal.organization_id
        of = escalation_tiers.c
        rows = await connection.execute(sa.select(of.code, of.level).where(of.organization_id == organization_id))
        known = {row.code: row.level for row in rows}
        added = {
            f"L{level}" if f"L{level}" not in known else f"L{level}-OLD": level
            for level in sorted(wanted)
            if level not in known.values()
        }
        if not added:
            return None
        query = sa.select(organizations).where(organizations.c.organization_id == organization_id)
        row = (await connection.execute(query)).one()
        before = Organization(
            id=organization_id,
            organization_id=organization_id,
            name=row.name,
            time_zone=row.time_zone,
            tiers=known,
            created_at=row.created_at,
            updated_at=row.updated_at,
            version=row.version,
        )
        after = replace(before, tiers={**known, **added}, version=before.version + 1, updated_at=self._now)
        for code, level in added.items():
            name = long_text(wanted[level], LONGEST_TITLE) or f"Tier {level}"
            self._journal.keep_row(escalation_tiers, level, code, name, None, None, self._now, self._now)
        self._journal.log(self._now, self._hand, record_event(before, after, self._now))
        return (
            sa.update(organizations)
            .where(organizations.c.organization_id == organization_id)
            .values(version=after.version, updated_at=after.updated_at)
        )

    def _user(self, name: str, role: Role, *, active: bool) -> UUID:
        user = User(id=uuid7(), name=name, email=None, roles=(role,), active=active, **self._stamps)
        self._journal.found(users, user, self._now, self._hand)
        return user.id
