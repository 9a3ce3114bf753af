"""Where each technician is: one row each, written over by whatever is newer."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

UP = (
    """
    CREATE TABLE technician_locations (
        organization_id uuid NOT NULL,
        technician_id uuid NOT NULL,
        latitude double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
        longitude double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
        accuracy_meters double precision CHECK (accuracy_meters >= 0 AND accuracy_meters < 'Infinity'),
        heading_degrees double precision CHECK (heading_degrees >= 0 AND heading_degrees < 360),
        recorded_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, technician_id),
        FOREIGN KEY (organization_id, technician_id) REFERENCES technicians
    )
    -- Written over again and again: with room on its page a new version touches no index.
    WITH (fillfactor = 50)
    """,
    "COMMENT ON COLUMN technician_locations.recorded_at IS 'By the clock of the phone'",
    "ALTER TABLE technician_locations ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE technician_locations FORCE ROW LEVEL SECURITY",
    """
    CREATE POLICY own_organization ON technician_locations TO fieldgraph_app
    USING (organization_id = (SELECT current_organization()))
    """,
    "GRANT SELECT, INSERT, UPDATE ON technician_locations TO fieldgraph_app",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE technician_locations")
