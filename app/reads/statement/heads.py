"""The cursor of the log's head in SQL, the very text that `app.domain.cursors` writes."""

import sqlalchemy as sa

from app.db.tables.log import event_heads
from app.reads.statement.pieces import literal
from app.reads.viewers import ORGANIZATION

_MAC_BYTES = 16
_START = sa.bindparam("cursor_start", type_=sa.LargeBinary)
_INNER = sa.bindparam("cursor_inner", type_=sa.LargeBinary)
_OUTER = sa.bindparam("cursor_outer", type_=sa.LargeBinary)


def head_cursor() -> "sa.ColumnElement[str]":
    """Return the cursor of the viewer's log as it stands.

    The MAC is HMAC-SHA-256 spelled out, since the server has the hash alone: its two padded keys
    and the text before the position are parameters.
    """
    position = sa.func.coalesce(
        sa.select(event_heads.c.position).where(event_heads.c.organization_id == ORGANIZATION).scalar_subquery(),
        sa.literal_column("0"),
    )
    body = _START.op("||")(sa.func.int8send(position))
    mac = sa.func.sha256(_OUTER.op("||")(sa.func.sha256(_INNER.op("||")(body))))
    short = sa.func.substr(mac, sa.literal_column("1"), sa.literal_column(str(_MAC_BYTES)))
    text = sa.func.encode(body.op("||")(short), literal("base64"))
    # A line of base64 ends after 76 characters, which is just as long as a cursor is.
    return sa.func.translate(text, sa.literal_column(r"E'+/\n'"), literal("-_"))
