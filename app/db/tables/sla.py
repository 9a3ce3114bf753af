"""Service levels: versions of calendars and policies, the clocks of tickets, and the alerts they gave."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.db.tables.base import Json, Moment, key, reference, tenant_table, versioned, word, words
from app.domain.sla import SlaMetric, SlaState
from app.domain.tickets import TicketStatus

business_calendars = tenant_table(
    "business_calendars",
    key(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("time_zone", sa.Text, nullable=False),
    sa.Column("weekly", Json, nullable=False),
    sa.Column("holidays", ARRAY(sa.Date, as_tuple=True), nullable=False, server_default="{}"),
    sa.Column("created_at", Moment, nullable=False),
)

sla_policies = tenant_table(
    "sla_policies",
    key(),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("built_in", sa.Boolean, nullable=False),
    sa.Column("targets", Json, nullable=False),
    sa.Column("pause_on", words(TicketStatus), nullable=False),
    sa.Column("warn_at_percent", ARRAY(sa.SmallInteger, as_tuple=True), nullable=False),
    sa.Column("auto_escalate_on_breach", sa.Boolean, nullable=False),
    reference("calendar_id", null=True),
    sa.Column("created_at", Moment, nullable=False),
)

sla_clocks = tenant_table(
    "sla_clocks",
    reference("id", primary_key=True),
    reference("ticket_id"),
    sa.Column("metric", word(SlaMetric), nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    reference("policy_id"),
    sa.Column("target_minutes", sa.Integer, nullable=False),
    sa.Column("state", word(SlaState), nullable=False),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("due_at", Moment),
    sa.Column("segments", Json, nullable=False),
    sa.Column("warned_percent", sa.SmallInteger),
    sa.Column("breached_at", Moment),
    sa.Column("met_at", Moment),
    sa.Column("current", sa.Boolean, nullable=False),
    sa.Column("next_check_at", Moment),
    *versioned(),
)

sla_alerts = tenant_table(
    "sla_alerts",
    reference("clock_id", primary_key=True),
    sa.Column("percent", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("created_at", Moment, nullable=False),
)
