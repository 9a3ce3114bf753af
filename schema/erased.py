"""What an erasure tells of: what went, and where others still name whoever was erased."""

from typing import Any
from uuid import UUID

import strawberry

from app.domain.erasures import Erased
from app.domain.mentions import MOST_TOLD
from app.reads.entities import NODES
from schema.ids import global_id


@strawberry.type(description="How many rows of a table are somebody's.")
class ErasedRows:
    """How many rows of a table are somebody's."""

    table: str = strawberry.field(description="The table's name; events: how often the log lost something.")
    rows: int = strawberry.field(description="How many.")


@strawberry.type(description="The rows of a table that name whoever was erased, and are not theirs.")
class Mentions:
    """The rows of a table that name whoever was erased, and are not theirs."""

    table: str = strawberry.field(description="The table's name.")
    rows: int = strawberry.field(description="How many there are.")
    ids: list[strawberry.ID] = strawberry.field(
        description=f"The first {MOST_TOLD} of them, oldest first: ids of nodes, or of rows that are none their keys."
    )


def erased_of(erased: Erased) -> dict[str, Any]:
    """Return what was erased, and what names them still, as clients see it."""
    return {
        "erased": [ErasedRows(table=name, rows=count) for name, count in erased.rows.items()],
        "mentions": [
            Mentions(table=each.table, rows=each.count, ids=[_told_by(each.kind, id_) for id_ in each.ids])
            for each in erased.mentions
        ],
    }


def _told_by(kind: str | None, key: UUID) -> strawberry.ID:
    return global_id(kind, key) if kind is not None and kind in NODES else strawberry.ID(str(key))
