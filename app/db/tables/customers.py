"""Customers, the users who belong to them, their assets, and the parts that keep assets running."""

import sqlalchemy as sa

from app.db.tables.base import active, key, reference, tenant_table, versioned, word
from app.domain.places import AssetKind, CustomerTier

customers = tenant_table(
    "customers",
    key(),
    sa.Column("external_id", sa.Text),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("tier", word(CustomerTier), nullable=False),
    sa.Column("latitude", sa.Double),
    sa.Column("longitude", sa.Double),
    sa.Column("address", sa.Text),
    active(),
    *versioned(),
)

customer_users = tenant_table(
    "customer_users",
    reference("customer_id", primary_key=True),
    reference("user_id", primary_key=True),
)

assets = tenant_table(
    "assets",
    key(),
    sa.Column("external_id", sa.Text),
    sa.Column("kind", word(AssetKind), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    reference("customer_id", null=True),
    active(),
    *versioned(),
)

parts = tenant_table(
    "parts",
    key(),
    sa.Column("part_number", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("stock", sa.Integer, nullable=False),
    sa.Column("unit_cost", sa.Numeric(12, 2)),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("lead_time_days", sa.Integer),
    active(),
    *versioned(),
)
