"""The log: its identity, each organisation's head, the events, and the answers kept for repeats."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, INET

from app.db.tables.base import Json, Moment, Uuid, metadata, reference, tenant_table, word
from app.domain.people import EventSource

log_identity = sa.Table(
    "log_identity",
    metadata,
    sa.Column("singleton", sa.Boolean, primary_key=True, server_default=sa.true()),
    sa.Column("epoch", Uuid, nullable=False),
    sa.Column("cursor_key", sa.LargeBinary, nullable=False),
)

event_heads = tenant_table(
    "event_heads",
    sa.Column("position", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("recorded_at", Moment, nullable=False),
)

events = tenant_table(
    "events",
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("id", Uuid, nullable=False, server_default=sa.text("uuidv7()")),
    sa.Column("change_id", Uuid, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("payload_version", sa.SmallInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject_id", Uuid, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    reference("ticket_id", null=True),
    reference("assignment_id", null=True),
    sa.Column("existed", sa.Boolean, nullable=False),
    sa.Column("exists_after", sa.Boolean, nullable=False),
    reference("technician_before", null=True),
    reference("technician_after", null=True),
    reference("team_before", null=True),
    reference("team_after", null=True),
    reference("territory_before", null=True),
    reference("territory_after", null=True),
    reference("requester_before", null=True),
    reference("requester_after", null=True),
    reference("customer_before", null=True),
    reference("customer_after", null=True),
    sa.Column("territories_before", ARRAY(Uuid)),
    sa.Column("territories_after", ARRAY(Uuid)),
    sa.Column("internal_before", sa.Boolean, nullable=False),
    sa.Column("internal_after", sa.Boolean, nullable=False),
    sa.Column("changes", Json, nullable=False),
    reference("actor_id", null=True),
    sa.Column("source", word(EventSource), nullable=False),
    sa.Column("ip_address", INET),
    sa.Column("occurred_at", Moment, nullable=False),
    sa.Column("recorded_at", Moment, nullable=False),
)

idempotency_results = tenant_table(
    "idempotency_results",
    reference("actor_id", primary_key=True),
    sa.Column("mutation", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("input_hash", sa.LargeBinary, nullable=False),
    sa.Column("change_id", Uuid, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("result", Json, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
)
