"""Files of technicians, customers and parts, as an office writes them, and what the server says of them."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from app.db.tables.base import metadata
from app.db.transaction import transaction
from tests.sheets.office import Office

COUNTED = ("users", "technicians", "technician_skills", "customers", "parts", "events", "idempotency_results")


def file_of(rows: Iterable[Mapping[str, object]], *columns: str) -> str:
    """Return rows as a file, with the columns of the first of them unless others are named."""
    rows = list(rows)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns or list(rows[0]), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


async def bring(office: Office, what: str, content: str | bytes, name: str = "admin", **more: Any) -> dict[str, Any]:
    """Return the report of an import that was written."""
    more.setdefault("key", "a")
    answer = await office.send(content, name, what=what, **more)
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    assert (report["dryRun"], report["problems"]) == (False, [])
    return report


async def tried(office: Office, what: str, content: str | bytes, name: str = "admin", **more: Any) -> dict[str, Any]:
    """Return the report of a dry run, whatever it says."""
    answer = await office.send(content, name, what=what, dry_run=True, **more)
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    assert report["dryRun"]
    return report


def told(report: Mapping[str, Any]) -> list[tuple[int, str | None, str]]:
    """Return the problems of a report without their words, which must be there."""
    assert all(each["message"] for each in report["problems"])
    assert report["problemCount"] == len(report["problems"])
    return [(each["line"], each["column"], each["code"]) for each in report["problems"]]


def outcomes(report: Mapping[str, Any]) -> list[tuple[int, str]]:
    """Return what came of each line, or would; as many as the report counts."""
    found = [(each["line"], each["outcome"]) for each in report["rows"]]
    for outcome in ("CREATED", "UPDATED", "UNCHANGED"):
        assert report[outcome.lower()] == len([each for _, each in found if each == outcome])
    return found


async def counted(office: Office) -> dict[str, int]:
    """Return how many rows and events the organisation has."""
    counts = [
        sa.select(sa.func.count()).select_from(metadata.tables[each]).scalar_subquery().label(each) for each in COUNTED
    ]
    async with transaction(office.engine, office.world.organization_id) as connection:
        return dict((await connection.execute(sa.select(*counts))).mappings().one())
