"""Agreed times, their series, the bookings that keep time from being taken twice, and who waits for one."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, TSTZRANGE

from app.db.tables.base import Json, Moment, reference, tenant_table, versioned, word
from app.domain.appointments import AppointmentStatus, AppointmentType, LocationMode, ScheduleLock, Urgency
from app.domain.bookings import BookingKind
from app.domain.waitlist import WaitlistStatus

appointment_series = tenant_table(
    "appointment_series",
    reference("id", primary_key=True),
    sa.Column("rrule", sa.Text, nullable=False),
    sa.Column("time_zone", sa.Text, nullable=False),
    sa.Column("starts_at", Moment, nullable=False),
    sa.Column("exceptions", ARRAY(sa.Date, as_tuple=True), nullable=False, server_default="{}"),
    sa.Column("planned_until", Moment, nullable=False),
    sa.Column("template", Json, nullable=False),
    sa.Column("shift_minutes", sa.Integer, nullable=False, server_default="0"),
    sa.Column("ended", sa.Boolean, nullable=False, server_default=sa.false()),
    *versioned(),
)

appointments = tenant_table(
    "appointments",
    reference("id", primary_key=True),
    reference("ticket_id"),
    reference("assignment_id", null=True),
    reference("asset_id", null=True),
    reference("customer_id", null=True),
    sa.Column("type", word(AppointmentType), nullable=False),
    sa.Column("urgency", word(Urgency), nullable=False),
    sa.Column("status", word(AppointmentStatus), nullable=False),
    sa.Column("location_mode", word(LocationMode), nullable=False),
    reference("facility_id", null=True),
    reference("bay_id", null=True),
    reference("technician_id"),
    sa.Column("starts_at", Moment, nullable=False),
    sa.Column("ends_at", Moment, nullable=False),
    sa.Column("arrival_until", Moment, nullable=False),
    sa.Column("time_zone", sa.Text, nullable=False),
    sa.Column("lock", word(ScheduleLock), nullable=False, server_default="NONE"),
    reference("series_id", null=True),
    sa.Column("occurrence_at", Moment),
    sa.Column("request", Json, nullable=False),
    sa.Column("notes", sa.Text),
    sa.Column("notify", sa.Boolean, nullable=False),
    sa.Column("used_recommended_slot", sa.Boolean, nullable=False),
    sa.Column("invite_sequence", sa.Integer, nullable=False, server_default="0"),
    sa.Column("remind_at", Moment),
    sa.Column("reminded_at", Moment),
    sa.Column("confirmed_at", Moment),
    sa.Column("cancelled_at", Moment),
    sa.Column("cancellation_reason", sa.Text),
    sa.Column("cancellation_fee", sa.Numeric(12, 2)),
    sa.Column("currency", sa.Text),
    reference("booked_by", null=True),
    *versioned(),
)

bookings = tenant_table(
    "bookings",
    reference("id", primary_key=True),
    sa.Column("kind", word(BookingKind), nullable=False),
    sa.Column("active", sa.Boolean, nullable=False),
    reference("technician_id"),
    reference("bay_id", null=True),
    sa.Column("starts_at", Moment, nullable=False),
    sa.Column("ends_at", Moment, nullable=False),
    sa.Column("during", TSTZRANGE, nullable=False),
    sa.Column("latitude", sa.Double),
    sa.Column("longitude", sa.Double),
    reference("appointment_id", null=True),
    reference("waitlist_entry_id", null=True),
    reference("held_by", null=True),
    reference("customer_id", null=True),
    sa.Column("offer", Json),
    sa.Column("expires_at", Moment),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("released_at", Moment),
)

part_reservations = tenant_table(
    "part_reservations",
    reference("appointment_id", primary_key=True),
    reference("part_id", primary_key=True),
    sa.Column("quantity", sa.Integer, nullable=False),
    sa.Column("critical", sa.Boolean, nullable=False),
)

waitlist_entries = tenant_table(
    "waitlist_entries",
    reference("id", primary_key=True),
    reference("customer_id", null=True),
    reference("appointment_id", null=True),
    reference("joined_by", null=True),
    sa.Column("appointment_type", word(AppointmentType), nullable=False),
    sa.Column("windows", Json, nullable=False),
    sa.Column("request", Json, nullable=False),
    sa.Column("tier_rank", sa.SmallInteger, nullable=False),
    sa.Column("status", word(WaitlistStatus), nullable=False),
    sa.Column("declined", Json, nullable=False, server_default="[]"),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("paused_at", Moment),
    *versioned(),
)

alerts = tenant_table(
    "alerts",
    sa.Column("alert_id", sa.Text, primary_key=True),
    sa.Column("input_hash", sa.LargeBinary, nullable=False),
    reference("ticket_id"),
    reference("appointment_id", null=True),
    sa.Column("created_at", Moment, nullable=False),
)
