"""How appointments, holds and waits hang together with all else. Each relation is declared here once."""

import sqlalchemy as sa

from app.db.tables.supply import service_bay_skills
from app.domain.appointment_life import OPEN
from app.domain.appointments import AppointmentStatus
from app.reads import entities
from app.reads.orders import Kind, Term, ending_in_id
from app.reads.relations import BY_NAME, BY_START, Relation, Via, by


def _open_appointment(table: sa.FromClause) -> "sa.ColumnElement[bool]":
    return table.c.status.in_(OPEN)


TICKET_APPOINTMENTS = Relation(
    name="ticket.appointments",
    target=entities.APPOINTMENT,
    parent_column="id",
    target_column="ticket_id",
    many=True,
    order=BY_START,
)
# At most one is open.
TICKET_NEXT_APPOINTMENT = Relation(
    name="ticket.nextAppointment",
    target=entities.APPOINTMENT,
    parent_column="id",
    target_column="ticket_id",
    where=_open_appointment,
)
ASSIGNMENT_APPOINTMENT = Relation(
    name="assignment.appointment",
    target=entities.APPOINTMENT,
    parent_column="id",
    target_column="assignment_id",
    where=lambda table: table.c.status != AppointmentStatus.CANCELLED,
    order=ending_in_id([Term("starts_at", Kind.MOMENT, descending=True)]),
)

FACILITY_TERRITORY = Relation(name="facility.territory", target=entities.TERRITORY, parent_column="territory_id")
FACILITY_CALENDAR = Relation(name="facility.calendar", target=entities.BUSINESS_CALENDAR, parent_column="calendar_id")
FACILITY_BAYS = Relation(
    name="facility.bays",
    target=entities.SERVICE_BAY,
    parent_column="id",
    target_column="facility_id",
    many=True,
    order=BY_NAME,
)
BAY_FACILITY = Relation(name="serviceBay.facility", target=entities.FACILITY, parent_column="facility_id")
BAY_SKILLS = Relation(
    name="serviceBay.equippedFor",
    target=entities.SKILL,
    parent_column="id",
    many=True,
    order=by("code", Kind.TEXT),
    via=Via(table=service_bay_skills, near="bay_id", far="skill_id"),
)

APPOINTMENT_TICKET = Relation(name="appointment.ticket", target=entities.TICKET, parent_column="ticket_id")
APPOINTMENT_ASSET = Relation(name="appointment.asset", target=entities.ASSET, parent_column="asset_id")
APPOINTMENT_CUSTOMER = Relation(name="appointment.customer", target=entities.CUSTOMER, parent_column="customer_id")
APPOINTMENT_FACILITY = Relation(name="appointment.facility", target=entities.FACILITY, parent_column="facility_id")
APPOINTMENT_BAY = Relation(name="appointment.bay", target=entities.SERVICE_BAY, parent_column="bay_id")
APPOINTMENT_TECHNICIAN = Relation(
    name="appointment.technician", target=entities.TECHNICIAN, parent_column="technician_id"
)
APPOINTMENT_ASSIGNMENT = Relation(
    name="appointment.assignment", target=entities.ASSIGNMENT, parent_column="assignment_id"
)
APPOINTMENT_SERIES = Relation(name="appointment.series", target=entities.APPOINTMENT_SERIES, parent_column="series_id")
APPOINTMENT_BOOKER = Relation(name="appointment.bookedBy", target=entities.USER, parent_column="booked_by")
SERIES_OCCURRENCES = Relation(
    name="appointmentSeries.occurrences",
    target=entities.APPOINTMENT,
    parent_column="id",
    target_column="series_id",
    many=True,
    order=BY_START,
)

WAITING_CUSTOMER = Relation(name="waitlistEntry.customer", target=entities.CUSTOMER, parent_column="customer_id")
WAITING_APPOINTMENT = Relation(
    name="waitlistEntry.appointment", target=entities.APPOINTMENT, parent_column="appointment_id"
)
HOLD_USER = Relation(name="slotHold.heldBy", target=entities.USER, parent_column="held_by")
WAITING_OFFER = Relation(
    name="waitlistEntry.offer", target=entities.SLOT_HOLD, parent_column="id", target_column="waitlist_entry_id"
)
WAITING_USER = Relation(name="waitlistEntry.joinedBy", target=entities.USER, parent_column="joined_by")
