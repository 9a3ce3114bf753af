"""Every file of tables: whoever looks for tables by their names must have them all."""

from collections.abc import Mapping

import sqlalchemy as sa

from app.db.tables import (
    api_keys,
    appointments,
    assignments,
    attachments,
    availability,
    customers,
    deliveries,
    legacy,
    locations,
    log,
    organizations,
    people,
    privacy,
    search,
    sla,
    supply,
    tickets,
    views,
)
from app.db.tables.base import metadata

FAMILIES = (
    api_keys,
    appointments,
    assignments,
    attachments,
    availability,
    customers,
    deliveries,
    legacy,
    locations,
    log,
    organizations,
    people,
    privacy,
    search,
    sla,
    supply,
    tickets,
    views,
)

# By name; only here it is certain that none is missing.
TABLES: Mapping[str, sa.Table] = metadata.tables
