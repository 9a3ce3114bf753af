"""What `fieldgraph check` says of the database: its migrations, its roles, its clock."""

from datetime import timedelta

from app.cli.findings import Finding, ok, wrong
from app.db.condition import Condition

MOST_SKEW = timedelta(seconds=2)

SUBJECTS = ("migrations", "roles", "clock")


def database_findings(found: Condition) -> list[Finding]:
    """Return what a condition means, a finding for each of SUBJECTS."""
    return [_migrations(found), _roles(found), _clock(found)]


def _migrations(found: Condition) -> Finding:
    if found.unreadable:
        return wrong(
            "migrations",
            "The login may not read which revision the database is at.",
            "Use the login that owns the tables, or GRANT SELECT ON alembic_version to this one.",
        )
    if found.revision == found.newest:
        return ok("migrations", f"The schema is at {found.revision}.")
    at = "has no schema" if found.revision is None else f"is at {found.revision}"
    return wrong(
        "migrations",
        f"The database {at}; this release needs {found.newest}.",
        "Run `fieldgraph migrate`. If the database is at a newer revision, run the release that made it so.",
    )


def _roles(found: Condition) -> Finding:
    if found.missing:
        return wrong(
            "roles",
            f"Roles are missing: {', '.join(found.missing)}.",
            "Run `fieldgraph migrate` as a login with CREATEROLE, or create them as docs/operations.md tells.",
        )
    if found.untakable:
        names = ", ".join(found.untakable)
        return wrong("roles", f"The login may not act as {names}.", f"GRANT {names} TO the login WITH SET TRUE.")
    if found.all_seeing:
        return wrong(
            "roles",
            f"Rows of all organisations are open to {', '.join(found.all_seeing)}.",
            "; ".join(f"ALTER ROLE {name} NOSUPERUSER NOBYPASSRLS" for name in found.all_seeing) + ".",
        )
    if found.lacking:
        return wrong(
            "roles",
            f"Rights are missing: {'; '.join(found.lacking)}.",
            "Grant them, as the login that owns the tables; the migrations had granted them.",
        )
    return ok("roles", "All are there, can be taken, and have their rights.")


def _clock(found: Condition) -> Finding:
    seconds = found.skew.total_seconds()
    # What asking took may be all on one way, so that it is no one's fault.
    if abs(found.skew) - found.uncertainty <= MOST_SKEW:
        return ok("clock", f"The database's is {abs(seconds):.3f} s {'ahead' if seconds > 0 else 'behind'}.")
    side = "ahead of" if seconds > 0 else "behind"
    return wrong(
        "clock",
        f"The database's clock is {abs(seconds):.1f} s {side} this machine's: more than {MOST_SKEW.seconds} s.",
        "Let both machines follow the same time servers (NTP).",
    )
