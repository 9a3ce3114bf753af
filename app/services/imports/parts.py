"""Parts come in; they are told apart by their numbers."""

from collections.abc import Sequence
from types import MappingProxyType

from app.domain import validation
from app.domain.events import FieldChange
from app.services.administration.parts import MOST_STOCK, PART, reserved_of, too_few
from app.services.administration.saying import Row
from app.services.change import Change
from app.services.imports.importing import Importable
from app.services.imports.lines import Drafted, Line
from app.services.imports.saying import draft_lines, of_row

# As createPart has them.
_DEFAULTS: Row = MappingProxyType({"stock": 0, "currency": "EUR", "active": True})
_WHY = FieldChange(field="reason", old=None, new="Counted, as a file of parts says")


async def _draft(change: Change, lines: Sequence[Line], lock: bool) -> Drafted:
    drafted = await draft_lines(PART, "part_number", change, lines, _said, defaults=_DEFAULTS, lock=lock)
    counted = {each.id: each.number for each in drafted.done if "stock" in each.differing}
    reserved = await reserved_of(change, counted)
    for id_, quantity in reserved.items():
        warning = too_few(change.rows[PART.table.name, id_]["stock"], quantity)
        if warning is not None:
            drafted.warnings.append((counted[id_], warning))
    return drafted


def _said(line: Line, before: Row | None) -> tuple[Row, tuple[FieldChange, ...]]:
    """Take a stock that differs for one that was counted, as adjustStock does. Raises Invalid."""
    values = of_row(line)
    stock = values.get("stock")
    if before is None or stock is None or stock == before["stock"]:
        return values, ()
    return {**values, "stock": validation.number(stock, ("stock",), least=0, most=MOST_STOCK)}, (_WHY,)


PARTS = Importable(kept=PART, drafting=_draft)
