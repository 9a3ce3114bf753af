"""Slots looked for, and looked for again where one was taken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Any

import orjson

from app.domain.refusals import Invalid
from app.domain.slot_offers import SlotOffer, slot_offer
from app.domain.wanted import Wanted
from app.planning.slots.answer import Relaxation
from app.planning.slots.problem import PartStock
from app.services.appointments.search import MOST_SLOTS, Found, search
from app.services.appointments.supply import free_parts
from app.services.appointments.wanting import SlotQuestion, refused_by, wanted_of
from resolvers.context import Operation

_ALTERNATIVES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """A search that was done, and all it takes to do it again."""

    wanted: Wanted
    stock: Mapping[str, PartStock]
    refused: frozenset[Any]
    found: Found
    position: int
    now: datetime
    wall_ms: int


async def look(operation: Operation, question: SlotQuestion, limit: int) -> Searched:
    """Look for the best slots.

    Raises:
        Invalid, NotFound, Forbidden: what is asked makes no sense, or is not the viewer's to ask.
    """
    if not 1 <= limit <= MOST_SLOTS:
        raise Invalid(field=("limit",), problem=f"limit must lie between 1 and {MOST_SLOTS}.")
    process, now = operation.process, operation.process.clock()
    wanted: Wanted = await operation.reader.run(
        wanted_of, operation.actor, question, now=now, horizon_days=process.agendas.horizon_days
    )
    return await _searched(operation, wanted, limit)


async def alternatives(operation: Operation, wanted: Wanted) -> Sequence[SlotOffer]:
    """Return the best slots there are instead of one that is gone."""
    return (await _searched(operation, wanted, _ALTERNATIVES)).found.offers


async def relaxed(operation: Operation, searched: Searched) -> Sequence[Relaxation]:
    """Return what would be possible without each constraint, of what was looked for before."""
    standing = await operation.process.agendas.of(operation.actor.organization_id)
    found = await search(
        standing.agenda,
        searched.wanted,
        parts=searched.stock,
        refused_by=searched.refused,
        now=max(searched.now, operation.process.clock()),
        limit=1,
        relaxed=True,
    )
    return found.relaxations or ()


async def _searched(operation: Operation, wanted: Wanted, limit: int) -> Searched:
    organization_id, run = operation.actor.organization_id, operation.reader.run
    stock = await run(free_parts, organization_id, [part.part_id for part in wanted.parts])
    refused = await run(refused_by, organization_id, wanted.ticket_id)
    # The agenda is read in a transaction of its own: one look at the database is enough at a time.
    standing = await operation.process.agendas.of(organization_id)
    now, began = operation.process.clock(), perf_counter()
    found = await search(standing.agenda, wanted, parts=stock, refused_by=refused, now=now, limit=limit)
    figures = operation.process.writer.figures
    figures.slot_searches.of().add(perf_counter() - began)
    figures.slots_found.add("yes" if found.offers else "no")
    return Searched(
        wanted=wanted,
        stock=stock,
        refused=refused,
        found=found,
        position=standing.position,
        now=now,
        wall_ms=round((perf_counter() - began) * 1000),
    )


def token(operation: Operation, offer: SlotOffer) -> str:
    """Return the token by which an offer is held or booked."""
    return operation.process.writer.slot_tokens.encode(operation.actor.organization_id, offer)


def held(root: Any) -> SlotOffer:
    """Return the offer that a hold keeps."""
    # A row's documents come as the text that answers show, in a class of its own.
    return slot_offer(orjson.loads(str(root.offer)))
