"""What boards, technicians and customers are told of appointments as they happen."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.clock import now
from app.db.tables.appointments import appointments
from app.db.transaction import transaction
from app.domain.events import APPOINTMENT, HOLD, Concerned, EventType, FieldChange, NewEvent, plain
from schema.ids import global_id
from tests.db.racing import append
from tests.graphql.conftest import House
from tests.graphql.socket_client import talking
from tests.graphql.work import Work
from tests.reads.agreed import an_appointment
from tests.serving import token

pytestmark = pytest.mark.asyncio(loop_scope="module")

NINE = datetime(2026, 5, 4, 9, tzinfo=UTC)
LATER = NINE + timedelta(days=30)
_EVENT = """... on AppointmentEvent {
    type appointmentId ticketId appointmentVersion appointment { status } changes { field new }
  }
  ... on RemovedFromView { id cause }"""
DAY = 'filter: {from: "2026-05-04T00:00:00Z", to: "2026-05-05T00:00:00Z"}'
BOARD = f"subscription {{ dispatchBoard({DAY}) {{ __typename ... on RecordEvent {{ type recordId }} {_EVENT} }} }}"
JOBS = f"subscription {{ jobUpdates {{ __typename {_EVENT} }} }}"
TICKET = f"subscription ($id: ID!) {{ ticketUpdates(ticketId: $id) {{ __typename {_EVENT} }} }}"


async def booked(house: House) -> dict[str, Any]:
    """Insert an appointment of ann's for the customer's ticket."""
    ticket_id = await Work(house.engine, house.world).create("customer")
    row = an_appointment(house.world, {"id": ticket_id, "customer_id": house.world.customer_id}, start=NINE)
    async with transaction(house.engine, house.world.organization_id) as connection:
        values = {"organization_id": house.world.organization_id, **row}
        await connection.execute(sa.insert(appointments).values(**values))
    return row


async def tell(house: House, *new: NewEvent) -> None:
    async with transaction(house.engine, house.world.organization_id) as connection:
        await append(connection, house.world.actor("dispatcher"), list(new), now=now())
    async with house.engine.connect() as connection:
        await connection.exec_driver_sql("NOTIFY fieldgraph_log")


def happened(
    house: House,
    row: dict[str, Any],
    type_: EventType,
    *,
    of: tuple[str | None, str] = ("ann", "ann"),
    **times: tuple[datetime | None, datetime],
) -> NewEvent:
    """Return an event of an appointment; `of` are its technicians before and after, None before there was one."""
    before, after = (None if name is None else concerned(house, house.world.technicians[name]) for name in of)
    return NewEvent(
        type=type_,
        kind=APPOINTMENT,
        id=row["id"],
        version=1,
        ticket_id=row["ticket_id"],
        occurred_at=now(),
        before=before,
        after=after,
        changes=tuple(FieldChange(field=name, old=plain(old), new=plain(new)) for name, (old, new) in times.items()),
    )


def concerned(house: House, technician_id: UUID) -> Concerned:
    return Concerned(
        technician_id=technician_id,
        requester_id=house.world.users["customer"],
        customer_id=house.world.customer_id,
    )


async def test_a_new_appointment_is_told_to_board_technician_and_customer(house: House) -> None:
    row = await booked(house)
    ticket = {"id": global_id("Ticket", row["ticket_id"])}
    async with (
        talking(house.served, token(house.world, "dispatcher")) as dispatcher,
        talking(house.served, token(house.world, "ann")) as ann,
        talking(house.served, token(house.world, "customer")) as customer,
    ):
        await dispatcher.ready("board", BOARD)
        await ann.ready("jobs", JOBS)
        await customer.ready("ticket", TICKET, ticket)
        scheduled = happened(
            house,
            row,
            EventType.APPOINTMENT_SCHEDULED,
            of=(None, "ann"),
            starts_at=(None, NINE),
            ends_at=(None, NINE + timedelta(hours=1)),
        )
        await tell(house, scheduled)
        told = [(await each.told())[1] for each in (dispatcher, ann, customer)]

    assert told == 3 * [
        {
            "__typename": "AppointmentEvent",
            "type": "APPOINTMENT_SCHEDULED",
            "appointmentId": global_id("Appointment", row["id"]),
            "ticketId": ticket["id"],
            "appointmentVersion": 1,
            "appointment": {"status": "SCHEDULED"},
            "changes": [
                {"field": "startsAt", "new": "2026-05-04T09:00:00.000000Z"},
                {"field": "endsAt", "new": "2026-05-04T10:00:00.000000Z"},
            ],
        }
    ]


async def test_an_appointment_leaves_a_board_with_its_day_and_a_technician_with_their_name(house: House) -> None:
    row = await booked(house)
    key = global_id("Appointment", row["id"])
    async with (
        talking(house.served, token(house.world, "dispatcher")) as dispatcher,
        talking(house.served, token(house.world, "ann")) as ann,
    ):
        await dispatcher.ready("board", BOARD)
        await ann.ready("jobs", JOBS)
        hour = timedelta(hours=1)
        moved = happened(
            house,
            row,
            EventType.APPOINTMENT_RESCHEDULED,
            of=("ann", "bob"),
            starts_at=(NINE, LATER),
            ends_at=(NINE + hour, LATER + hour),
        )
        elsewhere = happened(
            house,
            row,
            EventType.APPOINTMENT_RESCHEDULED,
            of=("bob", "bob"),
            starts_at=(LATER, LATER + hour),
            ends_at=(LATER + hour, LATER + 2 * hour),
        )
        back = happened(
            house,
            row,
            EventType.APPOINTMENT_RESCHEDULED,
            of=("bob", "ann"),
            starts_at=(LATER + hour, NINE),
            ends_at=(LATER + 2 * hour, NINE + hour),
        )
        await tell(house, moved, elsewhere, back)
        told = [[(await each.told())[1] for _ in range(2)] for each in (dispatcher, ann)]

    gone = {"__typename": "RemovedFromView", "id": key, "cause": "It left the filter."}
    for removed, returned in told:
        assert removed == gone
        assert (returned["__typename"], returned["appointmentId"]) == ("AppointmentEvent", key)


async def test_another_customer_is_told_nothing_and_a_held_slot_only_to_dispatchers(house: House) -> None:
    row = await booked(house)
    held = NewEvent(
        type=EventType.SLOT_HELD,
        kind=HOLD,
        id=UUID(int=77),
        version=1,
        occurred_at=now(),
        after=Concerned(technician_id=house.world.technicians["ann"], customer_id=house.world.customer_id),
        changes=(),
    )
    async with (
        talking(house.served, token(house.world, "dispatcher")) as dispatcher,
        talking(house.served, token(house.world, "ann")) as ann,
    ):
        await dispatcher.ready("board", BOARD)
        await ann.ready("jobs", JOBS)
        await tell(house, held, happened(house, row, EventType.APPOINTMENT_CONFIRMED))
        (_, first), (_, alone) = await dispatcher.told(), await ann.told()

    assert first == {"__typename": "RecordEvent", "type": "SLOT_HELD", "recordId": global_id("SlotHold", UUID(int=77))}
    assert alone["type"] == "APPOINTMENT_CONFIRMED"
    answer = await house.served.ask(
        token(house.world, "stranger"),
        "query ($id: ID!) { appointment(id: $id) { id } node(id: $id) { id } }",
        {"id": global_id("Appointment", row["id"])},
    )
    assert answer["data"] == {"appointment": None, "node": None}
