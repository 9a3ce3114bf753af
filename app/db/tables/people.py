"""Users, and the technicians among them with what they can do and where."""

import sqlalchemy as sa

from app.db.tables.base import Moment, active, key, reference, tenant_table, versioned, words
from app.domain.people import Role

users = tenant_table(
    "users",
    key(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("email", sa.Text),
    sa.Column("roles", words(Role), nullable=False),
    active(),
    sa.Column("tokens_revoked_at", Moment),
    *versioned(),
)

technicians = tenant_table(
    "technicians",
    key(),
    sa.Column("external_id", sa.Text),
    reference("user_id"),
    reference("team_id", null=True),
    sa.Column("tier_level", sa.SmallInteger, nullable=False),
    reference("main_skill_id", null=True),
    sa.Column("years_experience", sa.SmallInteger),
    sa.Column("home_latitude", sa.Double),
    sa.Column("home_longitude", sa.Double),
    active(),
    sa.Column("rating_total", sa.Integer, nullable=False, server_default="0"),
    sa.Column("rating_count", sa.Integer, nullable=False, server_default="0"),
    *versioned(),
)

technician_skills = tenant_table(
    "technician_skills",
    reference("technician_id", primary_key=True),
    reference("skill_id", primary_key=True),
    sa.Column("level", sa.SmallInteger, nullable=False),
    sa.Column("expires_on", sa.Date),
)

technician_territories = tenant_table(
    "technician_territories",
    reference("technician_id", primary_key=True),
    reference("territory_id", primary_key=True),
)
