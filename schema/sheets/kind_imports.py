"""Takes technicians, customers and parts: what is there is changed, what is not is created, all of it or none."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from app.domain.people import Actor, ApiKeyScope
from app.domain.policy import Standing, may
from app.domain.refusals import Forbidden
from app.services.administration.saying import camel
from app.services.imports.importing import ImportLines, check_lines, done_of, import_lines
from app.services.imports.lines import Done, Line, Outcome, RefusedLine
from app.services.perform import Written
from resolvers.context import Operation
from schema.ids import global_id
from schema.mutations.writing import to_the_end
from schema.sheets.gate import Gate
from schema.sheets.imports import Imports
from schema.sheets.kinds import Kind


class KindImports(Imports[Line]):
    """Takes rows of a kind, and tells of each line what came of it, or would."""

    def __init__(self, gate: Gate, counted: Callable[[str], None], kind: Kind) -> None:
        super().__init__(gate, counted, kind.layout, opened_by=ApiKeyScope.ADMINISTER)
        self._kind = kind

    def _check_right(self, actor: Actor) -> None:
        kept = self._kind.importable.kept
        if not may(actor, kept.right, Standing()):
            raise Forbidden(action=f"change {kept.many}")

    async def _check(
        self, operation: Operation, good: tuple[Line, ...]
    ) -> tuple[Sequence[RefusedLine], dict[str, Any]]:
        checked = await check_lines(
            operation.process.writer, operation.actor, self._kind.importable, ImportLines(lines=good)
        )
        rows = [{**self._row(each), "changes": self._columns(each)} for each in checked.done]
        return checked.refused, {**_counted(checked.done), "rows": rows, "warnings": list(checked.warnings)}

    async def _write(
        self, operation: Operation, good: tuple[Line, ...], key: str | None
    ) -> tuple[Written, dict[str, Any]]:
        command = ImportLines(lines=good, idempotency_key=key)
        writing = import_lines(operation.process.writer, operation.actor, self._kind.importable, command)
        written = await to_the_end(operation, writing)
        done = done_of(written)
        rows = [{**self._row(each), "id": global_id(self._kind.type, each.id)} for each in done]
        return written, {**_counted(done), "rows": rows, "warnings": list(written.warnings)}

    def _row(self, done: Done) -> dict[str, Any]:
        return {"line": done.number, "outcome": done.outcome}

    def _columns(self, done: Done) -> list[str]:
        """Return what is new of a row by the columns of the file."""
        layout = self._kind.layout
        names = [layout.places.get(camel(name), camel(name)) for name in done.differing]
        return [column for column in layout.columns if column in names]


def _counted(done: Sequence[Done]) -> dict[str, int]:
    counts = Counter(each.outcome for each in done)
    return {outcome.lower(): counts[outcome] for outcome in Outcome}
