"""What appointments are made of: facilities and their bays, holidays, and what is settled of kinds of service."""

import sqlalchemy as sa

from app.db.tables.base import active, key, reference, tenant_table, versioned, word
from app.domain.appointments import AppointmentType, AutoBooking, Urgency

facilities = tenant_table(
    "facilities",
    key(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("latitude", sa.Double),
    sa.Column("longitude", sa.Double),
    reference("territory_id", null=True),
    reference("calendar_id", null=True),
    active(),
    *versioned(),
)

service_bays = tenant_table(
    "service_bays",
    key(),
    reference("facility_id"),
    sa.Column("name", sa.Text, nullable=False),
    active(),
    *versioned(),
)

service_bay_skills = tenant_table(
    "service_bay_skills",
    reference("bay_id", primary_key=True),
    reference("skill_id", primary_key=True),
)

territory_holidays = tenant_table(
    "territory_holidays",
    reference("territory_id", primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
)

service_types = tenant_table(
    "service_types",
    sa.Column("type", word(AppointmentType), primary_key=True),
    sa.Column("duration_minutes", sa.Integer),
    sa.Column("urgency", word(Urgency)),
    sa.Column("auto_book_from", word(AutoBooking)),
    *versioned(),
)

service_type_skills = tenant_table(
    "service_type_skills",
    sa.Column("type", word(AppointmentType), primary_key=True),
    reference("skill_id", primary_key=True),
    sa.Column("level", sa.SmallInteger, nullable=False),
)
