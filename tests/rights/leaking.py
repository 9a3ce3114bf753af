"""Finds rows of the other organisation in whatever the server says."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from schema.ids import split_id
from tests.rights.scene import ELSEWHERE, Scene

_KEYS = re.compile(r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}")
_IDS = re.compile(r"[A-Za-z0-9+/]{20,}={0,2}")
_COLUMNS = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = 'public' AND data_type = 'uuid' AND table_name IN (
    SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'organization_id')
"""


@dataclass(frozen=True, slots=True)
class Foreign:
    """Every key that the other organisation's rows have. Its name is in all of its texts, too."""

    keys: frozenset[UUID]

    def rows_in(self, told: object, sent: object = None) -> set[str]:
        """Return what of the other organisation stands in an answer, apart from what was sent."""
        text = told if isinstance(told, str) else orjson.dumps(told).decode()
        for each in sorted(set(texts_in(sent)), key=len, reverse=True):
            text = text.replace(each, "")
        found = {word for word in (ELSEWHERE,) if word in text.lower()}
        found |= {key for key in _KEYS.findall(text) if UUID(key) in self.keys}
        for id_ in _IDS.findall(text):
            parts = split_id(id_)
            if parts is not None and parts[1] in self.keys:
                found.add(f"{parts[0]}:{parts[1]}")
        return found


async def foreign_to(url: str, scene: Scene) -> Foreign:
    """Return what would be a leak, as whoever owns the database sees it."""
    connection = await asyncpg.connect(url)
    try:
        keys: set[UUID] = set()
        for table, column in await connection.fetch(_COLUMNS):
            query = f'SELECT DISTINCT "{column}" FROM "{table}" WHERE organization_id = $1 AND "{column}" IS NOT NULL'  # noqa: S608 - names of the catalogue
            keys |= {UUID(str(row[0])) for row in await connection.fetch(query, scene.there)}
    finally:
        await connection.close()
    return Foreign(frozenset(keys))


def texts_in(value: object) -> Iterable[str]:
    """Yield every text of an input that is long enough to be known again."""
    if isinstance(value, Mapping):
        for each in value.values():
            yield from texts_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts_in(each)
    elif isinstance(value, str) and len(value) > 3:
        yield value


def told_of(answer: Mapping[str, Any]) -> list[str]:
    """Return the codes of an answer's top-level errors."""
    return [error["extensions"]["code"] for error in answer.get("errors", ())]
