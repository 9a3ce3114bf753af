"""Which organisation a command is for."""

from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
import typer

from app.cli.migrate import direct_url
from app.cli.refusals import Refusal
from app.db.engine import open_engine
from app.db.tables.log import event_heads
from app.db.transaction import system_transaction
from app.settings import Settings

Organization = Annotated[
    UUID | None,
    typer.Option(help="Key of the organisation it is for; not needed where there is but one."),
]


class OrganizationUnclear(Refusal):
    """It must be said which organisation is meant, or there is none of that key."""


async def every_organization(settings: Settings) -> list[UUID]:
    """Return the keys of all organisations."""
    engine = open_engine(direct_url(settings), size=1)
    try:
        async with system_transaction(engine) as connection:
            return list(await connection.scalars(sa.select(event_heads.c.organization_id)))
    finally:
        await engine.dispose()


async def chosen(settings: Settings, organization: UUID | None) -> UUID:
    """Return the organisation that is meant. Raises OrganizationUnclear."""
    there = await every_organization(settings)
    if organization is None and len(there) == 1:
        return there[0]
    if organization is None:
        raise OrganizationUnclear(f"There are {len(there)} organisations: name one with --organization.")
    if organization not in there:
        raise OrganizationUnclear(f"There is no organisation {organization}.")
    return organization
