"""What is built in, and how much of it is on the shelf."""

from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from app.db.tables.appointments import part_reservations
from app.db.tables.assignments import assignment_parts
from app.db.tables.customers import parts
from app.db.tables.tickets import ticket_required_parts
from app.domain import validation
from app.domain.events import FieldChange
from app.domain.people import Actor
from app.domain.policy import Action, Standing
from app.domain.refusals import Invalid
from app.services.administration.checking import amount, currency, number, words
from app.services.administration.keeping import create, delete, expect, locked, save, update
from app.services.administration.saying import ACTIVE, Create, Kept, Update, Used
from app.services.change import Change
from app.services.deleting import Delete
from app.services.perform import Writer, Written, perform
from app.services.situations import require

LONGEST_NAME = 200
LONGEST_NUMBER = 100
LONGEST_REASON = 500
MOST_STOCK = 1_000_000
LONGEST_LEAD_DAYS = 3650

PART = Kept(
    kind="Part",
    words="part",
    many="parts",
    table=parts,
    right=Action.MANAGE_STOCK,
    said=(
        words("part_number", longest=LONGEST_NUMBER),
        words("name", longest=LONGEST_NAME),
        number("stock", least=-MOST_STOCK, most=MOST_STOCK, needed=True),
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

    Guard: the part's row lock, which jobs that use it up take too: nothing of what they use is lost.

    Raises:
        Invalid: neither or both are said, it makes no sense, or less than nothing would be left.
        StaleVersion: the part has another version than whoever counted has read.
    """

    async def work(change: Change) -> dict[str, UUID]:
        require(change.actor, Action.MANAGE_STOCK, Standing(), words="adjust stock")
        reason = validation.text(command.reason, "reason", longest=LONGEST_REASON)
        if (command.delta is None) == (command.counted is None):
            raise Invalid(field=("delta",), problem="Give either delta or counted.")
        before = await locked(PART, change, command.part_id, path="partId")
        expect(PART, before, command.expected_version)
        stock = _stock(before["stock"], command)
        told = FieldChange(field="reason", old=None, new=reason)
        await save(PART, change, before, {"stock": stock}, told)
        return {"part": command.part_id}

    return await perform(writer, actor, "adjustStock", command, work)


def _stock(before: int, command: AdjustStock) -> int:
    if command.counted is not None:
        return validation.number(command.counted, ("counted",), least=0, most=MOST_STOCK)
    delta = validation.number(command.delta or 0, ("delta",), least=-MOST_STOCK, most=MOST_STOCK)
    # Jobs may take more than was counted; whoever takes from the shelf by hand sees what is there.
    if delta < 0 and before + delta < 0:
        raise Invalid(field=("delta",), problem=f"Only {before} are on the shelf; say how many there are by counted.")
    return validation.number(before + delta, ("delta",), least=-MOST_STOCK, most=MOST_STOCK)
