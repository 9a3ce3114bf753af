"""What came from older platforms, by its old keys; and the view that their readers know."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

UP = (
    """
    CREATE TABLE legacy_rows (
        organization_id uuid NOT NULL REFERENCES organizations,
        source text NOT NULL CHECK (source IN ('tickets', 'assignments', 'dispatch')),
        kind text NOT NULL CHECK (kind IN ('Ticket', 'Assignment', 'Technician', 'Customer', 'User')),
        legacy_key text NOT NULL CHECK (legacy_key <> ''),
        id uuid NOT NULL,
        kept jsonb,
        PRIMARY KEY (organization_id, source, kind, legacy_key)
    )
    """,
    "CREATE INDEX legacy_rows_by_id ON legacy_rows (organization_id, id)",
    "ALTER TABLE legacy_rows ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE legacy_rows FORCE ROW LEVEL SECURITY",
    """
    CREATE POLICY own_organization ON legacy_rows TO fieldgraph_app
    USING (organization_id = (SELECT current_organization()))
    """,
    "GRANT SELECT, INSERT, UPDATE ON legacy_rows TO fieldgraph_app",
    """
    CREATE VIEW current_ticket_assignments WITH (security_invoker = true) AS
    SELECT job.organization_id, job.ticket_id, job.id AS assignment_id, job.technician_id AS engineer_id,
        job.sequence AS assignment_sequence, job.tier_level AS assignment_tier,
        CASE job.status WHEN 'EN_ROUTE' THEN 'accepted' WHEN 'PAUSED' THEN 'in_progress' ELSE lower(job.status) END
            AS status,
        job.assigned_at, job.completed_at
    FROM assignments AS job
    WHERE job.status IN ('ASSIGNED', 'ACCEPTED', 'EN_ROUTE', 'IN_PROGRESS', 'PAUSED')
    """,
    "GRANT SELECT ON current_ticket_assignments TO fieldgraph_app",
    "COMMENT ON TABLE legacy_rows IS 'Rows of older platforms by their old keys; kept: columns as they were there'",
    "COMMENT ON VIEW current_ticket_assignments IS 'Each ticket''s active assignment, for readers of older platforms'",
)

COMMENTS = {
    "tier_level": "The escalation tier at which the turn was given",
    "reason": "Why the turn came to be",
    "reason_note": "The same in somebody''s words",
    "type": "Who chose the technician: a person, the server, or the technician",
    "status": "Where the turn stands; at most one per ticket is active",
    "outcome": "What came of the work; it goes with the status",
    "rejection_reason": "Why the technician gave it back",
    "escalation_reason": "Why it went to the next tier",
    "notes": "What the technician adds for colleagues",
}

DOWN = (
    *(f"COMMENT ON COLUMN assignments.{column} IS NULL" for column in COMMENTS),
    "COMMENT ON TABLE assignments IS NULL",
    "DROP VIEW current_ticket_assignments",
    "DROP TABLE legacy_rows",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)
    op.execute("COMMENT ON TABLE assignments IS 'Each technician''s turn at a ticket, in order and for ever'")
    for column, text in COMMENTS.items():
        op.execute(f"COMMENT ON COLUMN assignments.{column} IS '{text}'")


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
