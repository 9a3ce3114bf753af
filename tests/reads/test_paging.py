"""Keyset pages: any order, any size, either way, every row once and in its place."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from app.domain.assignments import AssignmentStatus
from app.domain.refusals import Invalid
from app.domain.tickets import TicketStatus
from app.reads import entities, relations
from app.reads.batches import count_many, load_many
from app.reads.entities import Entity
from app.reads.lists import load_list
from app.reads.orders import Kind, Order, Term, ending_in_id
from app.reads.pages import Page, Placed, Window, placed, window
from schema.fields import order_of
from tests.reads.seed import Seed

pytestmark = pytest.mark.asyncio(loop_scope="module")

_KINDS = {"created_at": Kind.MOMENT, "updated_at": Kind.MOMENT, "priority": Kind.TEXT, "status_rank": Kind.NUMBER}
# What is never due comes last either way.
_DUE_KINDS = {"sla_due_first": Kind.MOMENT, "sla_due_last": Kind.MOMENT}
_JOB_KINDS = {"assigned_at": Kind.MOMENT, "sequence": Kind.NUMBER, "status_rank": Kind.NUMBER}

Turn = Callable[[Window], Awaitable[Page]]


def order(spelled: str, kinds: dict[str, Kind]) -> Order:
    """Read an order such as `priority -created_at`; a minus sign is descending."""
    terms = [Term(each.lstrip("-"), kinds[each.lstrip("-")], each.startswith("-")) for each in spelled.split()]
    return ending_in_id(terms)


SINGLE = [sign + column for column in _KINDS for sign in ("", "-")]
MIXED = [
    "priority created_at",
    "priority -created_at",
    "-priority created_at",
    "-priority -created_at",
    "status_rank -priority updated_at",
    "-updated_at created_at -status_rank priority",
]
BY_DUE = ["sla_due_first", "-sla_due_last", "priority sla_due_first", "-priority -sla_due_last"]
TICKET_ORDERS = [("Ticket", spelled) for spelled in (*SINGLE, *MIXED, *BY_DUE)]
JOB_ORDERS = [
    ("Assignment", spelled)
    for spelled in (*_JOB_KINDS, *(f"-{each}" for each in _JOB_KINDS), "sequence -assigned_at", "-status_rank sequence")
]


def listed(kind: str, spelled: str) -> tuple[Order, Entity]:
    entity = entities.NODES[kind]
    return order(spelled, {**_KINDS, **_DUE_KINDS} if entity is entities.TICKET else _JOB_KINDS), entity


def expected(seed: Seed, kind: str, by: Order) -> list[Any]:
    """Sort the seeded rows by the order in Python; return their keys."""
    gone = {row["id"] for row in seed.tickets if row["deleted_at"] is not None}
    rows = [row for row in seed.tickets if row["id"] not in gone]
    if kind == "Assignment":
        rows = [row for row in seed.jobs if row["ticket_id"] not in gone]
    for term in reversed(by.terms):
        rows = sorted(rows, key=lambda row: _rank(row, term.column), reverse=term.descending)
    return [row["id"] for row in rows]


def _rank(row: dict[str, Any], column: str) -> Any:
    if column == "status_rank":
        status: TicketStatus | AssignmentStatus = row["status"]
        return [each.value for each in type(status)].index(status.value)
    return row[column]


async def all_forwards(turn: Turn, size: int, whole: Sequence[Any]) -> None:
    """Turn every page from the front and hold each against the whole list."""
    at, cursor = 0, None
    while True:
        page = await turn(Window(size, place=cursor))
        assert [node.id for node in page.nodes] == whole[at : at + size]
        assert page.has_previous_page is (at > 0)
        at += size
        assert page.has_next_page is (at < len(whole))
        if not page.has_next_page:
            return
        cursor = page.edges[-1].cursor


async def all_backwards(turn: Turn, size: int, whole: Sequence[Any]) -> None:
    """Turn every page from the back and hold each against the whole list."""
    at, cursor = len(whole), None
    while True:
        page = await turn(Window(size, backwards=True, place=cursor))
        assert [node.id for node in page.nodes] == whole[max(0, at - size) : at]
        assert page.has_next_page is (at < len(whole))
        at -= size
        assert page.has_previous_page is (at > 0)
        if not page.has_previous_page:
            return
        cursor = page.edges[0].cursor


@pytest.mark.parametrize(("kind", "spelled"), [*TICKET_ORDERS, *JOB_ORDERS])
async def test_pages_of_any_size_visit_each_row_once_in_order_either_way(seed: Seed, kind: str, spelled: str) -> None:
    by, entity = listed(kind, spelled)
    whole = expected(seed, kind, by)
    reader = seed.reader()

    async def turn(asked: Window) -> Page:
        return await load_list(reader, entity, by, placed(by, asked))

    for size in (1, 7, len(whole), 100):
        await all_forwards(turn, size, whole)
        await all_backwards(turn, size, whole)
    assert await (await turn(Window(1))).count() == len(whole)
    await reader.close()


async def test_pages_within_a_filter_keep_to_it(seed: Seed) -> None:
    by = order("-updated_at", _KINDS)
    table = entities.TICKET.table
    whole = [key for key in expected(seed, "Ticket", by) if _priority(seed, key) == "P1"]
    reader = seed.reader()

    async def turn(asked: Window) -> Page:
        return await load_list(reader, entities.TICKET, by, placed(by, asked), table.c.priority == "P1")

    assert 3 < len(whole) < 40
    await all_forwards(turn, 3, whole)
    await all_backwards(turn, 3, whole)
    assert await (await turn(Window(0))).count() == len(whole)
    await reader.close()


def _priority(seed: Seed, key: Any) -> str:
    return str(next(row["priority"] for row in seed.tickets if row["id"] == key))


async def test_pages_of_each_parent_s_list_are_pages_of_that_list(seed: Seed) -> None:
    reader = seed.reader()
    present = [row["id"] for row in seed.tickets if row["deleted_at"] is None]
    for relation in (relations.TICKET_ASSIGNMENTS, relations.TICKET_COMMENTS, relations.TICKET_PUBLIC_COMMENTS):

        async def counted(key: Any, relation: relations.Relation = relation) -> int:
            return (await count_many(reader, relation, [key]))[key]

        full = await load_many(reader, relation, None, present, counted)
        for key in present:
            whole = [node.id for node in full[key].nodes]

            async def turn(asked: Window, relation: relations.Relation = relation, key: Any = key) -> Page:
                return (await load_many(reader, relation, placed(order_of(relation), asked), [key], counted))[key]

            assert await full[key].count() == len(whole)
            if whole:
                await all_forwards(turn, 2, whole)
                await all_backwards(turn, 2, whole)
    await reader.close()


@pytest.mark.parametrize("backwards", [False, True])
async def test_a_page_of_nothing_says_what_there_is(seed: Seed, backwards: bool) -> None:
    reader = seed.reader()
    page = await load_list(reader, entities.TICKET, order("priority", _KINDS), Placed(0, backwards=backwards))
    await reader.close()
    assert page.nodes == []
    assert (page.has_next_page, page.has_previous_page) == (not backwards, backwards)


async def test_an_empty_list_has_neither_next_nor_previous(seed: Seed) -> None:
    reader = seed.reader()
    nothing = entities.TICKET.table.c.title == "no such title"
    for backwards in (False, True):
        asked = Placed(5, backwards=backwards)
        page = await load_list(reader, entities.TICKET, order("priority", _KINDS), asked, nothing)
        assert (page.nodes, page.has_next_page, page.has_previous_page) == ([], False, False)
        assert await page.count() == 0
    await reader.close()


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("cursor", ["", "nonsense", "AQ", "\N{SNOWMAN}", "A" * 2000])
async def test_a_cursor_of_another_list_is_refused_by_its_argument(seed: Seed, cursor: str, backwards: bool) -> None:
    reader = seed.reader()
    by = order("priority -created_at", _KINDS)
    other = (await load_list(reader, entities.TICKET, order("priority created_at", _KINDS), Placed(1))).edges[0].cursor
    for place in (cursor, other):
        with pytest.raises(Invalid) as refused:
            placed(by, Window(5, backwards=backwards, place=place))
        assert refused.value.field == ("before" if backwards else "after",)
    await reader.close()


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ((-1, None, None, None), "first"),
        ((101, None, None, None), "first"),
        ((None, None, -1, None), "last"),
        ((None, None, 101, None), "last"),
        ((1, None, 1, None), "last"),
        ((1, None, None, "x"), "last"),
        ((None, "x", 1, None), "last"),
        ((None, "x", None, "x"), "last"),
    ],
)
async def test_a_window_that_makes_no_sense_is_refused_by_name(
    arguments: tuple[int | None, str | None, int | None, str | None], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        window(*arguments)
    assert refused.value.field == (field,)


async def test_a_window_has_twenty_rows_unless_it_says_otherwise() -> None:
    assert window(None, None) == Window(20)
    assert window(None, None, None, "x") == Window(20, backwards=True, place="x")
    assert window(0, "x") == Window(0, place="x")
    assert window(None, None, default=50) == Window(50)
