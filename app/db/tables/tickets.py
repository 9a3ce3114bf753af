"""Tickets, what they require, the counter of their numbers, and their comments."""

import sqlalchemy as sa

from app.db.tables.base import Json, Moment, TextList, key, reference, tenant_table, versioned, word
from app.domain.sla import SlaState
from app.domain.tickets import Environment, TicketCategory, TicketPriority, TicketStatus

# What stands for a ticket that is never due, in orders that rise and in those that fall. Not the first moment of the
# calendar, which the driver takes for infinity.
NEVER_DUE_COMES_LAST = "9999-01-01 00:00:00+00"
NEVER_DUE_FALLS_LAST = "1000-01-01 00:00:00+00"

tickets = tenant_table(
    "tickets",
    key(),
    sa.Column("ticket_number", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("status", word(TicketStatus), nullable=False),
    sa.Column("status_rank", sa.SmallInteger, sa.Computed("ticket_status_rank(status)", persisted=True)),
    sa.Column("priority", word(TicketPriority), nullable=False),
    sa.Column("category", word(TicketCategory), nullable=False),
    sa.Column("environment", word(Environment)),
    sa.Column("affected_service", sa.Text),
    sa.Column("tags", TextList, nullable=False, server_default="{}"),
    sa.Column("custom_fields", Json),
    reference("customer_id", null=True),
    reference("asset_id", null=True),
    reference("requester_id"),
    reference("territory_id", null=True),
    sa.Column("latitude", sa.Double),
    sa.Column("longitude", sa.Double),
    sa.Column("address", sa.Text),
    sa.Column("escalation_count", sa.Integer, nullable=False, server_default="0"),
    sa.Column("escalation_tier_level", sa.SmallInteger),
    sa.Column("resolution_notes", sa.Text),
    sa.Column("resolved_at", Moment),
    sa.Column("closed_at", Moment),
    sa.Column("deleted_at", Moment),
    reference("sla_policy_id", null=True),
    sa.Column("sla_due_at", Moment),
    sa.Column("sla_state", word(SlaState)),
    sa.Column("sla_due_first", Moment, nullable=False, server_default=NEVER_DUE_COMES_LAST),
    sa.Column("sla_due_last", Moment, nullable=False, server_default=NEVER_DUE_FALLS_LAST),
    *versioned(),
)

ticket_required_skills = tenant_table(
    "ticket_required_skills",
    reference("ticket_id", primary_key=True),
    reference("skill_id", primary_key=True),
    sa.Column("level", sa.SmallInteger, nullable=False),
)

ticket_required_parts = tenant_table(
    "ticket_required_parts",
    reference("ticket_id", primary_key=True),
    reference("part_id", primary_key=True),
    sa.Column("quantity", sa.Integer, nullable=False),
    sa.Column("critical", sa.Boolean, nullable=False),
)

ticket_counters = tenant_table(
    "ticket_counters",
    sa.Column("year", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("last_number", sa.Integer, nullable=False),
)

comments = tenant_table(
    "comments",
    key(),
    reference("ticket_id"),
    reference("author_id", null=True),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("internal", sa.Boolean, nullable=False),
    sa.Column("system_generated", sa.Boolean, nullable=False),
    sa.Column("edited_at", Moment),
    sa.Column("deleted_at", Moment),
    *versioned(),
)
