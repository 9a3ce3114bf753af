"""A read as one statement: its SQL, and where each of its parameters comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler

from app.domain.people import Actor
from app.domain.policy import Visibility
from app.reads.selection import Form, Selection
from app.reads.statement.pieces import literal
from app.reads.statement.standpoints import Nowhere
from app.reads.statement.writer import Writer
from app.reads.viewers import VALUES

_DIALECT = dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves its dialects untyped


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A statement whose one value is the response's data as JSON in UTF-8.

    `names` are its parameters in order: values of the request, of the viewer, or of the process.
    With `for_technicians` it answers only viewers who are one.
    """

    sql: str
    names: tuple[str, ...]
    for_technicians: bool

    def arguments(self, actor: Actor, values: Mapping[str, Any], shared: Mapping[str, Any]) -> list[Any]:
        """Return the parameters' values; `shared` are the process's own, which may need the viewer."""
        return [values[name] if name in values else _of(actor, name, shared) for name in self.names]

    @property
    def reads_viewer(self) -> bool:
        """Tell whether two viewers of one class and organisation may be answered differently."""
        return any(name.startswith("viewer_") for name in self.names)


def _of(actor: Actor, name: str, shared: Mapping[str, Any]) -> Any:
    value = VALUES.get(name)
    if value is not None:
        return value(actor)
    found = shared[name]
    return found(actor) if callable(found) else found


def make_plan(selection: Selection, form: Form, visibility: Visibility) -> Plan:
    """Return the plan of an operation for a class of viewers. Raises NotInSql."""
    writer = Writer(form, visibility)
    json = writer.object(selection, Nowhere())
    statement = sa.select(sa.func.convert_to(json, literal("UTF8")))
    compiled = _with_constants(statement).compile(dialect=_DIALECT)
    if not isinstance(compiled, SQLCompiler):
        raise TypeError("a select compiles to SQL")
    given = {name: None for name, bind in compiled.binds.items() if bind.required}
    expanded = compiled.construct_expanded_state(given)
    return Plan(sql=expanded.statement, names=tuple(expanded.positiontup or ()), for_technicians=writer.for_technicians)


def _with_constants(statement: "sa.Select[Any]") -> "sa.Select[Any]":
    """Write what is known beforehand into the text: only so can partial indexes be used."""

    def constant(bind: "sa.BindParameter[Any]") -> None:
        if not bind.required:
            bind.literal_execute = True

    replaced: sa.Select[Any] = visitors.cloned_traverse(statement, {}, {"bindparam": constant})
    return replaced
