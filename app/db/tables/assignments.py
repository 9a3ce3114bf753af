"""Assignments and the parts used in them."""

import sqlalchemy as sa

from app.db.tables.base import Moment, key, reference, tenant_table, versioned, word
from app.domain.assignments import AssignmentOutcome, AssignmentReason, AssignmentStatus, AssignmentType

assignments = tenant_table(
    "assignments",
    key(),
    reference("ticket_id"),
    reference("technician_id"),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("tier_level", sa.SmallInteger, nullable=False),
    sa.Column("reason", word(AssignmentReason), nullable=False),
    sa.Column("reason_note", sa.Text),
    sa.Column("type", word(AssignmentType), nullable=False),
    sa.Column("status", word(AssignmentStatus), nullable=False),
    sa.Column("status_rank", sa.SmallInteger, sa.Computed("assignment_status_rank(status)", persisted=True)),
    reference("assigned_by", null=True),
    sa.Column("assigned_at", Moment, nullable=False),
    sa.Column("accept_by", Moment),
    sa.Column("accepted_at", Moment),
    sa.Column("rejected_at", Moment),
    sa.Column("rejection_reason", sa.Text),
    sa.Column("en_route_at", Moment),
    sa.Column("arrived_at", Moment),
    sa.Column("started_at", Moment),
    sa.Column("paused_at", Moment),
    sa.Column("completed_at", Moment),
    sa.Column("cancelled_at", Moment),
    sa.Column("outcome", word(AssignmentOutcome)),
    sa.Column("escalation_reason", sa.Text),
    sa.Column("time_spent_hours", sa.Numeric(5, 2)),
    sa.Column("diagnosis", sa.Text),
    sa.Column("actions_taken", sa.Text),
    sa.Column("notes", sa.Text),
    *versioned(),
)

assignment_parts = tenant_table(
    "assignment_parts",
    reference("assignment_id", primary_key=True),
    sa.Column("line", sa.SmallInteger, primary_key=True, autoincrement=False),
    reference("part_id", null=True),
    sa.Column("part_number", sa.Text, nullable=False),
    sa.Column("part_name", sa.Text, nullable=False),
    sa.Column("quantity", sa.Integer, nullable=False),
    sa.Column("cost", sa.Numeric(12, 2)),
    sa.Column("currency", sa.Text),
)
