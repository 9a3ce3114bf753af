"""Slots looked for now: in the agenda as it stands, after the question was made whole."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.wanted import Wanted
from app.planning.slots.problem import PartStock
from app.services.appointments.agendas import Agendas
from app.services.appointments.search import Found, search
from app.services.appointments.supply import free_parts
from app.services.appointments.wanting import refused_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What is wanted, with the stock of its parts and who has refused the work."""

    wanted: Wanted
    parts: Mapping[str, PartStock]
    refused_by: frozenset[UUID]


async def outlook_of(connection: AsyncConnection, organization_id: UUID, wanted: Wanted) -> Outlook:
    """Read what a search needs to know beside the agenda."""
    parts = await free_parts(connection, organization_id, [part.part_id for part in wanted.parts])
    return Outlook(
        wanted=wanted, parts=parts, refused_by=await refused_by(connection, organization_id, wanted.ticket_id)
    )


async def look(
    agendas: Agendas, organization_id: UUID, outlook: Outlook, *, clock: Callable[[], datetime], limit: int
) -> Found:
    """Return the best slots. Takes no transaction of its own but the agenda's; never called within a write's."""
    standing = await agendas.of(organization_id)
    # An agenda holds from when it was read, so the time is asked for afterwards.
    return await search(
        standing.agenda,
        outlook.wanted,
        parts=outlook.parts,
        refused_by=outlook.refused_by,
        now=clock(),
        limit=limit,
    )
