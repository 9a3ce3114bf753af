"""Attachments: what is being uploaded, the bytes that are kept once, and the files of tickets."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLES = ("uploads", "file_contents", "attachments")

UP = (
    """
    CREATE TABLE uploads (
        organization_id uuid NOT NULL,
        id uuid NOT NULL,
        ticket_id uuid NOT NULL,
        comment_id uuid,
        user_id uuid NOT NULL,
        file_name text NOT NULL CHECK (char_length(file_name) BETWEEN 1 AND 200),
        size_bytes integer NOT NULL CHECK (size_bytes >= 1),
        sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
        internal boolean NOT NULL,
        expires_at timestamptz NOT NULL,
        attempt_id uuid,
        attempted_at timestamptz,
        finished_at timestamptz,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, id),
        FOREIGN KEY (organization_id, ticket_id) REFERENCES tickets,
        FOREIGN KEY (organization_id, comment_id) REFERENCES comments,
        FOREIGN KEY (organization_id, user_id) REFERENCES users,
        CHECK ((attempt_id IS NULL) = (attempted_at IS NULL))
    )
    """,
    """
    CREATE TABLE file_contents (
        organization_id uuid NOT NULL REFERENCES organizations,
        id uuid NOT NULL,
        sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
        size_bytes integer NOT NULL CHECK (size_bytes >= 1),
        scan_state text NOT NULL CHECK (scan_state IN ('PENDING', 'CLEAN', 'INFECTED', 'FAILED', 'SKIPPED')),
        finding text,
        scanned_at timestamptz,
        doomed_at timestamptz,
        erased_at timestamptz CHECK (erased_at >= doomed_at),
        created_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, id)
    )
    """,
    """
    CREATE TABLE attachments (
        organization_id uuid NOT NULL,
        id uuid NOT NULL,
        ticket_id uuid NOT NULL,
        comment_id uuid,
        assignment_id uuid,
        uploaded_by uuid NOT NULL,
        file_name text NOT NULL CHECK (char_length(file_name) BETWEEN 1 AND 200),
        content_type text NOT NULL,
        size_bytes integer NOT NULL CHECK (size_bytes >= 1),
        sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
        internal boolean NOT NULL,
        scan_state text NOT NULL CHECK (scan_state IN ('PENDING', 'CLEAN', 'INFECTED', 'FAILED', 'SKIPPED')),
        content_id uuid,
        former_content_id uuid,
        deleted_at timestamptz,
        version integer DEFAULT 1 NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, id),
        FOREIGN KEY (organization_id, ticket_id) REFERENCES tickets,
        FOREIGN KEY (organization_id, comment_id) REFERENCES comments,
        FOREIGN KEY (organization_id, assignment_id) REFERENCES assignments,
        FOREIGN KEY (organization_id, uploaded_by) REFERENCES users,
        FOREIGN KEY (organization_id, content_id) REFERENCES file_contents,
        CONSTRAINT only_what_stands_has_bytes CHECK (
            (content_id IS NOT NULL) = (deleted_at IS NULL)
            AND (former_content_id IS NOT NULL) = (deleted_at IS NOT NULL))
    )
    """,
    "CREATE INDEX uploads_open ON uploads (organization_id, user_id) WHERE finished_at IS NULL",
    "CREATE UNIQUE INDEX file_contents_once ON file_contents (organization_id, sha256) WHERE doomed_at IS NULL",
    """
    CREATE INDEX attachments_by_ticket ON attachments (organization_id, ticket_id, created_at, id)
    WHERE deleted_at IS NULL
    """,
    """
    CREATE INDEX attachments_by_comment ON attachments (organization_id, comment_id, created_at, id)
    WHERE comment_id IS NOT NULL AND deleted_at IS NULL
    """,
    """
    CREATE INDEX attachments_by_assignment ON attachments (organization_id, assignment_id, created_at, id)
    WHERE assignment_id IS NOT NULL AND deleted_at IS NULL
    """,
    "CREATE INDEX attachments_by_content ON attachments (organization_id, content_id) WHERE content_id IS NOT NULL",
    "COMMENT ON TABLE uploads IS 'Bytes that were announced; nobody''s file before they have been checked'",
    "COMMENT ON COLUMN uploads.attempt_id IS 'Who checks the bytes; names the copy that is checked'",
    "COMMENT ON TABLE file_contents IS 'Bytes, once for each organisation; the id names them in the store'",
    "COMMENT ON COLUMN file_contents.doomed_at IS 'From then on nobody may refer to it: its bytes are being erased'",
    "COMMENT ON COLUMN attachments.former_content_id IS 'The bytes that a deleted attachment had'",
)

DOWN = tuple(f"DROP TABLE {table}" for table in reversed(TABLES))


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"""
            CREATE POLICY own_organization ON {table} TO fieldgraph_app
            USING (organization_id = (SELECT current_organization()))
            """
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO fieldgraph_app")


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
