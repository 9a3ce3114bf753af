"""How values stand in cells: as the schema spells them."""

from typing import Any

from app.domain.sheets import Cell, joined
from app.reads.exporting import Column, Content
from schema.ids import global_id
from schema.scalars import spell_moment


def cell_of(column: Column, value: Any) -> Cell:
    """Return what stands in a column's cell: ids as global ones, moments as RFC 3339, None where there is nothing."""
    if value is None:
        return None
    match column.content:
        case Content.KEY:
            return global_id(column.kind or "", value)
        case Content.MOMENT:
            return spell_moment(value)
        case Content.TEXTS:
            return joined(value)
        case Content.NUMBER:
            number: int | float = value
            return number
        case Content.SWITCH:
            return "true" if value else "false"
        case Content.TEXT | Content.JSON:
            return str(value)
