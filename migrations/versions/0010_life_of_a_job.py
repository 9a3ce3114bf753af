"""What the whole life of a job needs: how it ended, what it was rated, its pin; settings, shifts, time off."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = ("organization_settings", "shifts", "shift_breaks", "time_off", "queue_versions")

UP = (
    """
    ALTER TABLE assignments
        ADD COLUMN previous_id uuid,
        ADD COLUMN resumed_at timestamptz,
        ADD COLUMN ended_at timestamptz,
        ADD COLUMN paused_seconds integer DEFAULT 0 NOT NULL CHECK (paused_seconds >= 0),
        ADD COLUMN worked_seconds integer CHECK (worked_seconds >= 0),
        ADD COLUMN offer_expired_at timestamptz,
        ADD COLUMN cancellation_reason text,
        ADD COLUMN customer_rating smallint CHECK (customer_rating BETWEEN 1 AND 5),
        ADD COLUMN customer_feedback text,
        ADD COLUMN rated_at timestamptz,
        ADD COLUMN distance_km double precision CHECK (distance_km BETWEEN 0 AND 100000),
        ADD COLUMN travel_minutes integer CHECK (travel_minutes >= 0),
        ADD COLUMN distance_source text CHECK (distance_source IN ('ROAD', 'GREAT_CIRCLE', 'CACHED_ROAD')),
        ADD COLUMN pin integer CHECK (pin >= 1)
    """,
    """
    UPDATE assignments SET
        ended_at = coalesce(completed_at, rejected_at, cancelled_at, updated_at),
        worked_seconds = CASE WHEN started_at IS NOT NULL THEN greatest(0, least(2147483647, extract(epoch FROM
            coalesce(completed_at, rejected_at, cancelled_at, updated_at) - started_at)))::integer END
    WHERE status NOT IN ('ASSIGNED', 'ACCEPTED', 'EN_ROUTE', 'IN_PROGRESS', 'PAUSED')
    """,
    """
    UPDATE assignments AS turn SET previous_id = before.id FROM assignments AS before
    WHERE before.organization_id = turn.organization_id AND before.ticket_id = turn.ticket_id
        AND before.sequence = turn.sequence - 1
    """,
    """
    ALTER TABLE assignments
        ADD CONSTRAINT first_has_none_before CHECK ((sequence = 1) = (previous_id IS NULL)),
        ADD CONSTRAINT follows_a_turn FOREIGN KEY (organization_id, previous_id) REFERENCES assignments,
        ADD CONSTRAINT one_follows UNIQUE (organization_id, previous_id),
        ADD CONSTRAINT end_fits_status CHECK (
            (status IN ('ASSIGNED', 'ACCEPTED', 'EN_ROUTE', 'IN_PROGRESS', 'PAUSED')) = (ended_at IS NULL)),
        ADD CONSTRAINT rating_has_a_time CHECK ((customer_rating IS NULL) = (rated_at IS NULL)),
        ADD CONSTRAINT only_completed_is_rated CHECK (customer_rating IS NULL OR status = 'COMPLETED'),
        ADD CONSTRAINT only_offers_expire CHECK (
            offer_expired_at IS NULL OR (accepted_at IS NULL AND status IN ('REASSIGNED', 'CANCELLED'))),
        ADD CONSTRAINT distance_has_a_source CHECK ((distance_km IS NULL) = (distance_source IS NULL))
    """,
    """
    CREATE INDEX assignments_offered ON assignments (organization_id, accept_by, id)
    WHERE status = 'ASSIGNED' AND accept_by IS NOT NULL
    """,
    """
    CREATE TABLE organization_settings (
        organization_id uuid PRIMARY KEY REFERENCES organizations,
        offer_accept_minutes integer CHECK (offer_accept_minutes > 0),
        urgent_accept_minutes integer CHECK (urgent_accept_minutes > 0),
        one_job_in_progress boolean DEFAULT true NOT NULL,
        max_jobs_per_day integer CHECK (max_jobs_per_day > 0),
        hourly_rate numeric(12, 2) CHECK (hourly_rate >= 0),
        currency text DEFAULT 'EUR' NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
        version integer DEFAULT 1 NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL
    )
    """,
    """
    INSERT INTO organization_settings (organization_id, created_at, updated_at)
    SELECT organization_id, created_at, updated_at FROM organizations
    """,
    """
    CREATE TABLE shifts (
        organization_id uuid NOT NULL,
        id uuid DEFAULT uuidv7() NOT NULL,
        technician_id uuid NOT NULL,
        starts_at timestamptz NOT NULL,
        ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
        on_call boolean DEFAULT false NOT NULL,
        version integer DEFAULT 1 NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, id),
        FOREIGN KEY (organization_id, technician_id) REFERENCES technicians
    )
    """,
    """
    CREATE TABLE shift_breaks (
        organization_id uuid NOT NULL,
        shift_id uuid NOT NULL,
        starts_at timestamptz NOT NULL,
        ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
        PRIMARY KEY (organization_id, shift_id, starts_at),
        FOREIGN KEY (organization_id, shift_id) REFERENCES shifts
    )
    """,
    """
    CREATE TABLE time_off (
        organization_id uuid NOT NULL,
        id uuid DEFAULT uuidv7() NOT NULL,
        technician_id uuid NOT NULL,
        starts_at timestamptz NOT NULL,
        ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
        reason text,
        version integer DEFAULT 1 NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, id),
        FOREIGN KEY (organization_id, technician_id) REFERENCES technicians
    )
    """,
    """
    CREATE TABLE queue_versions (
        organization_id uuid NOT NULL,
        technician_id uuid NOT NULL,
        version integer NOT NULL CHECK (version >= 1),
        PRIMARY KEY (organization_id, technician_id),
        FOREIGN KEY (organization_id, technician_id) REFERENCES technicians
    )
    """,
    "CREATE INDEX shifts_by_technician ON shifts (organization_id, technician_id, ends_at)",
    "CREATE INDEX time_off_by_technician ON time_off (organization_id, technician_id, ends_at)",
    "COMMENT ON TABLE queue_versions IS 'Raised by every change of a technician''s queue: membership, order, pins'",
    "COMMENT ON COLUMN assignments.worked_seconds IS 'From the first start to the end without the pauses'",
    "COMMENT ON COLUMN assignments.pin IS 'Its place in the queue by hand, from 1; null: where the rules put it'",
    "COMMENT ON COLUMN organization_settings.urgent_accept_minutes IS 'For P1 tickets, where it is shorter'",
    "COMMENT ON COLUMN organization_settings.hourly_rate IS 'What an hour of a technician costs; null: not known'",
)

DOWN = (
    *(f"DROP TABLE {table}" for table in reversed(TABLES)),
    "DROP INDEX assignments_offered",
    """
    ALTER TABLE assignments
        DROP CONSTRAINT distance_has_a_source, DROP CONSTRAINT only_offers_expire,
        DROP CONSTRAINT only_completed_is_rated, DROP CONSTRAINT rating_has_a_time, DROP CONSTRAINT end_fits_status,
        DROP CONSTRAINT one_follows, DROP CONSTRAINT follows_a_turn, DROP CONSTRAINT first_has_none_before,
        DROP COLUMN pin, DROP COLUMN distance_source, DROP COLUMN travel_minutes, DROP COLUMN distance_km,
        DROP COLUMN rated_at, DROP COLUMN customer_feedback, DROP COLUMN customer_rating,
        DROP COLUMN cancellation_reason, DROP COLUMN offer_expired_at, DROP COLUMN worked_seconds,
        DROP COLUMN paused_seconds, DROP COLUMN ended_at, DROP COLUMN resumed_at, DROP COLUMN previous_id
    """,
)


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
