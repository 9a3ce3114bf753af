"""Stock that appointments will need: reserved with them, given back with them, ordered where it is short."""

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.appointments import part_reservations
from app.domain.appointments import Appointment
from app.domain.events import Concerned, EventType, FieldChange, NewEvent
from app.domain.wanted import Wanted
from app.services.appointments.supply import free_parts
from app.services.change import Change


async def reserve(change: Change, appointment: Appointment, wanted: Wanted) -> None:
    """Reserve the parts that an appointment needs, and ask for those that are short. Guard: the parts' row locks."""
    if not wanted.parts:
        return
    key = {"organization_id": appointment.organization_id, "appointment_id": appointment.id}
    stock = await free_parts(
        change.connection, appointment.organization_id, [part.part_id for part in wanted.parts], but=[appointment.id]
    )
    rows = [
        {**key, "part_id": part.part_id, "quantity": part.quantity, "critical": part.critical} for part in wanted.parts
    ]
    await change.connection.execute(sa.insert(part_reservations), rows)
    for part in wanted.parts:
        found = stock.get(part.part_number)
        short = part.quantity - (0 if found is None else found.stock)
        if short > 0:
            change.tell(_order(change, appointment, part.part_id, part.part_number, short))


def _order(change: Change, appointment: Appointment, part_id: UUID, part_number: str, short: int) -> NewEvent:
    told = {
        "part_number": part_number,
        "quantity": short,
        "needed_by": appointment.starts_at.isoformat(),
        "ticket_id": str(appointment.ticket_id),
        "appointment_id": str(appointment.id),
    }
    return NewEvent(
        type=EventType.PARTS_ORDER_REQUESTED,
        kind="Part",
        id=part_id,
        version=1,
        occurred_at=change.now,
        before=Concerned(),
        after=Concerned(),
        changes=tuple(FieldChange(field=name, old=None, new=value) for name, value in told.items()),
    )


async def unreserve(change: Change, appointment_ids: Iterable[UUID]) -> None:
    """Give reserved parts back."""
    ids = list(appointment_ids)
    if ids:
        mine = part_reservations.c
        await change.connection.execute(
            sa.delete(part_reservations).where(
                mine.organization_id == change.actor.organization_id, mine.appointment_id.in_(ids)
            )
        )
