"""Rows in every table of appointments and of keys, for tests that need an organisation with something of everything."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from app.db.tables.api_keys import api_keys
from app.db.tables.appointments import (
    alerts,
    appointment_series,
    appointments,
    bookings,
    part_reservations,
    waitlist_entries,
)
from app.db.tables.deliveries import calendar_connections, calendar_feeds, deliveries
from app.db.tables.privacy import erasures
from app.db.tables.supply import (
    facilities,
    service_bay_skills,
    service_bays,
    service_type_skills,
    service_types,
    territory_holidays,
)
from app.domain.people import ApiKeyScope
from tests.world import BEFORE, World

_STAMPS = {"created_at": BEFORE, "updated_at": BEFORE}
_HOUR = timedelta(hours=1)
_DIAGNOSTIC = "DIAGNOSTIC"


async def agree_on_everything(connection: AsyncConnection, world: World, ticket_id: UUID) -> None:
    """Insert an appointment of a ticket in a bay, its series, booking, parts and letters, a wait, an alert, a key."""
    for table, row in _rows(world, ticket_id):
        await connection.execute(sa.insert(table).values(organization_id=world.organization_id, **row))


def _rows(world: World, ticket_id: UUID) -> Iterator[tuple[sa.Table, dict[str, Any]]]:
    facility, bay, series, appointment = uuid7(), uuid7(), uuid7(), uuid7()
    ann, whole = world.technicians["ann"], {"starts_at": BEFORE, "ends_at": BEFORE + _HOUR}
    admin, key = world.users["admin"], {"prefix": "fg_0123456789", "hash": bytes(32), "scopes": (ApiKeyScope.READ,)}
    of_admin = {"user_id": admin, "created_by": admin, "expires_at": BEFORE + _HOUR}
    yield api_keys, {"id": uuid7(), "name": "Monitoring", **key, **of_admin, **_STAMPS}
    yield facilities, {"id": facility, "name": "Depot", **_STAMPS}
    yield service_bays, {"id": bay, "facility_id": facility, "name": "Bay 1", **_STAMPS}
    yield service_bay_skills, {"bay_id": bay, "skill_id": world.skill_id}
    yield territory_holidays, {"territory_id": world.territory_id, "day": date(2026, 12, 25), "name": "Christmas"}
    yield service_types, {"type": _DIAGNOSTIC, **_STAMPS}
    yield service_type_skills, {"type": _DIAGNOSTIC, "skill_id": world.skill_id, "level": 1}
    rule = {"rrule": "FREQ=WEEKLY", "time_zone": "UTC", "planned_until": BEFORE + _HOUR, "template": {}}
    yield appointment_series, {"id": series, "starts_at": BEFORE, **rule, **_STAMPS}
    yield (
        appointments,
        {
            "id": appointment,
            "ticket_id": ticket_id,
            "type": _DIAGNOSTIC,
            "urgency": "MEDIUM",
            "status": "COMPLETED",
            "location_mode": "AT_FACILITY",
            "facility_id": facility,
            "bay_id": bay,
            "technician_id": ann,
            **whole,
            "arrival_until": BEFORE + _HOUR / 2,
            "time_zone": "UTC",
            "series_id": series,
            "occurrence_at": BEFORE,
            "request": {},
            "notify": True,
            "used_recommended_slot": True,
            **_STAMPS,
        },
    )
    yield (
        bookings,
        {
            "id": uuid7(),
            "kind": "APPOINTMENT",
            "active": True,
            "technician_id": ann,
            "bay_id": bay,
            **whole,
            "during": sa.func.tstzrange(BEFORE, BEFORE + _HOUR),
            "appointment_id": appointment,
            "created_at": BEFORE,
        },
    )
    yield part_reservations, {"appointment_id": appointment, "part_id": world.part_id, "quantity": 1, "critical": True}
    yield (
        waitlist_entries,
        {
            "id": uuid7(),
            "appointment_type": _DIAGNOSTIC,
            "windows": [],
            "request": {},
            "tier_rank": 2,
            "status": "EXPIRED",
            "expires_at": BEFORE + _HOUR,
            **_STAMPS,
        },
    )
    yield alerts, {"alert_id": "A-1", "input_hash": b"1", "ticket_id": ticket_id, "created_at": BEFORE}
    letter = {"channel": "EMAIL", "purpose": "INVITE", "sequence": 0, "state": "DUE", "due_at": BEFORE}
    yield deliveries, {"id": uuid7(), "appointment_id": appointment, "technician_id": ann, **letter, **_STAMPS}
    calendar = {"provider": "GOOGLE", "calendar_id": "primary", "sealed_token": b"sealed"}
    yield calendar_connections, {"technician_id": ann, **calendar, **_STAMPS}
    yield calendar_feeds, {"technician_id": ann, "generation": 0, "updated_at": BEFORE}
    erased = {"kind": "USER", "subject_id": uuid7(), "reason": "REQUESTED", "change_id": uuid7()}
    yield erasures, {"id": uuid7(), **erased, "erased_at": BEFORE}
