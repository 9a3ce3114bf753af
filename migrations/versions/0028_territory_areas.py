"""Territories have areas, into which places fall by themselves."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

# A box has its upper right corner first.
SIDES = {
    "area_west": "((box(area))[1])[0]",
    "area_east": "((box(area))[0])[0]",
    "area_south": "((box(area))[1])[1]",
    "area_north": "((box(area))[0])[1]",
}


def upgrade() -> None:
    sides = ", ".join(
        f"ADD COLUMN {name} double precision GENERATED ALWAYS AS ({side}) STORED" for name, side in SIDES.items()
    )
    # Territories are few and short: they are written anew in no time.
    op.execute(
        f"""
        ALTER TABLE territories
            ADD COLUMN area polygon,
            -- squawk-ignore adding-field-with-default
            {sides},
            ADD CONSTRAINT territories_area_check CHECK (npoints(area) BETWEEN 3 AND 200) NOT VALID
        """
    )
    op.execute("COMMENT ON COLUMN territories.area IS 'Corners in degrees, longitude first; null: none'")
    # Whether a polygon holds a point is no leakproof question: row-level security comes before it, so that no index of
    # polygons would be asked. Comparisons of numbers are leakproof.
    op.execute(
        """
        CREATE INDEX territories_by_area ON territories
        USING gist (organization_id, area_west, area_east, area_south, area_north)
        WHERE active AND area IS NOT NULL
        """
    )


def downgrade() -> None:
    op.execute("DROP INDEX territories_by_area")
    dropped = ", ".join(f"DROP COLUMN {name}" for name in (*SIDES, "area"))
    op.execute(f"ALTER TABLE territories {dropped}")
