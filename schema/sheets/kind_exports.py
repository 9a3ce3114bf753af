"""Gives all technicians, customers or parts as one file, to be changed and taken in again."""

from collections.abc import AsyncGenerator, Callable

from app.db.engine import Engine
from app.domain.people import Actor
from app.domain.policy import Visibility, visibility_class
from app.domain.refusals import Forbidden
from app.reads.exporting_kinds import exported_rows
from app.reads.reader import Reader
from resolvers.context import Process
from schema.sheets.exports import CSV, Exports, File, lines
from schema.sheets.gate import Gate
from schema.sheets.kinds import Kind
from schema.sheets.parameters import begins_with_mark


class KindExports(Exports):
    """Gives every row of a kind to MANAGER and ADMIN, who may change them."""

    def __init__(self, engine: Engine, gate: Gate, counted: Callable[[str], None], kind: Kind) -> None:
        super().__init__(engine, gate, counted)
        self._kind = kind

    async def _asked(self, query_string: bytes, actor: Actor, process: Process) -> File:
        # A key that may only export changes nothing.
        if visibility_class(actor) is not Visibility.ADMINISTRATION:
            raise Forbidden(action=f"export {self._kind.many}")
        with_mark = begins_with_mark(query_string)

        def pieces(reader: Reader) -> AsyncGenerator[bytes, None]:
            rows = exported_rows(reader, self._kind.exportable)
            return lines(self._kind.exportable.columns, rows, begins_with_mark=with_mark)

        return File(name=f"{self._kind.many}-{process.clock():%Y-%m-%d}.csv", content_type=CSV, pieces=pieces)
