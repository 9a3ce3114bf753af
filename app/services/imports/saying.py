"""What lines say of rows, made whole: drafts under the rules of the mutations."""

from collections.abc import Callable, Sequence
from typing import Any

from app.domain.events import FieldChange
from app.domain.refusals import Invalid, Refusals
from app.services.administration.drafting import Draft, draft_change, draft_new
from app.services.administration.keeping import expect
from app.services.administration.saying import Kept, Row, camel
from app.services.change import Change
from app.services.imports.finding import Once, find
from app.services.imports.lines import Drafted, Line, one_by_one

# What a line says of a row, by its columns and lists, once names are looked up; and what is told with it.
Saying = Callable[[Line, Row | None], tuple[Row, tuple[FieldChange, ...]]]
_OF_LINE = frozenset({"id", "version"})


async def draft_lines(
    kept: Kept, key: str, change: Change, lines: Sequence[Line], saying: Saying, *, defaults: Row, lock: bool
) -> Drafted:
    """Return the drafts of a kind whose rows are told apart by a column; new ones in the order of it."""
    found, once = await find(kept, key, change, lines, lock=lock), Once(kept)
    drafts: list[Draft] = []
    drafted = Drafted(writes=[(kept, drafts)])
    async for line in one_by_one(lines):
        with drafted.refusing(line):
            before = found.of(line)
            values, more = saying(line, before)
            if before is None:
                draft = await draft_new(kept, change, completed(kept, values, defaults))
            else:
                once.check(line, before, camel(key))
                draft = await draft_update(kept, change, before, line, values, *more)
            drafts.append(draft)
            drafted.note(line, draft)
    drafts.sort(key=lambda draft: draft.after[key] or "")
    return drafted


async def draft_update(kept: Kept, change: Change, before: Row, line: Line, values: Row, *more: FieldChange) -> Draft:
    """Return what a line makes of a row; its version is looked at only where something is new.

    Raises:
        StaleVersion: the row has another version than the line was made from.
        Refusals: what must be there is to be cleared.
        Invalid, NotFound: as `draft_change`.
    """
    empty = [camel(each.name) for each in kept.said if each.needed and values.get(each.name, each) is None]
    if empty:
        why = "must not be empty; leave the column out to keep it."
        raise Refusals(tuple(Invalid(field=(path,), problem=f"{path} {why}") for path in empty))
    draft = await draft_change(kept, change, before, values, *more)
    if draft.differing:
        expect(kept, before, line.values.get("version"))
    return draft


def completed(kept: Kept, values: Row, defaults: Row) -> Row:
    """Return what a new row is to say, with defaults where it says nothing. Raises Invalid where there is none."""
    said = {**defaults, **{name: value for name, value in values.items() if value is not None or name not in defaults}}
    for each in kept.said:
        if each.needed and said.get(each.name) is None:
            path = camel(each.name)
            raise Invalid(field=(path,), problem=f"{path} must be given for a new {kept.words}.")
    return said


def of_row(line: Line) -> dict[str, Any]:
    """Return what a line says of its row, without what it finds it by."""
    return {name: value for name, value in line.values.items() if name not in _OF_LINE}
