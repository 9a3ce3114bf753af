"""Whose data was erased."""

import sqlalchemy as sa

from app.db.tables.base import Moment, Uuid, reference, tenant_table, word
from app.domain.erasures import ErasureReason, ErasureSubject

erasures = tenant_table(
    "erasures",
    sa.Column("id", Uuid, primary_key=True),
    sa.Column("kind", word(ErasureSubject), nullable=False),
    reference("subject_id"),
    sa.Column("reason", word(ErasureReason), nullable=False),
    sa.Column("change_id", Uuid, nullable=False),
    reference("erased_by", null=True),
    sa.Column("erased_at", Moment, nullable=False),
)
