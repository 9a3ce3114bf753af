"""What leaves the house about appointments, the calendars it goes into, and the feeds of technicians."""

import sqlalchemy as sa

from app.db.tables.base import Moment, reference, tenant_table, versioned, word
from app.domain.calendar_connections import CalendarProvider
from app.domain.deliveries import Channel, DeliveryPurpose, DeliveryState

deliveries = tenant_table(
    "deliveries",
    reference("id", primary_key=True),
    reference("appointment_id"),
    sa.Column("channel", word(Channel), nullable=False),
    reference("user_id", null=True),
    reference("technician_id", null=True),
    sa.Column("purpose", word(DeliveryPurpose), nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("state", word(DeliveryState), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("last_error", sa.Text),
    sa.Column("external_id", sa.Text),
    sa.Column("due_at", Moment, nullable=False),
    sa.Column("claimed_at", Moment),
    sa.Column("sent_at", Moment),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
)

calendar_connections = tenant_table(
    "calendar_connections",
    reference("technician_id", primary_key=True),
    sa.Column("provider", word(CalendarProvider), primary_key=True),
    sa.Column("calendar_id", sa.Text, nullable=False),
    sa.Column("sealed_token", sa.LargeBinary),
    sa.Column("broken_because", sa.Text),
    *versioned(),
)

calendar_feeds = tenant_table(
    "calendar_feeds",
    reference("technician_id", primary_key=True),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
)
