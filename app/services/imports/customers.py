"""Customers come in; they are told apart by the ids that they have elsewhere."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.customers import customer_users
from app.db.tables.people import users
from app.domain.events import FieldChange
from app.domain.places import CustomerTier
from app.services.administration.customers import CUSTOMER
from app.services.administration.mirroring import lock_mirrored
from app.services.administration.saying import Row
from app.services.change import Change
from app.services.imports.finding import all_named, users_of
from app.services.imports.importing import Importable
from app.services.imports.lines import Drafted, Line
from app.services.imports.saying import draft_lines, of_row

# As createCustomer has them.
_DEFAULTS: Row = MappingProxyType({"tier": CustomerTier.STANDARD, "active": True})


async def _draft(change: Change, lines: Sequence[Line], lock: bool) -> Drafted:
    if lock and any("user_emails" in line.values for line in lines):
        await lock_mirrored(CUSTOMER, change, ["user_ids"])
    addresses = {each for line in lines for each in line.values.get("user_emails") or ()}
    saying = partial(_said, known=await users_of(change, addresses), unnamed=await _without_address(change))
    return await draft_lines(CUSTOMER, "external_id", change, lines, saying, defaults=_DEFAULTS, lock=lock)


def _said(
    line: Line, before: Row | None, known: Mapping[str, UUID], unnamed: Collection[UUID]
) -> tuple[Row, tuple[FieldChange, ...]]:
    """Look up users by their addresses; those who have none are named by no file, and stay. Raises Refusals."""
    values = of_row(line)
    if "user_emails" in values:
        addresses = [each.lower() for each in values.pop("user_emails") or ()]
        stay = () if before is None else (each["user_id"] for each in before["user_ids"] if each["user_id"] in unnamed)
        values["user_ids"] = (*all_named(known, addresses, "userIds", "user"), *stay)
    return values, ()


async def _without_address(change: Change) -> Collection[UUID]:
    of, line = users.c, customer_users.c
    query = sa.select(of.id).where(
        of.organization_id == change.actor.organization_id,
        of.email.is_(None),
        sa.exists().where(line.organization_id == of.organization_id, line.user_id == of.id),
    )
    return set(await change.connection.scalars(query))


CUSTOMERS = Importable(kept=CUSTOMER, drafting=_draft)
