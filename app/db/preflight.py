"""Says whether a database can be used at all, in words for whoever set its address."""

import asyncio
import re
import ssl

from asyncpg import ClientConfigurationError
from sqlalchemy import URL, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.db.engine import OLDEST_SERVER, async_url

_CONNECT_SECONDS = 10
_WRONG_LOGIN = frozenset({"28P01", "28000"})
_NO_DATABASE = "3D000"
# What SQLAlchemy writes before the driver's words.
_CLASS = re.compile(r"^<class '[^']+'>: ")


class DatabaseUnusable(Exception):
    """The database cannot be used; the text says why and what helps, and shows no password."""


class DatabaseUnreachable(DatabaseUnusable):
    """Nothing answers at the address."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"The database at {where} cannot be reached ({reason}): check the address, and that it runs.")


class LoginRefused(DatabaseUnusable):
    """The server answers and does not let this login in."""

    def __init__(self, where: str, login: str | None) -> None:
        super().__init__(f"The database at {where} refuses the login {login!r}: check the user and the password.")


class DatabaseMissing(DatabaseUnusable):
    """The server has no database of that name."""

    def __init__(self, where: str, name: str | None) -> None:
        super().__init__(f"The server at {where} has no database {name!r}: create it, or correct the name.")


class ServerTooOld(DatabaseUnusable):
    """The server is older than this release can use."""

    def __init__(self, where: str, version: int) -> None:
        super().__init__(
            f"The server at {where} is PostgreSQL {version // 10_000}; {OLDEST_SERVER // 10_000} or newer is needed."
        )


class AddressUnusable(DatabaseUnusable):
    """The address cannot be understood, or asks for something the driver does not know."""


async def check_database(url: str) -> None:
    """Connect once and look at the server's version; waits at most 10 s.

    Raises:
        DatabaseUnusable: one of its kinds.
    """
    try:
        address = async_url(url)
        engine = create_async_engine(address, poolclass=NullPool)
    except (ArgumentError, ValueError):
        raise AddressUnusable("The database's address cannot be understood.") from None
    where = _place(address)
    try:
        async with asyncio.timeout(_CONNECT_SECONDS), engine.connect() as connection:
            version = (await connection.execute(text("SHOW server_version_num"))).scalar_one()
    except TimeoutError as error:
        raise DatabaseUnreachable(where, f"no answer within {_CONNECT_SECONDS} s") from error
    except (OSError, ssl.SSLError) as error:
        raise DatabaseUnreachable(where, error.strerror or str(error)) from error
    except DBAPIError as error:
        raise _refused(where, address, error) from error
    except (TypeError, ValueError) as error:
        # How asyncpg refuses a query parameter that it does not know, or its value.
        raise AddressUnusable(f"The address of the database at {where} cannot be used: {error}.") from error
    finally:
        await engine.dispose()
    if int(version) < OLDEST_SERVER:
        raise ServerTooOld(where, int(version))


def _refused(where: str, address: URL, error: DBAPIError) -> DatabaseUnusable:
    state = getattr(error.orig, "sqlstate", None)
    if state in _WRONG_LOGIN:
        return LoginRefused(where, address.username)
    if state == _NO_DATABASE:
        return DatabaseMissing(where, address.database)
    reason = _CLASS.sub("", str(error.orig)).strip()
    if isinstance(error.orig, BaseException) and isinstance(error.orig.__cause__, ClientConfigurationError):
        return AddressUnusable(f"The address of the database at {where} cannot be used: {reason}.")
    return DatabaseUnreachable(where, reason)


def _place(address: URL) -> str:
    socket = address.query.get("host")
    host = socket if isinstance(socket, str) else address.host or "localhost"
    return f"{host}:{address.port}" if address.port else host
