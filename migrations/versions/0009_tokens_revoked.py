"""Since when a user's older tokens are no longer good."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE users ADD COLUMN tokens_revoked_at timestamptz")
    op.execute("COMMENT ON COLUMN users.tokens_revoked_at IS 'Tokens issued until then are refused; null: none is'")


def downgrade() -> None:
    op.execute("ALTER TABLE users DROP COLUMN tokens_revoked_at")
