from datetime import UTC, datetime
from decimal import Decimal
from ipaddress import ip_address
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.bulk import copy_rows
from app.db.engine import open_engine
from app.db.tables.customers import parts
from app.db.tables.log import events
from app.db.tables.organizations import organizations
from app.db.tables.people import users
from app.db.transaction import transaction
from app.domain.people import Role

AT = datetime(2026, 11, 20, 14, 30, 0, 123456, tzinfo=UTC)


async def make_organization(connection: AsyncConnection, organization_id: UUID) -> None:
    row = {"organization_id": organization_id, "name": "Kolderwijk", "time_zone": "UTC"}
    await connection.execute(sa.insert(organizations).values(**row, created_at=AT, updated_at=AT))


async def test_every_kind_of_value_comes_back_as_it_went_in(database_url: str) -> None:
    organization_id, user_id, part_id, change_id = (uuid4() for _ in range(4))
    changes = [{"field": "title", "old": None, "new": 'a "quoted" \\ word, ü'}]
    engine = open_engine(database_url, size=1)
    try:
        async with transaction(engine, organization_id) as connection:
            await make_organization(connection, organization_id)
            names = ("organization_id", "id", "name", "email", "roles", "created_at", "updated_at")
            row = (organization_id, user_id, "Zoë", None, (Role.ADMIN, Role.MANAGER), AT, AT)
            assert await copy_rows(connection, users, names, [row]) == 1
            names = ("organization_id", "id", "part_number", "name", "stock", "unit_cost", "currency")
            part = (organization_id, part_id, "P-1", "Seal", -3, Decimal("12.30"), "EUR")
            await copy_rows(connection, parts, (*names, "created_at", "updated_at"), [(*part, AT, AT)])
            event = {
                "organization_id": organization_id,
                "position": 2**40,
                "change_id": change_id,
                "type": "RECORD_CHANGED",
                "payload_version": 1,
                "kind": "User",
                "subject_id": user_id,
                "version": 1,
                "existed": False,
                "exists_after": True,
                "internal_before": False,
                "internal_after": True,
                "changes": changes,
                "source": "WEB",
                "ip_address": "2001:db8::7",
                "occurred_at": AT,
                "recorded_at": AT,
            }
            await copy_rows(connection, events, list(event), [tuple(event.values())])
        async with transaction(engine, organization_id) as connection:
            user = (await connection.execute(sa.select(users))).one()
            stored = (await connection.execute(sa.select(parts))).one()
            logged = (await connection.execute(sa.select(events))).one()
    finally:
        await engine.dispose()

    assert (user.id, user.name, user.email, user.roles) == (user_id, "Zoë", None, (Role.ADMIN, Role.MANAGER))
    assert (user.active, user.version, user.created_at) == (True, 1, AT)
    assert (stored.stock, stored.unit_cost) == (-3, Decimal("12.30"))
    assert (logged.position, logged.changes) == (2**40, changes)
    assert ip_address(str(logged.ip_address)) == ip_address("2001:db8::7")
    assert logged.id.version == 7


async def test_rows_of_another_organisation_are_refused(database_url: str) -> None:
    organization_id, other_id = uuid4(), uuid4()
    engine = open_engine(database_url, size=1)
    try:
        async with transaction(engine, other_id) as connection:
            await make_organization(connection, other_id)
        names = ("organization_id", "id", "name", "roles", "created_at", "updated_at")
        async with transaction(engine, organization_id) as connection:
            await make_organization(connection, organization_id)
            with pytest.raises(DBAPIError, match="row-level security"):
                await copy_rows(connection, users, names, [(other_id, uuid4(), "Bram", (), AT, AT)])
    finally:
        await engine.dispose()


async def test_a_table_can_be_filled_several_times_in_one_transaction(database_url: str) -> None:
    organization_id = uuid4()
    names = ("organization_id", "id", "name", "roles", "created_at", "updated_at")
    engine = open_engine(database_url, size=1)
    try:
        async with transaction(engine, organization_id) as connection:
            await make_organization(connection, organization_id)
            for chunk in range(3):
                rows = [(organization_id, uuid4(), f"User {chunk} {n}", (), AT, AT) for n in range(50)]
                assert await copy_rows(connection, users, names, iter(rows)) == 50
            count = await connection.scalar(sa.select(sa.func.count()).select_from(users))
    finally:
        await engine.dispose()

    assert count == 150
