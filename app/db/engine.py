"""Connections: one engine per process, made from a URL."""

from typing import TypeAlias

import asyncpg
from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

Driver: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

OLDEST_SERVER = 180_000

# What hands an engine on need not know whose class it is.
Engine = AsyncEngine


def async_url(url: str) -> URL:
    """Return the address with the driver this project uses, whatever spelling it came in."""
    parsed = make_url(url.replace("postgres://", "postgresql://", 1)).set(drivername="postgresql+asyncpg")
    # libpq's name, which addresses of hosted servers carry; the driver has another for the same values.
    mode = parsed.query.get("sslmode")
    return parsed if mode is None else parsed.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})


def open_engine(url: str, *, size: int = 10, application: str = "fieldgraph") -> AsyncEngine:
    """Return an engine with at most `size` connections; nothing is connected yet.

    The engine never opens transactions by itself: `transaction` sends BEGIN together with the
    role and the organisation, which saves a round trip for each.
    """
    return create_async_engine(
        async_url(url),
        isolation_level="AUTOCOMMIT",
        pool_size=size,
        max_overflow=0,
        pool_timeout=10,
        pool_recycle=1800,
        connect_args={"server_settings": {"application_name": application, "jit": "off", "timezone": "UTC"}},
    )


async def driver_of(connection: AsyncConnection) -> Driver:
    """Return the driver's own connection, for what SQLAlchemy has no words for."""
    driver = (await connection.get_raw_connection()).driver_connection
    if not isinstance(driver, asyncpg.Connection):
        raise TypeError("the engine must use asyncpg")
    return driver
