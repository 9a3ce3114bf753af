"""What a database is made of, as text that can be compared."""

import asyncpg

# What belongs to an extension, or is one, stays when we go.
_PARTS = {
    "columns": """
        SELECT format('%s.%s %s%s default %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
            CASE WHEN a.attnotnull THEN ' not null' ELSE '' END, pg_get_expr(d.adbin, d.adrelid), a.attgenerated)
        FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
    """,
    "constraints": """
        SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    """,
    "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "policies": "SELECT format('%s', p) FROM pg_policies p WHERE schemaname = 'public'",
    "security": """
        SELECT format('%s %s %s %s', relname, relrowsecurity, relforcerowsecurity,
            coalesce(relacl, acldefault('r', relowner)))
        FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
    """,
    "triggers": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "functions": """
        SELECT pg_get_functiondef(oid) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS (
                SELECT FROM pg_depend WHERE deptype = 'e' AND classid = 'pg_proc'::regclass AND objid = oid)
    """,
    "comments": """
        SELECT format('%s %s', objoid::regclass, description) FROM pg_description
        WHERE classoid = 'pg_class'::regclass AND objoid > 16383
    """,
}


async def catalogue(url: str) -> dict[str, set[str]]:
    """Return every table, key, check, index, policy, right, trigger and function of a database."""
    connection = await asyncpg.connect(url)
    try:
        return {name: {row[0] for row in await connection.fetch(query)} for name, query in _PARTS.items()}
    finally:
        await connection.close()


async def tables(url: str) -> set[str]:
    """Return the names of the tables."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return {row["tablename"] for row in rows}
    finally:
        await connection.close()
