"""How a float is spelled in JSON: with a point, and from 1e-5 up to 1e16 without an exponent.

The database's own spelling differs (52, 1.5e-05), and responses must be the same whoever writes them.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        r"""
        CREATE FUNCTION json_float(value double precision) RETURNS text
        LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN CASE
            WHEN value::text NOT LIKE '%e%' THEN value::text || CASE WHEN value::text LIKE '%.%' THEN '' ELSE '.0' END
            WHEN abs(value) >= 1e-5 AND abs(value) < 1e16 THEN
                value::text::numeric::text || CASE WHEN value::text::numeric::text LIKE '%.%' THEN '' ELSE '.0' END
            ELSE regexp_replace(value::text, 'e([+-])0', 'e\1')
        END
        """
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION json_float(double precision)")
