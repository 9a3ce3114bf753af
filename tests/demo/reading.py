"""Plain reading, past row-level security: the tests' login is a superuser."""

import asyncpg


async def fetch(url: str, query: str, *arguments: object) -> list[asyncpg.Record]:
    """Return what the query finds, on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(query, *arguments))
    finally:
        await connection.close()


async def fingerprints(url: str) -> dict[str, str]:
    """Return a hash of all rows of each table; the log's own identity is random and left out."""
    names = await fetch(
        url,
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND relname NOT IN ('log_identity', 'alembic_version')",
    )
    found = {}
    for (name,) in names:
        query = f"SELECT md5(string_agg(r, '' ORDER BY r)) FROM (SELECT to_jsonb(t)::text AS r FROM {name} t) AS x"  # noqa: S608  # names from the catalogue
        found[name] = (await fetch(url, query))[0][0]
    return found
