"""Time off says what somebody is meanwhile and whether they said so themselves; what belongs to people can go."""

from alembic import op

revision = "0026"
down_revision = "0024"
branch_labels = None
depends_on = None

# They go with the technician whom they belong to.
DELETABLE = ("technician_locations", "calendar_feeds")


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE time_off
            ADD COLUMN availability text DEFAULT 'TIME_OFF' NOT NULL,
            ADD COLUMN said boolean DEFAULT false NOT NULL,
            ADD CONSTRAINT time_off_availability_check
                CHECK (availability IN ('BUSY', 'ON_BREAK', 'OFF_SHIFT', 'TIME_OFF')) NOT VALID
        """
    )
    op.execute("COMMENT ON COLUMN time_off.said IS 'The technician said so for now; false: it was planned'")
    op.execute("CREATE INDEX users_by_email ON users (organization_id, lower(email))")
    for table in DELETABLE:
        op.execute(f"GRANT DELETE ON {table} TO fieldgraph_app")


def downgrade() -> None:
    for table in DELETABLE:
        op.execute(f"REVOKE DELETE ON {table} FROM fieldgraph_app")
    op.execute("DROP INDEX users_by_email")
    op.execute("ALTER TABLE time_off DROP COLUMN said, DROP COLUMN availability")
