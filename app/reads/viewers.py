"""The viewer as SQL sees them: bound parameters, never part of a statement's text.

A statement's text depends on the viewer's visibility class alone, so plans can be shared.
"""

from typing import Any

import sqlalchemy as sa

from app.db.tables.base import Uuid
from app.domain.people import Actor

ORGANIZATION = sa.bindparam("organization_id", type_=Uuid)
VIEWER_USER = sa.bindparam("viewer_user_id", type_=Uuid)
VIEWER_TECHNICIAN = sa.bindparam("viewer_technician_id", type_=Uuid)
VIEWER_CUSTOMERS = sa.bindparam("viewer_customer_ids", type_=sa.ARRAY(Uuid))


def parameters(actor: Actor) -> dict[str, Any]:
    """Return the values of every viewer parameter."""
    return {
        "organization_id": actor.organization_id,
        "viewer_user_id": actor.user_id,
        "viewer_technician_id": actor.technician_id,
        "viewer_customer_ids": sorted(actor.customer_ids),
    }
