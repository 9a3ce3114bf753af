"""Finding tickets by their words: which there are, how well each fits, and what of it to show.

What a viewer may not read counts for nothing: neither for a match, nor for its rank, nor in a snippet.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db.tables.base import Uuid
from app.db.tables.search import ticket_search
from app.db.tables.tickets import tickets
from app.domain.policy import Visibility
from app.domain.refusals import Invalid
from app.reads.orders import Kind, Order, Term, ending_in_id
from app.reads.reader import Reader
from app.reads.slots import Slot, bound
from app.reads.viewers import ORGANIZATION

LONGEST_SEARCH = 200
RELEVANCE = "relevance"
BEST_FIRST: Order = ending_in_id([Term(RELEVANCE, Kind.NUMBER, descending=True)])

Search = str | Slot


def searched(text: str | None, field: str = "search") -> str | None:
    """Return the words to look for; None when there are none, as in an empty field of a form.

    Raises:
        Invalid: longer than 200 characters, or with a character that no text has.
    """
    if text is None or not text.strip():
        return None
    clean = text.strip()
    if len(clean) > LONGEST_SEARCH:
        raise Invalid(field=(field,), problem=f"{field} must not exceed {LONGEST_SEARCH} characters.")
    if "\x00" in clean:
        raise Invalid(field=(field,), problem=f"{field} must not contain the NUL character.")
    return clean


def found_by(search: Search, visibility: Visibility) -> tuple[sa.FromClause, "sa.ColumnElement[int]"]:
    """Return tickets joined with what fits, and how well each does, 0 and up.

    The rank is read for the tickets that whoever selects lets through, and for no other.
    """
    hits = (
        sa.func.matching_tickets(_query(search), _sees_internal(visibility))
        .table_valued(sa.column("ticket_id", Uuid), name="hits")
        .render_derived()
    )
    words = ticket_search.alias("words")
    source = tickets.join(hits, hits.c.ticket_id == tickets.c.id).join(
        words, (words.c.organization_id == tickets.c.organization_id) & (words.c.ticket_id == tickets.c.id)
    )
    seen = words.c.public_words if _outside(visibility) else words.c.staff_words
    # Asked for once by a sub-select: the planner would read the words again for each row.
    asked = sa.select(_query(search)).correlate(None).scalar_subquery()
    rank = sa.func.ts_rank_cd(seen, asked, sa.literal_column("1"))
    return source, sa.cast(sa.func.round(sa.literal_column("1000000") * rank), sa.BigInteger).label(RELEVANCE)


def snippet_of(key: "sa.ColumnElement[Any]", search: Search, visibility: Visibility) -> "sa.ColumnElement[Any]":
    """Return the part of a ticket that fits best, its hits marked; null where the words are nowhere in one part."""
    return sa.func.ticket_snippet(ORGANIZATION, key, _query(search), _sees_internal(visibility), type_=sa.Text())


async def load_snippets(reader: Reader, search: str, keys: Sequence[UUID]) -> dict[UUID, str | None]:
    """Return each ticket's snippet."""
    statement = sa.select(tickets.c.id, snippet_of(tickets.c.id, search, reader.visibility).label("snippet")).where(
        tickets.c.organization_id == ORGANIZATION, tickets.c.id == sa.any_(sa.literal(list(keys), sa.ARRAY(Uuid)))
    )
    return {row.id: row.snippet for row in await reader.rows(statement)}


def _query(search: Search) -> "sa.ColumnElement[Any]":
    # Text by a cast, so that a parameter's type is known.
    return sa.func.search_query(sa.cast(bound(search), sa.Text))


def _sees_internal(visibility: Visibility) -> "sa.ColumnElement[bool]":
    return sa.literal_column("false" if _outside(visibility) else "true", sa.Boolean())


def _outside(visibility: Visibility) -> bool:
    return visibility in {Visibility.OWN, Visibility.NOTHING}
