"""What leaves the house about appointments: deliveries, the calendars they go into, and technicians' feeds."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TABLES = ("deliveries", "calendar_connections", "calendar_feeds")

UP = (
    """
    CREATE TABLE deliveries (
        organization_id uuid NOT NULL,
        id uuid NOT NULL,
        appointment_id uuid NOT NULL,
        channel text NOT NULL CHECK (channel IN ('EMAIL', 'GOOGLE', 'MICROSOFT')),
        user_id uuid,
        technician_id uuid,
        purpose text NOT NULL CHECK (purpose IN ('INVITE', 'UPDATE', 'CANCEL', 'REMINDER', 'CONFIRMATION')),
        sequence integer NOT NULL CHECK (sequence >= 0),
        state text NOT NULL CHECK (state IN ('DUE', 'SENT', 'OVERTAKEN', 'GIVEN_UP')),
        attempts integer DEFAULT 0 NOT NULL CHECK (attempts >= 0),
        last_error text CHECK (char_length(last_error) <= 300),
        external_id text,
        due_at timestamptz NOT NULL,
        claimed_at timestamptz,
        sent_at timestamptz,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, id),
        FOREIGN KEY (organization_id, appointment_id) REFERENCES appointments,
        FOREIGN KEY (organization_id, user_id) REFERENCES users,
        FOREIGN KEY (organization_id, technician_id) REFERENCES technicians,
        CONSTRAINT it_goes_to_one CHECK (num_nonnulls(user_id, technician_id) = 1),
        CONSTRAINT calendars_are_technicians CHECK (channel = 'EMAIL' OR technician_id IS NOT NULL),
        CONSTRAINT sent_at_a_moment CHECK ((state = 'SENT') = (sent_at IS NOT NULL)),
        CONSTRAINT each_effect_once UNIQUE NULLS NOT DISTINCT
            (organization_id, appointment_id, channel, purpose, sequence, user_id, technician_id)
    )
    """,
    """
    CREATE TABLE calendar_connections (
        organization_id uuid NOT NULL,
        technician_id uuid NOT NULL,
        provider text NOT NULL CHECK (provider IN ('GOOGLE', 'MICROSOFT')),
        calendar_id text NOT NULL CHECK (char_length(calendar_id) BETWEEN 1 AND 300),
        sealed_token bytea,
        broken_because text CHECK (char_length(broken_because) <= 300),
        version integer DEFAULT 1 NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, technician_id, provider),
        FOREIGN KEY (organization_id, technician_id) REFERENCES technicians
    )
    """,
    """
    CREATE TABLE calendar_feeds (
        organization_id uuid NOT NULL,
        technician_id uuid NOT NULL,
        generation integer NOT NULL CHECK (generation >= 0),
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, technician_id),
        FOREIGN KEY (organization_id, technician_id) REFERENCES technicians
    )
    """,
    "COMMENT ON TABLE deliveries IS 'What is to leave the house about appointments, and what became of it'",
    "COMMENT ON COLUMN deliveries.sequence IS 'The invitation it is of; a later one overtakes it'",
    "COMMENT ON COLUMN deliveries.attempts IS 'Counted before it is sent: it may have gone out without being SENT'",
    "COMMENT ON COLUMN deliveries.external_id IS 'What the other side calls it'",
    "COMMENT ON COLUMN deliveries.claimed_at IS 'Since when somebody is sending it'",
    "COMMENT ON TABLE calendar_connections IS 'Leave to write into calendars of technicians'",
    "COMMENT ON COLUMN calendar_connections.sealed_token IS 'The grant, encrypted; null: given up'",
    "COMMENT ON COLUMN calendar_connections.broken_because IS 'Why the provider honours it no longer'",
    "COMMENT ON TABLE calendar_feeds IS 'How often the address of a technician''s feed was revoked; no row: never'",
)

DOWN = (*(f"DROP TABLE {table}" for table in reversed(TABLES)),)


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
