"""API keys."""

import sqlalchemy as sa

from app.db.tables.base import Moment, Uuid, reference, tenant_table, versioned, words
from app.domain.people import ApiKeyScope

api_keys = tenant_table(
    "api_keys",
    sa.Column("id", Uuid, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("prefix", sa.Text, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.Column("scopes", words(ApiKeyScope), nullable=False),
    reference("user_id"),
    reference("created_by", null=True),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("last_used_at", Moment),
    sa.Column("revoked_at", Moment),
    *versioned(),
)
