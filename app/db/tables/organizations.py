"""The organisation and how it is divided: tiers, teams, territories, skills."""

import sqlalchemy as sa

from app.db.polygons import Polygon
from app.db.tables.base import Uuid, active, key, metadata, reference, tenant_table, versioned

organizations = sa.Table(
    "organizations",
    metadata,
    sa.Column("organization_id", Uuid, primary_key=True, server_default=sa.text("uuidv7()")),
    sa.Column("id", Uuid, sa.Computed("organization_id", persisted=True), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("time_zone", sa.Text, nullable=False),
    *versioned(),
)

organization_settings = tenant_table(
    "organization_settings",
    sa.Column("offer_accept_minutes", sa.Integer),
    sa.Column("urgent_accept_minutes", sa.Integer),
    sa.Column("one_job_in_progress", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("max_jobs_per_day", sa.Integer),
    sa.Column("hourly_rate", sa.Numeric(12, 2)),
    sa.Column("currency", sa.Text, nullable=False, server_default="EUR"),
    sa.Column("reopen_window_days", sa.Integer, nullable=False, server_default="7"),
    sa.Column("sla_enabled", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("max_bookings_per_technician_per_day", sa.Integer),
    sa.Column("buffer_minutes", sa.Integer),
    sa.Column("hold_minutes", sa.Integer),
    sa.Column("auto_book_critical_alerts", sa.Boolean),
    sa.Column("auto_book_within_days", sa.Integer),
    sa.Column("reminder_hours_before", sa.Integer),
    sa.Column("free_cancellation_hours", sa.Integer),
    sa.Column("late_cancellation_fee", sa.Numeric(12, 2)),
    sa.Column("waitlist_offer_minutes", sa.Integer),
    sa.Column("send_confirmation_email", sa.Boolean),
    *versioned(),
)

escalation_tiers = tenant_table(
    "escalation_tiers",
    sa.Column("level", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("accept_within_minutes", sa.Integer),
    reference("team_id", null=True),
    *versioned(since="now()"),
)

teams = tenant_table(
    "teams",
    key(),
    sa.Column("name", sa.Text, nullable=False),
    active(),
    *versioned(since="now()"),
)

territories = tenant_table(
    "territories",
    key(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("time_zone", sa.Text, nullable=False),
    sa.Column("area", Polygon),
    # Within which degrees the area lies: what an index can be asked under row-level security.
    sa.Column("area_west", sa.Double, sa.Computed("((box(area))[1])[0]", persisted=True)),
    sa.Column("area_east", sa.Double, sa.Computed("((box(area))[0])[0]", persisted=True)),
    sa.Column("area_south", sa.Double, sa.Computed("((box(area))[1])[1]", persisted=True)),
    sa.Column("area_north", sa.Double, sa.Computed("((box(area))[0])[1]", persisted=True)),
    active(),
    *versioned(since="now()"),
)

skills = tenant_table(
    "skills",
    key(),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    active(),
    *versioned(since="now()"),
)
