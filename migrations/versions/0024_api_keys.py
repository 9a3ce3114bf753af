"""API keys, found by a prefix within their organisation, and kept as a hash."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

SCOPES = (
    "ARRAY['READ', 'EXPORT', 'WRITE_TICKETS', 'DISPATCH', 'WORK_JOBS', 'BOOK', 'INGEST_ALERTS', 'ADMINISTER', 'BEGIN']"
)

UP = (
    f"""
    CREATE TABLE api_keys (
        organization_id uuid NOT NULL REFERENCES organizations,
        id uuid NOT NULL,
        name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
        prefix text NOT NULL CHECK (prefix ~ '^fg_[0-9A-Za-z]{{10}}$'),
        hash bytea NOT NULL CHECK (length(hash) = 32),
        scopes text[] NOT NULL CHECK (scopes <@ {SCOPES} AND cardinality(scopes) > 0),
        user_id uuid NOT NULL,
        created_by uuid,
        expires_at timestamptz NOT NULL,
        last_used_at timestamptz,
        revoked_at timestamptz,
        version integer DEFAULT 1 NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, id),
        CONSTRAINT a_prefix_finds_one_key UNIQUE (organization_id, prefix),
        FOREIGN KEY (organization_id, user_id) REFERENCES users,
        FOREIGN KEY (organization_id, created_by) REFERENCES users
    )
    """,
    "CREATE INDEX api_keys_of_users ON api_keys (organization_id, user_id) WHERE revoked_at IS NULL",
    "COMMENT ON TABLE api_keys IS 'How programs come in, as a user and with fewer rights than the user has'",
    "COMMENT ON COLUMN api_keys.prefix IS 'What a key begins with; finds it, and is no secret'",
    "COMMENT ON COLUMN api_keys.hash IS 'HMAC-SHA-256 of the whole key, under a key made of the log''s'",
    "COMMENT ON COLUMN api_keys.created_by IS 'Null: the command line'",
    "COMMENT ON COLUMN api_keys.last_used_at IS 'To the minute; null: never'",
    "ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE api_keys FORCE ROW LEVEL SECURITY",
    """
    CREATE POLICY own_organization ON api_keys TO fieldgraph_app
    USING (organization_id = (SELECT current_organization()))
    """,
    # What a key is known by, whom it acts as and what it opens never changes.
    "GRANT SELECT, INSERT ON api_keys TO fieldgraph_app",
    "GRANT UPDATE (last_used_at, revoked_at, version, updated_at) ON api_keys TO fieldgraph_app",
)

DOWN = ("DROP TABLE api_keys",)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
