"""Assignments and the parts used in them."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STATUSES = (
    "ARRAY['ASSIGNED', 'ACCEPTED', 'EN_ROUTE', 'IN_PROGRESS', 'PAUSED', 'COMPLETED', 'FAILED',"
    " 'REJECTED', 'ESCALATED', 'REASSIGNED', 'CANCELLED']"
)
ACTIVE = "('ASSIGNED', 'ACCEPTED', 'EN_ROUTE', 'IN_PROGRESS', 'PAUSED')"

UP = (
    f"""
    CREATE FUNCTION assignment_status_rank(status text) RETURNS smallint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN array_position({STATUSES}, status)
    """,
    """
    CREATE TABLE assignments (
        organization_id uuid NOT NULL,
        id uuid DEFAULT uuidv7() NOT NULL,
        ticket_id uuid NOT NULL,
        technician_id uuid NOT NULL,
        sequence integer NOT NULL CHECK (sequence >= 1),
        tier_level smallint NOT NULL,
        reason text NOT NULL CHECK (reason IN ('INITIAL', 'ESCALATION', 'REASSIGNMENT',
            'REJECTION_FOLLOW_UP', 'REOPEN', 'AUTO_DISPATCH', 'ALERT')),
        reason_note text,
        type text NOT NULL CHECK (type IN ('MANUAL', 'AUTO', 'SELF')),
        status text NOT NULL CHECK (assignment_status_rank(status) IS NOT NULL),
        status_rank smallint GENERATED ALWAYS AS (assignment_status_rank(status)) STORED,
        assigned_by uuid,
        assigned_at timestamptz NOT NULL,
        accept_by timestamptz,
        accepted_at timestamptz,
        rejected_at timestamptz,
        rejection_reason text,
        en_route_at timestamptz,
        arrived_at timestamptz,
        started_at timestamptz,
        paused_at timestamptz,
        completed_at timestamptz,
        cancelled_at timestamptz,
        outcome text,
        escalation_reason text,
        time_spent_hours numeric(5, 2) CHECK (time_spent_hours >= 0),
        diagnosis text,
        actions_taken text,
        notes text,
        version integer DEFAULT 1 NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, id),
        UNIQUE (organization_id, ticket_id, sequence),
        CONSTRAINT outcome_fits_status CHECK (CASE status
            WHEN 'COMPLETED' THEN coalesce(outcome, '') = 'SUCCESS'
            WHEN 'FAILED' THEN coalesce(outcome, '') IN ('FAILED', 'PARTS_REQUIRED', 'CUSTOMER_UNAVAILABLE')
            WHEN 'ESCALATED' THEN coalesce(outcome, '') = 'ESCALATED'
            ELSE outcome IS NULL END),
        CONSTRAINT rejection_has_reason CHECK (
            (status = 'REJECTED') = (rejection_reason IS NOT NULL AND rejected_at IS NOT NULL)),
        CONSTRAINT escalation_has_reason CHECK (
            (status = 'ESCALATED') = (escalation_reason IS NOT NULL)),
        FOREIGN KEY (organization_id, ticket_id) REFERENCES tickets,
        FOREIGN KEY (organization_id, technician_id) REFERENCES technicians,
        FOREIGN KEY (organization_id, assigned_by) REFERENCES users,
        FOREIGN KEY (organization_id, tier_level) REFERENCES escalation_tiers
    )
    """,
    """
    CREATE TABLE assignment_parts (
        organization_id uuid NOT NULL,
        assignment_id uuid NOT NULL,
        line smallint NOT NULL CHECK (line >= 1),
        part_id uuid,
        part_number text NOT NULL CHECK (part_number <> ''),
        part_name text NOT NULL CHECK (part_name <> ''),
        quantity integer NOT NULL CHECK (quantity > 0),
        cost numeric(12, 2) CHECK (cost >= 0),
        currency text,
        PRIMARY KEY (organization_id, assignment_id, line),
        FOREIGN KEY (organization_id, assignment_id) REFERENCES assignments,
        FOREIGN KEY (organization_id, part_id) REFERENCES parts
    )
    """,
    f"""
    CREATE UNIQUE INDEX one_active_assignment ON assignments (organization_id, ticket_id)
    WHERE status IN {ACTIVE}
    """,
    f"""
    CREATE INDEX assignments_in_queue ON assignments (organization_id, technician_id, assigned_at, id)
    WHERE status IN {ACTIVE}
    """,
    """
    CREATE INDEX assignments_by_technician ON assignments (organization_id, technician_id, assigned_at, id)
    """,
    "CREATE INDEX assignments_by_time ON assignments (organization_id, assigned_at, id)",
    "CREATE INDEX assignments_by_status ON assignments (organization_id, status_rank, id)",
    "COMMENT ON COLUMN assignments.sequence IS 'The turns at one ticket, counted from 1 without gaps'",
    "COMMENT ON COLUMN assignments.time_spent_hours IS 'Hours as the technician reports them'",
)

DOWN = (
    "DROP TABLE assignment_parts",
    "DROP TABLE assignments",
    "DROP FUNCTION assignment_status_rank(text)",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
