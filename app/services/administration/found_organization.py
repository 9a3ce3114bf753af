"""An organisation comes to be, with its first ADMIN and a one-time token to begin with."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db import locks
from app.db.founding import insert_organization
from app.db.tables.log import event_heads
from app.db.tables.organizations import escalation_tiers, organizations
from app.db.tables.people import users
from app.db.transaction import Mode, system_transaction, transaction
from app.domain import addresses, validation
from app.domain.administration import Organization, User, record_event
from app.domain.organizations import FIRST_TIERS
from app.domain.people import Role
from app.domain.refusals import Invalid
from app.services.access.create_api_key import MintedKey
from app.services.access.one_time_tokens import command_line, insert_one_time_token
from app.services.change import Change
from app.services.perform import Writer, Written, perform

LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundOrganization:
    """What an organisation is called, where it is, who its first ADMIN is, and until when their token is good."""

    name: str
    time_zone: str
    admin_name: str
    admin_email: str
    token_until: datetime
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An organisation in a list of all."""

    id: UUID
    name: str
    time_zone: str
    created_at: datetime


async def found_organization(writer: Writer, command: FoundOrganization, *, id_: UUID, new: MintedKey) -> Written:
    """Found an organisation under the key `id_`: settings, tiers, a log, an ADMIN, a one-time token `new` for them.

    Everything else that it needs comes to be when it is first needed: a ticket counter, clocks, queues.
    Ids: organization, user, api_key.

    Guard: the advisory lock of all organisations' names, held until this one is committed.

    Raises:
        Invalid: a value makes no sense, or an organisation has this name already, in capitals or not.
    """
    name = validation.text(command.name, "name", longest=LONGEST_NAME)
    zone, email = validation.zone(command.time_zone), addresses.email(command.admin_email, "adminEmail")
    admin_name = validation.text(command.admin_name, "adminName", longest=LONGEST_NAME)

    async def work(change: Change) -> dict[str, UUID]:
        stamps: dict[str, Any] = {"created_at": change.now, "updated_at": change.now}
        mine: dict[str, Any] = {"organization_id": id_}
        connection = change.connection
        await insert_organization(connection, id_, name, zone, change.now)
        await connection.execute(sa.insert(event_heads).values(**mine, recorded_at=change.now))
        tiers = [{**mine, "level": level, "code": code, "name": words, **stamps} for level, (code, words) in _levels()]
        await connection.execute(sa.insert(escalation_tiers), tiers)
        levels = {code: level for level, (code, _) in _levels()}
        organization = Organization(id=id_, **mine, name=name, time_zone=zone, tiers=levels, **stamps)
        admin = User(id=change.new_id(), **mine, name=admin_name, email=email, roles=(Role.ADMIN,), **stamps)
        await connection.execute(sa.insert(users).values(asdict(admin)))
        for record in (organization, admin):
            change.tell(record_event(None, record, change.now))
        await insert_one_time_token(change, admin.id, command.token_until, new)
        return {"organization": id_, "user": admin.id, "api_key": new.id}

    async with system_transaction(writer.engine, mode=Mode.WRITE, timeout_seconds=60) as names:
        await locks.lock_organizations(names)
        for each in await all_organizations(writer.engine):
            if each.name.casefold() == name.casefold():
                raise Invalid(field=("name",), problem=f"There is an organisation called {each.name!r}: {each.id}.")
        return await perform(writer, command_line(id_), "foundOrganization", command, work)


async def all_organizations(engine: AsyncEngine) -> Sequence[Listed]:
    """Return every organisation, first to last; each is read as itself, as nobody may read the rows of two."""
    async with system_transaction(engine) as connection:
        ids = (await connection.scalars(sa.select(event_heads.c.organization_id))).all()
    of, found = organizations.c, []
    for id_ in ids:
        async with transaction(engine, id_, mode=Mode.READ) as connection:
            query = sa.select(of.name, of.time_zone, of.created_at).where(of.organization_id == id_)
            row = (await connection.execute(query)).one()
        found.append(Listed(id=id_, name=row.name, time_zone=row.time_zone, created_at=row.created_at))
    return sorted(found, key=lambda each: (each.created_at, each.id))


def _levels() -> Sequence[tuple[int, tuple[str, str]]]:
    return list(enumerate(FIRST_TIERS, start=1))
