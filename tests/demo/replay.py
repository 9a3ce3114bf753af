"""Folds the log back into rows, to be compared with the rows as they are."""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tests.demo.reading import fetch

UNTOLD = {"id", "organization_id", "version", "created_at", "updated_at", "status_rank", "pin"} | {
    # What a ticket shows of its clocks is told with the clocks.
    "sla_policy_id",
    "sla_due_at",
    "sla_state",
    "sla_due_first",
    "sla_due_last",
}
JSON_COLUMNS = {"custom_fields"}


async def replayed(url: str, kind: str) -> Mapping[UUID, Mapping[str, Any]]:
    """Return the fields of every row of this kind as the log tells them.

    Raises:
        ValueError: an event's old value is not the one that was told before.
    """
    rows: dict[UUID, dict[str, Any]] = {}
    for event in await fetch(
        url, "SELECT subject_id, changes FROM events WHERE kind = $1 ORDER BY organization_id, position", kind
    ):
        row = rows.setdefault(event["subject_id"], {})
        for change in json.loads(event["changes"]):
            if row.get(change["field"]) != change["old"]:
                raise ValueError(f"{change['field']} was {row.get(change['field'])!r}, not {change['old']!r}")
            row[change["field"]] = change["new"]
    return rows


async def stored(url: str, table: str) -> Mapping[UUID, Mapping[str, Any]]:
    """Return the told fields of every row of the table, in JSON's types."""
    rows = await fetch(url, f"SELECT * FROM {table}")  # noqa: S608  # a name from this test
    return {
        row["id"]: {name: _spelled(name, value) for name, value in row.items() if name not in UNTOLD} for row in rows
    }


def _spelled(name: str, value: Any) -> Any:
    match value:
        case UUID() | Decimal():
            return str(value)
        case datetime():
            return value.isoformat()
        case str() if name in JSON_COLUMNS:
            return json.loads(value)
        case _:
            return value
