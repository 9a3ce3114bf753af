"""Whoever watches the server may count open jobs and clocks over all organisations, and see nothing of them."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

UP = (
    "CREATE POLICY every_organization ON assignments FOR SELECT TO fieldgraph_system USING (true)",
    "GRANT SELECT (organization_id, status) ON assignments TO fieldgraph_system",
    "GRANT SELECT (current, state) ON sla_clocks TO fieldgraph_system",
    """
    CREATE INDEX assignments_open ON assignments (status)
    WHERE status IN ('ASSIGNED', 'ACCEPTED', 'EN_ROUTE', 'IN_PROGRESS', 'PAUSED')
    """,
    """
    CREATE INDEX sla_clocks_open ON sla_clocks (state)
    WHERE current AND state IN ('RUNNING', 'PAUSED', 'AT_RISK', 'BREACHED')
    """,
)

DOWN = (
    "DROP INDEX sla_clocks_open",
    "DROP INDEX assignments_open",
    "REVOKE SELECT (current, state) ON sla_clocks FROM fieldgraph_system",
    "REVOKE SELECT (organization_id, status) ON assignments FROM fieldgraph_system",
    "DROP POLICY every_organization ON assignments",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
