"""What an organisation keeps of itself can be changed: versions, what is no longer active, and rights to delete."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# They had neither version nor times.
UNVERSIONED = ("teams", "territories", "skills", "escalation_tiers")
ALWAYS_ACTIVE = ("teams", "territories", "skills", "customers", "assets", "parts", "facilities")
# Their keys keep a row from being deleted while something uses it; the log tells of those that go.
DELETABLE = (
    "teams",
    "territories",
    "skills",
    "escalation_tiers",
    "users",
    "technicians",
    "technician_skills",
    "technician_territories",
    "customers",
    "customer_users",
    "assets",
    "parts",
    "facilities",
    "service_bays",
    "service_types",
    "shifts",
    "shift_breaks",
    "time_off",
    "queue_versions",
)


def upgrade() -> None:
    for table in UNVERSIONED:
        op.execute(
            f"""
            ALTER TABLE {table}
                ADD COLUMN version integer DEFAULT 1 NOT NULL,
                ADD COLUMN created_at timestamptz DEFAULT now() NOT NULL,
                ADD COLUMN updated_at timestamptz DEFAULT now() NOT NULL
            """
        )
    for table in ALWAYS_ACTIVE:
        op.execute(f"ALTER TABLE {table} ADD COLUMN active boolean DEFAULT true NOT NULL")
        op.execute(f"COMMENT ON COLUMN {table}.active IS 'Whether it can be named by what is new'")
    for table in DELETABLE:
        op.execute(f"GRANT DELETE ON {table} TO fieldgraph_app")


def downgrade() -> None:
    for table in DELETABLE:
        op.execute(f"REVOKE DELETE ON {table} FROM fieldgraph_app")
    for table in ALWAYS_ACTIVE:
        op.execute(f"ALTER TABLE {table} DROP COLUMN active")
    for table in UNVERSIONED:
        op.execute(f"ALTER TABLE {table} DROP COLUMN version, DROP COLUMN created_at, DROP COLUMN updated_at")
