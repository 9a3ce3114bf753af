"""Row-level security: the tenant rule once more, below the application.

The policy is a sub-select, so that a cached plan never depends on the organisation it was made under.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

PLAIN = (
    "organizations",
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
    "tickets",
    "ticket_required_skills",
    "ticket_required_parts",
    "ticket_counters",
    "comments",
    "assignments",
    "assignment_parts",
    "event_heads",
    "idempotency_results",
)
SYSTEM_READS = ("events", "event_heads")


def upgrade() -> None:
    for table in (*PLAIN, "events"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"""
            CREATE POLICY own_organization ON {table} TO fieldgraph_app
            USING (organization_id = (SELECT current_organization()))
            """
        )
    for table in PLAIN:
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO fieldgraph_app")
    op.execute("GRANT SELECT, INSERT ON events TO fieldgraph_app")
    op.execute("GRANT SELECT ON log_identity TO fieldgraph_app, fieldgraph_system")
    for table in SYSTEM_READS:
        op.execute(f"CREATE POLICY every_organization ON {table} FOR SELECT TO fieldgraph_system USING (true)")
        op.execute(f"GRANT SELECT ON {table} TO fieldgraph_system")


def downgrade() -> None:
    for table in SYSTEM_READS:
        op.execute(f"REVOKE SELECT ON {table} FROM fieldgraph_system")
        op.execute(f"DROP POLICY every_organization ON {table}")
    op.execute("REVOKE SELECT ON log_identity FROM fieldgraph_app, fieldgraph_system")
    for table in (*PLAIN, "events"):
        op.execute(f"REVOKE ALL ON {table} FROM fieldgraph_app")
        op.execute(f"DROP POLICY own_organization ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
