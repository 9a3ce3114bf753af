"""`fieldgraph start-clocks`: open tickets that were promised nothing are promised what new ones are."""

import asyncio
from uuid import UUID

from app.cli.console import results
from app.cli.migrate import bring_up, direct_url
from app.cli.organization import Organization, chosen
from app.cli.workplace import begin, database_ready
from app.clock import now
from app.db.engine import open_engine
from app.domain.people import Actor, EventSource, Role
from app.services.perform import Writer
from app.services.service_levels.start_clocks import start_clocks as start
from app.settings import Settings


def start_clocks(organization: Organization = None) -> None:
    """Give open tickets that have no clocks theirs, as their log says; again: nothing is done twice."""
    with database_ready(begin()) as ready:
        bring_up(ready)
        count = asyncio.run(start_in(ready, organization))
    results.print(f"{count} tickets have clocks now.")


async def start_in(settings: Settings, organization: UUID | None) -> int:
    """Start the clocks of an organisation's open tickets; return how many tickets got some."""
    organization_id = await chosen(settings, organization)
    engine = open_engine(direct_url(settings), size=2)
    server = Actor(
        organization_id=organization_id, user_id=None, roles=frozenset({Role.DISPATCHER}), source=EventSource.SYSTEM
    )
    # Whoever follows the log looks by themselves every second.
    writer = Writer(engine=engine, clock=now, wake=lambda _: None, targets=settings.sla_targets)
    try:
        return await start(writer, server)
    finally:
        await engine.dispose()
