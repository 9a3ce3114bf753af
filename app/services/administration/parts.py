"""What is built in, and how much of it is on the shelf."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.appointments import appointments, part_reservations
from app.db.tables.assignments import assignment_parts
from app.db.tables.base import Uuid
from app.db.tables.customers import parts
from app.db.tables.tickets import ticket_required_parts
from app.domain import validation
from app.domain.appointment_life import OPEN
from app.domain.events import FieldChange
from app.domain.people import Actor
from app.domain.policy import Action, Standing
from app.domain.refusals import Invalid
from app.services.administration.checking import amount, currency, number, words
from app.services.administration.keeping import create, delete, expect, locked, save, update
from app.services.administration.saying import ACTIVE, Create, Kept, Row, Update, Used
from app.services.change import Change
from app.services.deleting import Delete
from app.services.perform import Writer, Written, perform
from app.services.situations import require

LONGEST_NAME = 200
LONGEST_NUMBER = 100
LONGEST_REASON = 500
MOST_STOCK = 1_000_000
_INTEGER = 2**31
LONGEST_LEAD_DAYS = 3650


async def _judge(_change: Change, before: Row | None, after: Row) -> None:
    """Refuse a new part with a stock that nobody counts; what jobs take from one may make it less than nothing."""
    if before is None:
        validation.number(after["stock"], ("stock",), least=0, most=MOST_STOCK)


PART = Kept(
    kind="Part",
    words="part",
    many="parts",
    table=parts,
    right=Action.MANAGE_STOCK,
    said=(
        words("part_number", longest=LONGEST_NUMBER),
        words("name", longest=LONGEST_NAME),
        number("stock", least=-_INTEGER, most=_INTEGER - 1, needed=True),
        amount("unit_cost", "unitCost", "amount"),
        currency("unitCost", "currency"),
        number("lead_time_days", least=0, most=LONGEST_LEAD_DAYS),
        ACTIVE,
    ),
    alike=MappingProxyType({"parts_organization_id_part_number_key": "part_number"}),
    uses=(
        Used(by=ticket_required_parts.c.part_id, kind="Ticket", words="tickets"),
        Used(by=assignment_parts.c.part_id, kind="Assignment", words="jobs"),
        Used(by=part_reservations.c.part_id, kind="Appointment", words="appointments"),
    ),
    judge=_judge,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustStock:
    """How many of a part came or went (`delta`), or how many there were (`counted`), and why."""

    part_id: UUID
    reason: str
    delta: int | None = None
    counted: int | None = None
    expected_version: int | None = None
    idempotency_key: str | None = None


async def create_part(writer: Writer, actor: Actor, command: Create) -> Written:
    """Create a part. Raises what `create` does."""
    return await create(PART, writer, actor, command)


async def update_part(writer: Writer, actor: Actor, command: Update) -> Written:
    """Change what is said of a part; its stock is adjusted. Raises what `update` does."""
    return await update(PART, writer, actor, command)


async def delete_part(writer: Writer, actor: Actor, command: Delete) -> Written:
    """Delete a part that nothing needs or has used. Raises what `delete` does."""
    return await delete(PART, writer, actor, command)


async def adjust_stock(writer: Writer, actor: Actor, command: AdjustStock) -> Written:
    """Say what came or went of a part, or what was counted. Ids: part.

    Nobody takes what is not there, or what is reserved. What was counted is so, and where open appointments have
    reserved more it is warned of.

    Guard: the part's row lock, which jobs that use it up and appointments that reserve it take too: nothing of what
    they take is lost.

    Raises:
        Forbidden: the actor may not adjust stock.
        NotFound: there is no such part.
        Invalid: neither or both are said, it makes no sense, or takes more than is free.
        StaleVersion: the part has another version than whoever counted has read.
    """

    async def work(change: Change) -> dict[str, UUID]:
        require(change.actor, Action.MANAGE_STOCK, Standing(), words="adjust stock")
        reason = validation.text(command.reason, "reason", longest=LONGEST_REASON)
        if (command.delta is None) == (command.counted is None):
            raise Invalid(field=("delta",), problem="Give either delta or counted.")
        before = await locked(PART, change, command.part_id, path="partId")
        expect(PART, before, command.expected_version)
        reserved = (await reserved_of(change, [command.part_id])).get(command.part_id, 0)
        if command.counted is not None:
            stock = _counted(change, command.counted, reserved)
        else:
            stock = _moved(before["stock"], command.delta or 0, reserved)
        told = FieldChange(field="reason", old=None, new=reason)
        await save(PART, change, before, {"stock": stock}, told)
        return {"part": command.part_id}

    return await perform(writer, actor, "adjustStock", command, work)


async def reserved_of(change: Change, part_ids: Iterable[UUID]) -> Mapping[UUID, int]:
    """Return how many of each part open appointments have reserved, where they have any; its row is locked."""
    reserved, appointment = part_reservations.c, appointments.c
    same = (appointment.organization_id == reserved.organization_id) & (appointment.id == reserved.appointment_id)
    query = (
        sa.select(reserved.part_id, sa.func.sum(reserved.quantity))
        .select_from(part_reservations.join(appointments, same))
        .where(
            reserved.organization_id == change.actor.organization_id,
            reserved.part_id == sa.any_(sa.literal(sorted(part_ids), sa.ARRAY(Uuid))),
            appointment.status.in_(OPEN),
        )
        .group_by(reserved.part_id)
    )
    return {part_id: int(quantity) for part_id, quantity in await change.connection.execute(query)}


def too_few(stock: int, reserved: int) -> str | None:
    """Say that less was counted than is reserved; None: it is not."""
    if stock >= reserved:
        return None
    return f"Open appointments have reserved {reserved}, {reserved - stock} more than are there."


def _counted(change: Change, counted: int, reserved: int) -> int:
    """Return what is on the shelf, and warn where that is less than is reserved. Raises Invalid."""
    stock = validation.number(counted, ("counted",), least=0, most=MOST_STOCK)
    warning = too_few(stock, reserved)
    if warning is not None:
        change.warnings.append(warning)
    return stock


def _moved(before: int, delta: int, reserved: int) -> int:
    """Return what is on the shelf when so many came, or went. Raises Invalid."""
    field, after = ("delta",), before + validation.number(delta, ("delta",), least=-MOST_STOCK, most=MOST_STOCK)
    if delta == 0:
        raise Invalid(field=field, problem="delta must not be 0.")
    if delta < 0 and after < 0:
        there = f"Only {max(0, before)} are on the shelf"
        raise Invalid(field=field, problem=f"{there}; if it was miscounted, say how many there are by counted.")
    if delta < 0 and after < reserved:
        problem = f"Of {before} on the shelf open appointments have reserved {reserved}; cancel or move one first."
        raise Invalid(field=field, problem=problem)
    if delta > 0 and after > MOST_STOCK:
        raise Invalid(field=field, problem=f"There can be at most {MOST_STOCK} on the shelf.")
    return after
