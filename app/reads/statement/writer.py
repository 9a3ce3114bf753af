"""Writes a selection as SQL: every field at its standpoint, every object as the text of its JSON."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.db.tables.base import Uuid
from app.domain.policy import Visibility
from app.reads import questions as ask
from app.reads.entities import TECHNICIAN, TICKET, Entity
from app.reads.filters import Values, conditions_of
from app.reads.orders import Order
from app.reads.pages import Placed, sorting
from app.reads.queues import Day
from app.reads.relations import Relation, source_of
from app.reads.searching import Search, found_by, snippet_of
from app.reads.selection import Branch, Form, Known, Leaf, Selection, Spelling, Words
from app.reads.slots import array_of, bound
from app.reads.statement.boards import OnBoard, OnLane
from app.reads.statement.heads import head_cursor
from app.reads.statement.listing import OnPage
from app.reads.statement.pieces import joined, literal, or_null, when
from app.reads.statement.queues import on_queue
from app.reads.statement.spelling import global_id, spelled
from app.reads.statement.standpoints import NotInSql, Nowhere, OnRow, OnValues, Part, Standpoint, Value, as_it_is
from app.reads.viewers import VIEWER_ROLES, VIEWER_TECHNICIAN, own


def _of(field: Branch, name: str | None = None) -> Selection:
    """Return what is selected of the object; `name` is its type where there may be several."""
    selections = field.selections
    return next(iter(selections.values())) if name is None else selections[name]


def _asks(selection: Selection, name: str) -> bool:
    return any(isinstance(each, Branch) and each.question == ask.Attribute(name) for each in selection)


def _row(here: Standpoint) -> OnRow:
    if not isinstance(here, OnRow):
        raise NotInSql("only a row has relations and an id")
    return here


def _itself(row: OnRow) -> Part:
    return Part(row, as_it_is)


def _ordered(relation: Relation) -> Order:
    if relation.order is None:
        raise NotInSql(f"{relation.name} has no order")
    return relation.order


def _tables(source: sa.FromClause) -> "list[sa.FromClause]":
    return [source.left, source.right] if isinstance(source, sa.Join) else [source]


def _selected(json: "sa.ColumnElement[str]", page: OnPage) -> "sa.ColumnElement[Any]":
    if not page.is_read:
        return json
    # One row also where nothing in it is an aggregate; and whatever is not of the page stands further out.
    chosen = sa.select(json).select_from(page.rows).having(sa.literal_column("true"))
    return chosen.correlate_except(page.rows).scalar_subquery()


class Writer:
    """Writes for one class of viewers and one form of the operation's arguments."""

    def __init__(self, form: Form, visibility: Visibility) -> None:
        self._form = form
        self._visibility = visibility
        self.for_technicians = False

    def object(self, selection: Selection, here: Standpoint) -> "sa.ColumnElement[str]":
        """Return the JSON of an object. Raises NotInSql."""
        return joined(self._object(selection, here))

    def _object(self, selection: Selection, here: Standpoint) -> "list[str | sa.ColumnElement[Any]]":
        pieces: list[str | sa.ColumnElement[Any]] = ["{"]
        for at, each in enumerate(selection):
            pieces.append(f'{"," if at else ""}"{each.key}":')
            pieces += self._field(each, here)
        return [*pieces, "}"]

    def _field(self, field: Known | Leaf | Words | Branch, here: Standpoint) -> "list[str | sa.ColumnElement[Any]]":
        match field:
            case Known():
                return [field.json]
            case Words():
                return [self._word(field, here)]
            case Leaf():
                return self._leaf(field, here)
            case Branch():
                question = self._form.question(field.question)
                return _BRANCHES[type(question)](self, field, question, here)

    def _word(self, field: Words, here: Standpoint) -> "sa.ColumnElement[str]":
        column = here.value(field.column).expression
        return sa.case(*((column == literal(word), literal(json)) for word, json in field.answers.items()))

    def _leaf(self, leaf: Leaf, here: Standpoint) -> "list[str | sa.ColumnElement[Any]]":
        def write(value: Value) -> "list[str | sa.ColumnElement[Any]]":
            plain = value.plain and leaf.spelling is Spelling.TEXT
            spelling = Spelling.WORD if plain else leaf.spelling
            return spelled(value.expression, spelling, many=leaf.many, nullable=value.nullable, required=leaf.required)

        match leaf.question:
            case ask.Attribute(name):
                return write(here.value(name))
            case ask.Identity():
                row = _row(here)
                return global_id(row.entity.name, row.table.c[row.entity.key or "id"])
            case ask.Computed(expression, nullable):
                row = _row(here)
                return write(Value(expression(row.table, self._visibility), nullable))
            case ask.Through(relation, column):
                target = relation.target.table.alias()
                value = OnRow(relation.target, target, self._visibility).value(column)
                text = sa.cast(joined(write(value)), sa.Text)
                return [or_null(self._related(relation, target, here, text), required=leaf.required)]
            case ask.Head():
                return ['"', head_cursor(), '"']
            case ask.OwnRoles():
                return write(Value(VIEWER_ROLES, nullable=False))
            case _:
                raise NotInSql(f"{leaf.key} is no single value")

    def one(self, field: Branch, entity: Entity, select: "Callable[[sa.FromClause, Any], Any]") -> Any:
        """Return the JSON of the one row of an entity that `select` chooses, or null."""
        table = entity.table.alias()
        json = self.object(_of(field, entity.name), OnRow(entity, table, self._visibility))
        return or_null(select(table, json), required=field.required)

    def _related(self, relation: Relation, target: sa.FromClause, here: Standpoint, json: Any) -> Any:
        """Return the scalar select of a row's one related row."""
        parent = _row(here).table.c[relation.parent_column]
        source, near = source_of(relation, target)
        chosen = (
            sa.select(json)
            .select_from(source)
            .where(*self._seen(relation, target, here), near == parent)
            .correlate_except(*_tables(source))
        )
        if relation.where is not None:
            chosen = chosen.where(relation.where(target))
        if relation.order is not None:
            columns = [target.c[term.column] for term in relation.order.terms]
            chosen = chosen.order_by(*sorting(columns, relation.order, backwards=False)).limit(sa.literal_column("1"))
        return chosen.scalar_subquery()

    def _seen(self, relation: Relation, target: sa.FromClause, here: Standpoint) -> "list[sa.ColumnElement[bool]]":
        ticket_seen = _row(here).entity is TICKET and relation.target.ticket == relation.target_column
        return relation.target.seen(target, self._visibility, ticket_seen=ticket_seen)

    def to_one(self, field: Branch, question: ask.ToOne, here: Standpoint) -> "list[str | sa.ColumnElement[Any]]":
        """Write the row a relation leads to."""
        relation = question.relation
        return [self.one(field, relation.target, lambda table, json: self._related(relation, table, here, json))]

    def to_all(self, field: Branch, question: ask.ToAll, here: Standpoint) -> "list[str | sa.ColumnElement[Any]]":
        """Write the whole list a relation leads to."""
        relation = question.relation
        target = relation.target.table.alias()
        chosen = self._children(relation, target, here, [self._list(field, relation, target)])
        return ["[", chosen.scalar_subquery(), "]"]

    def _list(self, field: Branch, relation: Relation, target: Any) -> "sa.ColumnElement[Any]":
        json = self.object(_of(field, relation.target.name), OnRow(relation.target, target, self._visibility))
        order = _ordered(relation)
        columns = [target.c[term.column] for term in order.terms]
        separated = aggregate_order_by(literal(","), *sorting(columns, order, backwards=False))
        return sa.func.string_agg(json, separated)

    def children(self, field: Branch, question: ask.Children, here: Standpoint) -> "list[str | sa.ColumnElement[Any]]":
        """Write a page of the rows a relation leads to."""
        relation = question.relation
        target = relation.target.table.alias()
        base = self._children(relation, target, here, list(target.c))
        total = self._children(relation, relation.target.table.alias("counted"), here, [sa.func.count()])
        return self._page(field, relation.target, base, _ordered(relation), question.window, total)

    def _children(self, relation: Relation, target: Any, here: Standpoint, columns: "list[Any]") -> "sa.Select[Any]":
        parent = _row(here).table.c[relation.parent_column]
        source, near = source_of(relation, target)
        chosen = (
            sa.select(*columns)
            .select_from(source)
            .where(*self._seen(relation, target, here), near == parent)
            .correlate_except(*_tables(source))
        )
        return chosen if relation.where is None else chosen.where(relation.where(target))

    def listing(self, field: Branch, question: ask.Listing, _here: Standpoint) -> "list[str | sa.ColumnElement[Any]]":
        """Write a page of an entity's rows."""
        entity = question.entity
        table = entity.table
        conditions = [*entity.seen(table, self._visibility), *conditions_of(question.wanted, self._visibility)]
        if question.own:
            self.for_technicians = True
            conditions.append(table.c.technician_id == VIEWER_TECHNICIAN)
        source: sa.FromClause = table
        columns: list[sa.ColumnElement[Any]] = list(table.c)
        if question.search is not None:
            source, relevance = found_by(question.search, self._visibility)
            columns.append(relevance)
        base = sa.select(*columns).select_from(source).where(*conditions).correlate(None)
        total = sa.select(sa.func.count()).select_from(source).where(*conditions).correlate(None)
        return self._page(field, entity, base, question.order, question.window, total, search=question.search)

    def _page(
        self,
        field: Branch,
        entity: Entity,
        base: "sa.Select[Any]",
        order: Order,
        window: Placed,
        total: Any,
        *,
        search: Search | None = None,
    ) -> "list[str | sa.ColumnElement[Any]]":
        selection = _of(field)
        page = OnPage(base, order, window, total=total.scalar_subquery(), with_info=_asks(selection, "page_info"))
        row = OnRow(entity, page.rows, self._visibility)
        snippet: Any = sa.cast(sa.null(), sa.Text)
        if search is not None:
            snippet = snippet_of(page.rows.c.id, search, self._visibility)
        values = {
            "cursor": Value(page.row_cursor(), nullable=False, plain=True),
            "snippet": Value(snippet, nullable=True),
        }
        edge = OnValues(values, {"node": _itself(row)})
        page.holds({"nodes": row, "edges": edge})
        return [_selected(self.object(selection, page), page)]

    def queue(
        self, field: Branch, question: ask.JobQueue | ask.QueueOfRow, here: Standpoint
    ) -> "list[str | sa.ColumnElement[Any]]":
        """Write a part of a technician's queue, which is for those who work here."""
        outside = self._visibility in {Visibility.OWN, Visibility.NOTHING}
        if isinstance(question, ask.QueueOfRow):
            if outside:
                return [literal("null")]
            return [self._queue(field, question.window, _row(here), day=question.day)]
        if outside:
            raise NotInSql("queues are for staff")
        entity = TECHNICIAN
        table = entity.table.alias()
        technician = OnRow(entity, table, self._visibility)
        if question.technician_id is None:
            self.for_technicians = True
        key = VIEWER_TECHNICIAN if question.technician_id is None else bound(question.technician_id)
        chosen = (
            sa.select(self._queue(field, question.window, technician, day=question.day))
            .where(*entity.seen(table, self._visibility), table.c.id == key)
            .correlate(None)
        )
        return [or_null(chosen.scalar_subquery(), required=field.required)]

    def _queue(
        self,
        field: Branch,
        window: Placed,
        technician: OnRow,
        territory_ids: Values | None = None,
        *,
        day: Day = None,
    ) -> Any:
        selection = _of(field)
        with_info = _asks(selection, "page_info")
        page, queue = on_queue(
            technician, window, self._visibility, with_info=with_info, territory_ids=territory_ids, day=day
        )
        return _selected(self.object(selection, queue), page)

    def board(self, field: Branch, question: ask.Board, _here: Standpoint) -> "list[str | sa.ColumnElement[Any]]":
        """Write a dispatch board, which is for dispatchers and up."""
        if self._visibility not in {Visibility.DISPATCH, Visibility.ADMINISTRATION}:
            raise NotInSql("the board is for dispatchers")
        return self._object(_of(field), OnBoard(question, self._visibility))

    def lane(self, field: Branch, question: ask.QueueOfLane, here: Standpoint) -> "list[str | sa.ColumnElement[Any]]":
        """Write a part of the queue in a lane of the board."""
        if not isinstance(here, OnLane):
            raise NotInSql("only a board has lanes")
        return [self._queue(field, question.window, here.technician, here.board.territory_ids)]

    def part(self, field: Branch, question: ask.Attribute, here: Standpoint) -> "list[str | sa.ColumnElement[Any]]":
        """Write an object, or a list of them, that the thing at hand has by name."""
        part = here.part(question.name)
        return part.wrapped(self._object(_of(field), part.standpoint))

    def composed(self, field: Branch, question: ask.Composed, here: Standpoint) -> "list[str | sa.ColumnElement[Any]]":
        """Write an object of columns; null unless every one is there."""
        values = {name: here.value(column) for name, column in question.columns.items()}
        known = {name: Value(value.expression, nullable=False) for name, value in values.items()}
        json = self._object(_of(field), OnValues(known))
        there = [value.expression.is_not(None) for value in values.values() if value.nullable]
        return [when(sa.and_(*there), joined(json), required=field.required)] if there else json

    def verdicts(self, field: Branch, question: ask.Verdicts, here: Standpoint) -> "list[str | sa.ColumnElement[Any]]":
        """Write an object of yes and no about the row."""
        source, verdicts = question.of(_row(here).table, self._visibility)
        known = {name: Value(verdict, nullable=False) for name, verdict in verdicts.items()}
        chosen = sa.select(self.object(_of(field), OnValues(known))).select_from(source)
        return [chosen.correlate_except(source).scalar_subquery()]

    def itself(self, field: Branch, _question: ask.Itself, _here: Standpoint) -> "list[str | sa.ColumnElement[Any]]":
        """Write an object that only holds other questions."""
        return self._object(_of(field), Nowhere())

    def own_row(self, field: Branch, question: ask.OwnRow, _here: Standpoint) -> "list[str | sa.ColumnElement[Any]]":
        """Write the viewer's own row."""
        return [self._by_key(field, question.entity, own(question.whose.value))]

    def own_all(self, field: Branch, question: ask.OwnAll, _here: Standpoint) -> "list[str | sa.ColumnElement[Any]]":
        """Write the whole list a relation leads to from the viewer's own id."""
        target = question.relation.target.table.alias()
        source, near = source_of(question.relation, target)
        seen = question.relation.target.seen(target, self._visibility)
        chosen = sa.select(self._list(field, question.relation, target)).select_from(source)
        chosen = chosen.where(*seen, near == own(question.whose.value)).correlate_except(*_tables(source))
        return ["[", chosen.scalar_subquery(), "]"]

    def by_key(self, field: Branch, question: ask.ByKey, _here: Standpoint) -> "list[str | sa.ColumnElement[Any]]":
        """Write the row with a key."""
        return [self._by_key(field, question.entity, bound(question.key))]

    def _by_key(self, field: Branch, entity: Entity, key: Any) -> Any:
        def chosen(table: sa.FromClause, json: Any) -> Any:
            seen = entity.seen(table, self._visibility)
            return (
                sa.select(json)
                .where(*seen, table.c[entity.key or "id"] == key)
                .correlate_except(table)
                .scalar_subquery()
            )

        return self.one(field, entity, chosen)

    def by_value(self, field: Branch, question: ask.ByValue, _here: Standpoint) -> "list[str | sa.ColumnElement[Any]]":
        """Write the row that a value points to."""
        relation = question.relation

        def chosen(table: sa.FromClause, json: Any) -> Any:
            seen = relation.target.seen(table, self._visibility)
            same = table.c[relation.target_column] == bound(question.value)
            return sa.select(json).where(*seen, same).correlate_except(table).scalar_subquery()

        return [self.one(field, relation.target, chosen)]

    def by_keys(self, field: Branch, question: ask.ByKeys, _here: Standpoint) -> "list[str | sa.ColumnElement[Any]]":
        """Write rows of several entities in the order of their keys, null where there is none."""
        if not question.entities:
            return ["[]"]
        asked = sa.func.unnest(array_of(question.kinds, sa.Text()), array_of(question.keys, Uuid)).table_valued(
            "kind", sa.column("key", Uuid), with_ordinality="at", name="asked"
        )
        asked = asked.render_derived()
        # The list must be there, and each of its rows need not.
        one = replace(field, required=False)
        rows = [
            (asked.c.kind == literal(entity.name), self._by_key(one, entity, asked.c.key))
            for entity in question.entities
        ]
        separated = aggregate_order_by(literal(","), asked.c.at)
        chosen = sa.select(sa.func.string_agg(sa.case(*rows), separated)).select_from(asked).correlate(None)
        return ["[", chosen.scalar_subquery(), "]"]


_BRANCHES: "Mapping[type, Callable[..., list[str | sa.ColumnElement[Any]]]]" = MappingProxyType(
    {
        ask.Attribute: Writer.part,
        ask.Composed: Writer.composed,
        ask.Verdicts: Writer.verdicts,
        ask.Itself: Writer.itself,
        ask.OwnRow: Writer.own_row,
        ask.OwnAll: Writer.own_all,
        ask.ToOne: Writer.to_one,
        ask.ToAll: Writer.to_all,
        ask.Children: Writer.children,
        ask.ByKey: Writer.by_key,
        ask.ByValue: Writer.by_value,
        ask.ByKeys: Writer.by_keys,
        ask.Listing: Writer.listing,
        ask.JobQueue: Writer.queue,
        ask.QueueOfRow: Writer.queue,
        ask.Board: Writer.board,
        ask.QueueOfLane: Writer.lane,
    }
)
