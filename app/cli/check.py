"""`fieldgraph check`: whether all that a server needs is in order, and what helps where it is not."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

import orjson
import typer
from sqlalchemy.exc import SQLAlchemyError

from app.cli import check_outlets, check_services
from app.cli.check_database import SUBJECTS, database_findings
from app.cli.console import results
from app.cli.findings import Finding, State, not_looked_at, ok, wrong
from app.cli.workplace import begin, database_ready
from app.clock import now
from app.db.condition import condition_of
from app.db.embedded.refusals import EmbeddedServerError
from app.db.preflight import DatabaseUnusable
from app.settings import Settings, SettingsError

_REMEDY_OF_DATABASE = (
    "Check DATABASE_URL (or DB_*) and DATABASE_DIRECT_URL, and that the server may be reached from here."
)
_REMEDY_OF_EMBEDDED = "See its log (`fieldgraph database status` says where), or set DATABASE_URL."
# Beyond what each waits for by itself: what answers a little at a time is never late for whoever waits for a piece.
_MOST_SECONDS = 20.0
_WITHOUT_SETTINGS = (
    "tokens",
    "database",
    *SUBJECTS,
    *check_services.SUBJECTS,
    *check_outlets.SUBJECTS,
)


def check(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell what is in order and what is not, with what helps; ends with status 1 if anything is wrong."""
    findings = all_findings(now)
    fine = all(finding.state is not State.WRONG for finding in findings)
    if as_json:
        results.print(orjson.dumps({"ok": fine, "findings": [each.as_json() for each in findings]}).decode())
    else:
        for finding in findings:
            results.print(f"{finding.state.value:<14} {finding.subject}: {finding.detail}")
            if finding.remedy is not None:
                results.print(f"{'':<14} → {finding.remedy}")
    if not fine:
        raise typer.Exit(1)


def all_findings(clock: Callable[[], datetime]) -> list[Finding]:
    """Return a finding for each subject, of this process's settings and all that they name."""
    try:
        settings = begin()
    except SettingsError as error:
        problems = " ".join(str(error).splitlines())
        broken = wrong("settings", problems, "Correct them in the environment or in .env; docs/settings.md has all.")
        return [broken, *(not_looked_at(subject, "settings") for subject in _WITHOUT_SETTINGS)]
    return [
        ok("settings", "All can be used."),
        _tokens(settings),
        *_database(settings, clock),
        *asyncio.run(_outside(settings)),
    ]


def _tokens(settings: Settings) -> Finding:
    if settings.auth_jwks_url is not None:
        return ok("tokens", "They are checked with the keys of the identity provider.")
    if settings.jwt_secret_key is not None:
        return ok("tokens", "They are checked with JWT_SECRET_KEY.")
    if settings.embedded:
        return ok("tokens", f"They are checked with a secret that is made in {settings.fieldgraph_home}.")
    return wrong(
        "tokens",
        "Nothing says how bearer tokens are checked.",
        "With a database of your own, set JWT_SECRET_KEY (at least 32 random characters) or AUTH_JWKS_URL.",
    )


def _database(settings: Settings, clock: Callable[[], datetime]) -> list[Finding]:
    try:
        with database_ready(settings) as ready:
            condition = asyncio.run(condition_of(ready.direct_url, clock))
    except DatabaseUnusable as error:
        broken = wrong("database", str(error), _REMEDY_OF_DATABASE)
    except EmbeddedServerError as error:
        broken = wrong("database", str(error), _REMEDY_OF_EMBEDDED)
    except (OSError, TimeoutError, SQLAlchemyError) as error:
        broken = wrong(
            "database", f"It went away while it was looked at ({type(error).__name__}).", _REMEDY_OF_DATABASE
        )
    else:
        return [ok("database", "It answers, and is new enough."), *database_findings(condition)]
    return [broken, *(not_looked_at(subject, "database") for subject in SUBJECTS)]


async def _outside(settings: Settings) -> list[Finding]:
    looking = {
        "storage": check_services.storage(settings),
        "event bus": check_services.event_bus(settings),
        "scanner": check_services.scanner(settings),
        "identity provider": check_services.provider_keys(settings),
        "traces": check_services.traces(settings),
        "e-mail": check_outlets.mail(settings),
        "calendars": check_outlets.calendars(settings),
    }
    return list(await asyncio.gather(*(_in_time(subject, found) for subject, found in looking.items())))


async def _in_time(subject: str, looking: Awaitable[Finding]) -> Finding:
    try:
        async with asyncio.timeout(_MOST_SECONDS):
            return await looking
    except TimeoutError:
        return wrong(
            subject,
            f"It has not come to an end with an answer within {_MOST_SECONDS:g} s.",
            "See that its address in the settings leads to what it should, and that this is not overloaded.",
        )
