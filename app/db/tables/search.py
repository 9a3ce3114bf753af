"""The words of tickets, as triggers keep them."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSVECTOR

from app.db.tables.base import reference, tenant_table

ticket_search = tenant_table(
    "ticket_search",
    reference("ticket_id", primary_key=True),
    sa.Column("public_words", TSVECTOR, nullable=False),
    sa.Column("staff_words", TSVECTOR, nullable=False),
)
