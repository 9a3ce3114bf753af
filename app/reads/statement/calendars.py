"""The addresses of calendars in SQL, the very texts that `app.domain.calendar_addresses` writes."""

from typing import Any

import sqlalchemy as sa

from app.db.tables.deliveries import calendar_feeds
from app.domain.calendar_addresses import ENDING, ENTRIES_END_EACH_SECONDS, ENTRIES_LAST_HOURS
from app.domain.policy import Visibility
from app.domain.signing import MAC_BYTES
from app.reads.statement.pieces import literal
from app.reads.viewers import NOW, VIEWER_TECHNICIAN

_BASE = sa.bindparam("calendar_base", type_=sa.Text)
_FEED_START = sa.bindparam("feed_start", type_=sa.LargeBinary)
_ENTRY_START = sa.bindparam("entry_start", type_=sa.LargeBinary)
_INNER = sa.bindparam("calendar_inner", type_=sa.LargeBinary)
_OUTER = sa.bindparam("calendar_outer", type_=sa.LargeBinary)
_DISPATCH = frozenset({Visibility.DISPATCH, Visibility.ADMINISTRATION})


def feed_address(technician: sa.FromClause, visibility: Visibility) -> "sa.ColumnElement[Any]":
    """Return where a technician's feed can be had from: for themselves, and for DISPATCHER and up; null otherwise."""
    if visibility not in {*_DISPATCH, Visibility.STAFF}:
        return sa.cast(sa.null(), sa.Text)
    feeds = calendar_feeds.alias()
    generation = (
        sa.select(feeds.c.generation)
        .where(feeds.c.organization_id == technician.c.organization_id, feeds.c.technician_id == technician.c.id)
        .scalar_subquery()
    )
    number = sa.func.int4send(sa.func.coalesce(generation, sa.literal_column("0")))
    address = _signed(_FEED_START.op("||")(sa.func.uuid_send(technician.c.id)).op("||")(number))
    if visibility in _DISPATCH:
        return address
    return sa.case((technician.c.id == VIEWER_TECHNICIAN, address), else_=sa.null())


def entry_address(appointment: sa.FromClause, visibility: Visibility) -> "sa.ColumnElement[Any]":
    """Return where an appointment can be had from, for whoever sees it; null for one that was called off.

    Staff who are not its technician are not told where it is, as an address of a customer is not for them.
    """
    each: sa.ColumnElement[Any] = sa.literal_column(str(ENTRIES_END_EACH_SECONDS))
    turns = sa.func.floor(sa.func.extract("epoch", NOW) / each) + sa.literal_column(str(ENTRIES_LAST_HOURS + 1))
    ends = sa.func.int8send(sa.cast(turns * each, sa.BigInteger))
    shown: sa.ColumnElement[Any] = sa.literal_column(r"'\x01'::bytea")
    hidden: sa.ColumnElement[Any] = sa.literal_column(r"'\x00'::bytea")
    place = shown
    if visibility is Visibility.STAFF:
        place = sa.case((appointment.c.technician_id == VIEWER_TECHNICIAN, shown), else_=hidden)
    body = _ENTRY_START.op("||")(sa.func.uuid_send(appointment.c.id)).op("||")(ends).op("||")(place)
    return sa.case((appointment.c.status != "CANCELLED", _signed(body)), else_=sa.null())


def _signed(body: "sa.ColumnElement[Any]") -> "sa.ColumnElement[Any]":
    """Return the address for a token's bytes. The MAC is spelled out as for cursors."""
    mac = sa.func.sha256(_OUTER.op("||")(sa.func.sha256(_INNER.op("||")(body))))
    token = body.op("||")(sa.func.substr(mac, sa.literal_column("1"), sa.literal_column(str(MAC_BYTES))))
    text = sa.func.translate(sa.func.encode(token, literal("base64")), sa.literal_column(r"E'+/\n='"), literal("-_"))
    return _BASE.op("||")(text).op("||")(literal(ENDING))
