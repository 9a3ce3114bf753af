"""What every table shares: the metadata, the tenant key, column types that carry domain words."""

from collections.abc import Iterable
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID

metadata = sa.MetaData()

Uuid = PG_UUID(as_uuid=True)
Moment = sa.DateTime(timezone=True)
Json = JSONB(none_as_null=True)
TextList = ARRAY(sa.Text, as_tuple=True)


def word(words: type[StrEnum]) -> sa.Enum:
    """Return the type of a text column that holds one of `words`; the migration checks it."""
    return sa.Enum(words, native_enum=False, create_constraint=False, values_callable=_values)


def words(words: type[StrEnum]) -> "ARRAY[str]":
    """Return the type of a text array column that holds some of `words`."""
    return ARRAY(word(words), as_tuple=True)


def tenant_table(name: str, *columns: sa.Column[object]) -> sa.Table:
    """Declare a table of rows that belong to an organisation."""
    return sa.Table(name, metadata, sa.Column("organization_id", Uuid, primary_key=True), *columns)


def key(name: str = "id") -> "sa.Column[object]":
    """Declare the column that identifies a row within its organisation."""
    return sa.Column(name, Uuid, primary_key=True, server_default=sa.text("uuidv7()"))


def reference(name: str, *, null: bool = False, primary_key: bool = False) -> "sa.Column[object]":
    """Declare a column that points to another row of the same organisation."""
    return sa.Column(name, Uuid, nullable=null, primary_key=primary_key)


def versioned(*, since: str | None = None) -> "Iterable[sa.Column[object]]":
    """Declare the columns of a row under optimistic concurrency; `since` is when rows came to be that do not say."""
    default = None if since is None else sa.text(since)
    return (
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.Column("created_at", Moment, nullable=False, server_default=default),
        sa.Column("updated_at", Moment, nullable=False, server_default=default),
    )


def active() -> "sa.Column[object]":
    """Declare the column that says whether what is new can name a row."""
    return sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true())


def _values(words: type[StrEnum]) -> list[str]:
    return [each.value for each in words]
