"""Takes the guard away: rows are read without their locks, for tests that show what the locks are for."""

from typing import Any

import pytest

from app.db import records
from app.services import situations


def without_row_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tickets and jobs be read without a lock."""
    fetch, fetch_one, last_turn = records.fetch, records.fetch_one, situations._select_last_turn

    async def unlocked(*arguments: Any, **options: Any) -> Any:
        return await fetch(*arguments, **{**options, "lock": False})

    async def one_unlocked(*arguments: Any, **options: Any) -> Any:
        return await fetch_one(*arguments, **{**options, "lock": False})

    monkeypatch.setattr(records, "fetch", unlocked)
    monkeypatch.setattr(records, "fetch_one", one_unlocked)
    monkeypatch.setattr(situations, "_select_last_turn", lambda _lock: last_turn(False))
