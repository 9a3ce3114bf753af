"""`fieldgraph import-legacy` and `rollback-legacy`: coming from an older platform, and the way back."""

import asyncio
from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from app.cli.console import Report as Progress
from app.cli.console import progress, results
from app.cli.migrate import bring_up, direct_url
from app.cli.organization import Organization, chosen
from app.cli.refusals import Refusal
from app.cli.start_clocks import start_in
from app.cli.workplace import begin, database_ready
from app.clock import now
from app.db.engine import open_engine
from app.db.legacy_source import LegacyUnreachable, legacy_source, legacy_writer
from app.legacy.importing import NothingToImport, import_all
from app.legacy.platforms import Platform
from app.legacy.report import Report
from app.legacy.rollback import NothingToRollBack, RolledBack, roll_back
from app.settings import Settings

_TITLES = {
    Platform.TICKETS: "service_tickets and engineer_assignments",
    Platform.ASSIGNMENTS: "ticket_assignments",
    Platform.DISPATCH: "customers, technicians and assignments",
}
From = Annotated[
    str,
    typer.Option("--from", envvar="LEGACY_DATABASE_URL", help="Address of the older PostgreSQL database."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only find out what would be done.")]


class LegacyRefusal(Refusal):
    """The import or its way back cannot begin."""


def import_legacy(url: From, organization: Organization = None, dry_run: DryRun = False) -> None:
    """Bring tickets, assignments and people over from an older platform; again: what is new there."""
    with database_ready(begin()) as ready:
        bring_up(ready)
        with progress() as report:
            found = asyncio.run(_import(ready, url, organization, dry=dry_run, report=report))
        if not dry_run:
            asyncio.run(start_in(ready, organization))
    for platform, told in found.items():
        _show(platform, told, dry=dry_run)


def rollback_legacy(url: From, organization: Organization = None, dry_run: DryRun = False) -> None:
    """Write who has each ticket back into the older platform's columns."""
    with database_ready(begin()) as ready:
        done = asyncio.run(_roll_back(ready, url, organization, dry=dry_run))
    word = "differ" if dry_run else "written back"
    results.print(f"{done.tickets} tickets came over; {done.changed} {word}, {done.gone} are gone there.")


async def _import(
    settings: Settings, url: str, organization: UUID | None, *, dry: bool, report: Progress
) -> Mapping[Platform, Report]:
    engine = open_engine(direct_url(settings), size=2)
    try:
        organization_id = await chosen(settings, organization)
        async with legacy_source(url) as source:
            return await import_all(engine, organization_id, source, now=now(), progress=report, dry=dry)
    except NothingToImport as error:
        tables = "; ".join(_TITLES.values())
        raise LegacyRefusal(f"The older database has none of these tables: {tables}.") from error
    except LegacyUnreachable as error:
        raise LegacyRefusal(str(error)) from error
    finally:
        await engine.dispose()


async def _roll_back(settings: Settings, url: str, organization: UUID | None, *, dry: bool) -> RolledBack:
    engine = open_engine(direct_url(settings), size=2)
    try:
        organization_id = await chosen(settings, organization)
        async with legacy_writer(url) as (driver, source):
            return await roll_back(engine, organization_id, driver, source, dry=dry)
    except NothingToRollBack as error:
        raise LegacyRefusal("No ticket of service_tickets came over, or the table is gone there.") from error
    except LegacyUnreachable as error:
        raise LegacyRefusal(str(error)) from error
    finally:
        await engine.dispose()


def _show(platform: Platform, report: Report, *, dry: bool) -> None:
    table = Table("", "found", "known before", "would come over" if dry else "came over", title=_TITLES[platform])
    for kind in sorted({*report.found, *report.imported}):
        table.add_row(kind, str(report.found[kind]), str(report.known[kind]), str(report.imported[kind]))
    results.print(table)
    for word, reasons in (("left behind", report.skipped), ("changed", report.changed)):
        for (kind, why), count in sorted(reasons.items()):
            examples = ", ".join(filter(None, report.examples.get((kind, why), ())))
            results.print(f"{count} {kind} {word}: {why}" + (f" ({examples})" if examples else ""))
    for name, columns in report.ignored.items():
        results.print(f"columns of {name} that nothing here takes: {', '.join(columns)}")
