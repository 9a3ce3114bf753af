"""Many tickets come in as the lines of a file: all of them, or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from app.db.tables.customers import assets, customers
from app.db.transaction import Mode, transaction
from app.domain.people import Actor
from app.domain.refusals import Invalid, NotFound, Refusal
from app.services.change import Change
from app.services.imports.lines import LinesRefused, RefusedLine
from app.services.perform import Writer, Written, perform
from app.services.tickets.create_ticket import CreateTicket, Draft, draft, insert_drafts

MOST_LINES = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    """A line of a file, counted from 1, and the ticket it asks for.

    The customer and the asset may be named by the ids that they have elsewhere.
    """

    number: int
    ticket: CreateTicket
    customer_external_id: str | None = None
    asset_external_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportTickets:
    """The lines of a file, at most 2,000."""

    lines: tuple[NewLine, ...]
    idempotency_key: str | None = None


async def import_tickets(writer: Writer, actor: Actor, command: ImportTickets) -> Written:
    """Create a ticket for each line, under the rules of `create_ticket`. Ids: each line's ticket, by its number.

    All lines are checked before anything is locked. Guard: as of `create_ticket`, for all numbers at once.

    Raises:
        LinesRefused: at least one line is wrong.
    """

    async def work(change: Change) -> dict[str, UUID]:
        created = await insert_drafts(change, await _drafts(change, command))
        return {str(line.number): ticket.id for line, ticket in zip(command.lines, created, strict=True)}

    return await perform(writer, actor, "importTickets", command, work)


async def check_import(writer: Writer, actor: Actor, command: ImportTickets) -> None:
    """Check each line as `import_tickets` does, in a transaction that cannot write. Raises LinesRefused."""
    async with transaction(writer.engine, actor.organization_id, mode=Mode.READ) as connection:
        await _drafts(Change(connection=connection, actor=actor, now=writer.clock(), id=uuid7()), command)


async def _drafts(change: Change, command: ImportTickets) -> list[Draft]:
    if len(command.lines) > MOST_LINES:
        raise Invalid(field=(), problem=f"A file has at most {MOST_LINES} lines of tickets.")
    known_customers = await _by_external_id(change, customers, [each.customer_external_id for each in command.lines])
    known_assets = await _by_external_id(change, assets, [each.asset_external_id for each in command.lines])
    drafts, refused = [], []
    for line in command.lines:
        try:
            drafts.append(await draft(change, _resolved(line, known_customers, known_assets)))
        except Refusal as refusal:
            refused.append(RefusedLine(line.number, refusal))
    if refused:
        raise LinesRefused(refused)
    return drafts


def _resolved(line: NewLine, known_customers: Mapping[str, UUID], known_assets: Mapping[str, UUID]) -> CreateTicket:
    found: dict[str, Any] = {}
    for name, kind, external_id, known in (
        ("customer", "customer", line.customer_external_id, known_customers),
        ("asset", "asset", line.asset_external_id, known_assets),
    ):
        if external_id is None:
            continue
        field = (f"{name}ExternalId",)
        if getattr(line.ticket, f"{name}_id") is not None:
            raise Invalid(field=field, problem=f"Name the {kind} by {name}Id or by {name}ExternalId, not by both.")
        if external_id not in known:
            raise NotFound(field=field, kind=kind)
        found[f"{name}_id"] = known[external_id]
    return replace(line.ticket, **found)


async def _by_external_id(change: Change, table: sa.Table, ids: Sequence[str | None]) -> Mapping[str, UUID]:
    wanted = sorted({each for each in ids if each is not None})
    if not wanted:
        return {}
    query = sa.select(table.c.external_id, table.c.id).where(
        table.c.organization_id == change.actor.organization_id,
        table.c.external_id == sa.any_(sa.literal(wanted, sa.ARRAY(sa.Text))),
    )
    return {row.external_id: row.id for row in await change.connection.execute(query)}
