"""When technicians work and when not, and the versions of their queues."""

import sqlalchemy as sa

from app.db.tables.base import Moment, key, reference, tenant_table, versioned, word
from app.domain.availability import Absence

shifts = tenant_table(
    "shifts",
    key(),
    reference("technician_id"),
    sa.Column("starts_at", Moment, nullable=False),
    sa.Column("ends_at", Moment, nullable=False),
    sa.Column("on_call", sa.Boolean, nullable=False, server_default=sa.false()),
    *versioned(),
)

shift_breaks = tenant_table(
    "shift_breaks",
    reference("shift_id", primary_key=True),
    sa.Column("starts_at", Moment, primary_key=True),
    sa.Column("ends_at", Moment, nullable=False),
)

time_off = tenant_table(
    "time_off",
    key(),
    reference("technician_id"),
    sa.Column("starts_at", Moment, nullable=False),
    sa.Column("ends_at", Moment, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("availability", word(Absence), nullable=False, server_default="TIME_OFF"),
    sa.Column("said", sa.Boolean, nullable=False, server_default=sa.false()),
    *versioned(),
)

queue_versions = tenant_table(
    "queue_versions",
    reference("technician_id", primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
)
