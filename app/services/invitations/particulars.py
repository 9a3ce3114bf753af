"""Reads appointments with the words that belong to them."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import records
from app.db.tables.appointments import appointments
from app.db.tables.customers import customers
from app.db.tables.organizations import organizations
from app.db.tables.people import technicians, users
from app.db.tables.supply import facilities, service_bays
from app.db.tables.tickets import tickets
from app.domain.appointments import Appointment
from app.domain.particulars import Particulars

_WORDS = ("organization", "ticket_number", "title", "technician", "customer", "address", "facility", "bay")


async def particulars(
    connection: AsyncConnection, *where: "sa.ColumnElement[bool]", limit: int
) -> Sequence[Particulars]:
    """Return the appointments that match, by their start; also those of deleted tickets."""
    query = _query().where(*where).order_by(appointments.c.starts_at, appointments.c.id).limit(limit)
    return [_made(row) for row in (await connection.execute(query)).mappings()]


def _made(row: Any) -> Particulars:
    columns = dict(row)
    words = {name: columns.pop(f"its_{name}") for name in _WORDS}
    return Particulars(appointment=Appointment(**columns), **words)


@cache
def _query() -> "sa.Select[Any]":
    own = appointments.c.organization_id
    joined = (
        appointments.join(organizations, organizations.c.organization_id == own)
        .join(tickets, _same(tickets, "ticket_id"))
        .join(technicians, _same(technicians, "technician_id"))
        .join(users, (users.c.organization_id == own) & (users.c.id == technicians.c.user_id))
        .outerjoin(customers, _same(customers, "customer_id"))
        .outerjoin(facilities, _same(facilities, "facility_id"))
        .outerjoin(service_bays, _same(service_bays, "bay_id"))
    )
    return (
        records.select(appointments, Appointment)
        .add_columns(
            organizations.c.name.label("its_organization"),
            tickets.c.ticket_number.label("its_ticket_number"),
            tickets.c.title.label("its_title"),
            users.c.name.label("its_technician"),
            customers.c.name.label("its_customer"),
            sa.func.coalesce(tickets.c.address, customers.c.address).label("its_address"),
            facilities.c.name.label("its_facility"),
            service_bays.c.name.label("its_bay"),
        )
        .select_from(joined)
    )


def _same(table: sa.Table, reference: str) -> "sa.ColumnElement[bool]":
    return (table.c.organization_id == appointments.c.organization_id) & (table.c.id == appointments.c[reference])
