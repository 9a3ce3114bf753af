"""Saved views: filters and orders of tickets under a name, for oneself or for all staff."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

UP = (
    """
    CREATE TABLE saved_views (
        organization_id uuid NOT NULL,
        id uuid NOT NULL,
        owner_id uuid NOT NULL,
        name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
        filter jsonb NOT NULL CHECK (jsonb_typeof(filter) = 'object'),
        order_by jsonb CHECK (jsonb_typeof(order_by) = 'array'),
        shared boolean NOT NULL,
        version integer DEFAULT 1 NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (organization_id, id),
        FOREIGN KEY (organization_id, owner_id) REFERENCES users
    )
    """,
    "CREATE UNIQUE INDEX saved_views_by_name ON saved_views (organization_id, owner_id, lower(name))",
    "COMMENT ON TABLE saved_views IS 'Filters and orders of tickets under a name'",
    "COMMENT ON COLUMN saved_views.filter IS 'As the query tickets takes it'",
    "COMMENT ON COLUMN saved_views.order_by IS 'As the query tickets takes it; null: its own order'",
    "COMMENT ON COLUMN saved_views.shared IS 'All staff see it'",
    "ALTER TABLE saved_views ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE saved_views FORCE ROW LEVEL SECURITY",
    """
    CREATE POLICY own_organization ON saved_views TO fieldgraph_app
    USING (organization_id = (SELECT current_organization()))
    """,
    "GRANT SELECT, INSERT, UPDATE, DELETE ON saved_views TO fieldgraph_app",
)

DOWN = ("DROP TABLE saved_views",)


def upgrade() -> None:
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    for statement in DOWN:
        op.execute(statement)
