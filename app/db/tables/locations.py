"""Where technicians are."""

import sqlalchemy as sa

from app.db.tables.base import Moment, reference, tenant_table

technician_locations = tenant_table(
    "technician_locations",
    reference("technician_id", primary_key=True),
    sa.Column("latitude", sa.Double, nullable=False),
    sa.Column("longitude", sa.Double, nullable=False),
    sa.Column("accuracy_meters", sa.Double),
    sa.Column("heading_degrees", sa.Double),
    sa.Column("recorded_at", Moment, nullable=False),
)
