"""The address of an attachment in SQL, the very text that `app.domain.file_addresses` writes."""

from typing import Any

import sqlalchemy as sa

from app.domain.file_addresses import DOWNLOADS_END_EACH_SECONDS
from app.domain.files import READABLE
from app.domain.policy import Visibility
from app.reads.statement.pieces import literal
from app.reads.viewers import NOW

_BASE = sa.bindparam("file_base", type_=sa.Text)
_START = sa.bindparam("file_start", type_=sa.LargeBinary)
_INNER = sa.bindparam("file_inner", type_=sa.LargeBinary)
_OUTER = sa.bindparam("file_outer", type_=sa.LargeBinary)
_MAC_BYTES = 16


def download_address(attachment: sa.FromClause, _visibility: Visibility) -> "sa.ColumnElement[Any]":
    """Return where a file can be had from; null unless it may be. The MAC is spelled out as for cursors."""
    each: sa.ColumnElement[Any] = sa.literal_column(str(DOWNLOADS_END_EACH_SECONDS))
    turns = sa.func.floor(sa.func.extract("epoch", NOW) / each)
    ends = sa.cast((turns + sa.literal_column("2")) * each, sa.BigInteger)
    body = _START.op("||")(sa.func.uuid_send(attachment.c.id)).op("||")(sa.func.int8send(ends))
    mac = sa.func.sha256(_OUTER.op("||")(sa.func.sha256(_INNER.op("||")(body))))
    token = body.op("||")(sa.func.substr(mac, sa.literal_column("1"), sa.literal_column(str(_MAC_BYTES))))
    text = sa.func.translate(sa.func.encode(token, literal("base64")), sa.literal_column(r"E'+/\n'"), literal("-_"))
    readable = attachment.c.scan_state.in_(sorted(READABLE))
    return sa.case((readable, _BASE.op("||")(text)), else_=sa.null())
