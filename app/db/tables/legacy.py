"""What came from older platforms, by its old keys."""

import sqlalchemy as sa

from app.db.tables.base import Json, reference, tenant_table

legacy_rows = tenant_table(
    "legacy_rows",
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("legacy_key", sa.Text, primary_key=True),
    reference("id"),
    sa.Column("kept", Json),
)
