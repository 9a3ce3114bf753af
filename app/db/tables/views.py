"""Saved views."""

import sqlalchemy as sa

from app.db.tables.base import Json, Uuid, reference, tenant_table, versioned

saved_views = tenant_table(
    "saved_views",
    sa.Column("id", Uuid, primary_key=True),
    reference("owner_id"),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("filter", Json, nullable=False),
    sa.Column("order_by", Json),
    sa.Column("shared", sa.Boolean, nullable=False),
    *versioned(),
)
