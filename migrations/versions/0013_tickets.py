"""How long a closed ticket can come back; what a ticket asks for can be replaced, old answers forgotten."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

UP = (
    """
    ALTER TABLE organization_settings
        ADD COLUMN reopen_window_days integer DEFAULT 7 NOT NULL CHECK (reopen_window_days >= 0)
    """,
    "GRANT DELETE ON ticket_required_skills, ticket_required_parts TO fieldgraph_app",
    "GRANT DELETE ON idempotency_results TO fieldgraph_app",
    "COMMENT ON COLUMN organization_settings.reopen_window_days IS 'Days after closing'",
)

DOWN = (
    "REVOKE DELETE ON idempotency_results FROM fieldgraph_app",
    "REVOKE DELETE ON ticket_required_skills, ticket_required_parts FROM fieldgraph_app",
    "ALTER TABLE organization_settings DROP COLUMN reopen_window_days",
)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
