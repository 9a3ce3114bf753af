"""API keys as bearer tokens: found by their prefix in the organisation they name, and compared by hash.

That a key is still good is asked of its user's row each time, as of any token (`app.auth.actors`). No error repeats
any part of a key.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.auth.claims import Claims, InvalidToken
from app.auth.tokens import TokenVerifier
from app.db.tables.api_keys import api_keys
from app.db.transaction import Mode, transaction
from app.domain.api_key_texts import KeyHashes, KeyText, NoKeyText, is_meant_as_key, read_key
from app.domain.people import EventSource

# Whoever makes up keys must not keep connections from others.
_AT_ONCE = 4


class UnknownApiKey(InvalidToken):
    """There is no such key, or it was revoked: which of them is nobody's business."""

    def __init__(self) -> None:
        super().__init__("There is no such API key, or it was revoked.")


class ApiKeyExpired(InvalidToken):
    """The key's end has come."""

    def __init__(self) -> None:
        super().__init__("The API key has expired.")


class ApiKeyVerifier:
    """Tells true keys from false ones."""

    def __init__(self, engine: AsyncEngine, hashes: KeyHashes) -> None:
        self._engine = engine
        self._hashes = hashes
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def verify(self, token: str, *, now: datetime) -> Claims:
        """Return what a key stands for.

        Raises:
            UnknownApiKey, ApiKeyExpired: it opens nothing.
            OSError, SQLAlchemyError, ConnectionLost: the database cannot be asked.
        """
        try:
            key = read_key(token)
        except NoKeyText:
            raise UnknownApiKey from None
        async with self._room:
            row = await self._row(key)
        if row is None or not self._hashes.are_equal(key, row.hash) or row.revoked_at is not None:
            raise UnknownApiKey
        if row.expires_at <= now:
            raise ApiKeyExpired
        return Claims(
            user_id=row.user_id,
            organization_id=key.organization_id,
            roles=None,
            source=EventSource.API,
            issued_at=row.created_at,
            expires_at=row.expires_at,
            key_id=row.id,
        )

    async def _row(self, key: KeyText) -> Any:
        of = api_keys.c
        query = sa.select(of.id, of.user_id, of.hash, of.created_at, of.expires_at, of.revoked_at).where(
            of.organization_id == key.organization_id, of.prefix == key.prefix
        )
        async with transaction(self._engine, key.organization_id, mode=Mode.READ) as connection:
            return (await connection.execute(query)).one_or_none()


@dataclass(frozen=True, slots=True)
class BearerVerifier:
    """Checks whatever is sent as a bearer token: API keys by what they begin with, everything else as a JWT."""

    tokens: TokenVerifier
    keys: TokenVerifier

    async def verify(self, token: str, *, now: datetime) -> Claims:
        """Return what the token or key stands for, or raise what its own verifier raises."""
        verifier = self.keys if is_meant_as_key(token) else self.tokens
        return await verifier.verify(token, now=now)
