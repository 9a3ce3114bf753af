"""Events of a technician's time say in which territories the technician stands; waits can be paused."""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

# A release from before writes neither, and reads both as nothing: events are never filled in afterwards.
COLUMNS = ("territories_before", "territories_after")


def upgrade() -> None:
    op.execute(f"ALTER TABLE events {', '.join(f'ADD COLUMN {name} uuid[]' for name in COLUMNS)}")
    op.execute("ALTER TABLE waitlist_entries ADD COLUMN paused_at timestamptz")
    op.execute("COMMENT ON COLUMN waitlist_entries.paused_at IS 'Since when the customer is active no longer'")


def downgrade() -> None:
    op.execute("ALTER TABLE waitlist_entries DROP COLUMN paused_at")
    op.execute(f"ALTER TABLE events {', '.join(f'DROP COLUMN {name}' for name in COLUMNS)}")
