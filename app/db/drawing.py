"""The tables as a drawing: what points to what, read from the database itself."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

_POINTERS = sa.text(
    """
    SELECT child.relname AS child, parent.relname AS parent,
        (SELECT string_agg(a.attname, ', ' ORDER BY k.place) FROM unnest(c.conkey) WITH ORDINALITY AS k(number, place)
         JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = k.number
         WHERE a.attname <> 'organization_id') AS columns,
        EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = c.conrelid AND i.indisunique AND i.indpred IS NULL
            AND i.indkey::smallint[] <@ c.conkey) AS one
    FROM pg_constraint AS c
    JOIN pg_class AS child ON child.oid = c.conrelid
    JOIN pg_class AS parent ON parent.oid = c.confrelid
    WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace
    ORDER BY parent.relname, child.relname, columns
    """
)
_TABLES = sa.text(
    """
    SELECT relname AS name, obj_description(oid) AS comment FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version' ORDER BY relname
    """
)
_HEAD = """\
# Tables

What points to what, read from a migrated database by `fieldgraph tables`. Every table but those of timers and the log's
identity has `organization_id` first in its keys; it is left out here, and so are the pointers to the organisation. The
log keeps no foreign keys (ADR 8).

```mermaid
erDiagram
"""


async def drawing(connection: AsyncConnection) -> str:
    """Return docs/tables.md: every table, and each foreign key as a line of a Mermaid diagram."""
    tables = (await connection.execute(_TABLES)).all()
    lines = [f"    {table.name}\n" for table in tables]
    for each in await connection.execute(_POINTERS):
        if each.columns is not None:
            crow = "|o" if each.one else "o{"
            lines.append(f'    {each.parent} ||--{crow} {each.child} : "{each.columns}"\n')
    told = [f"- `{table.name}`: {table.comment}.\n" for table in tables if table.comment]
    return f"{_HEAD}{''.join(lines)}```\n\n{''.join(told)}"
