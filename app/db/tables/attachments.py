"""Files of tickets: what is being uploaded, the bytes that are kept once, and the attachments."""

import sqlalchemy as sa

from app.db.tables.base import Moment, Uuid, reference, tenant_table, versioned, word
from app.domain.files import ScanState

uploads = tenant_table(
    "uploads",
    sa.Column("id", Uuid, primary_key=True),
    reference("ticket_id"),
    reference("comment_id", null=True),
    reference("user_id"),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("size_bytes", sa.Integer, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("internal", sa.Boolean, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("attempt_id", Uuid),
    sa.Column("attempted_at", Moment),
    sa.Column("finished_at", Moment),
    sa.Column("created_at", Moment, nullable=False),
)

file_contents = tenant_table(
    "file_contents",
    sa.Column("id", Uuid, primary_key=True),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("size_bytes", sa.Integer, nullable=False),
    sa.Column("scan_state", word(ScanState), nullable=False),
    sa.Column("finding", sa.Text),
    sa.Column("scanned_at", Moment),
    sa.Column("doomed_at", Moment),
    sa.Column("erased_at", Moment),
    sa.Column("created_at", Moment, nullable=False),
)

attachments = tenant_table(
    "attachments",
    sa.Column("id", Uuid, primary_key=True),
    reference("ticket_id"),
    reference("comment_id", null=True),
    reference("assignment_id", null=True),
    reference("uploaded_by"),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("content_type", sa.Text, nullable=False),
    sa.Column("size_bytes", sa.Integer, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("internal", sa.Boolean, nullable=False),
    sa.Column("scan_state", word(ScanState), nullable=False),
    reference("content_id", null=True),
    reference("former_content_id", null=True),
    sa.Column("deleted_at", Moment),
    *versioned(),
)
