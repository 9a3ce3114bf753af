"""How `fieldgraph organization erasures` tells of erasures: keys, words and times, and nobody's name."""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from app.cli.console import results
from app.services.privacy.erasing.listing import ErasureState, ListedErasure

USUALLY_LISTED, MOST_LISTED = 50, 1000


def tell_erasures(found: Sequence[ListedErasure], *, more: bool, as_json: bool) -> None:
    """Print a part of the list, and after which one to go on if there is `more`."""
    following = str(found[-1].id) if more else None
    if as_json:
        results.print(orjson.dumps({"erasures": [_object(each) for each in found], "after": following}).decode())
        return
    if not found:
        results.print("Nobody's data was erased.")
        return
    for line in _table(found):
        results.print(line)
    if following is not None:
        results.print(f"There are more: --after {following}")


def _object(each: ListedErasure) -> dict[str, Any]:
    return {
        "id": str(each.id),
        "kind": each.kind,
        "subject": str(each.subject_id),
        "reason": each.reason,
        "erasedAt": each.erased_at,
        "erasedBy": None if each.erased_by is None else str(each.erased_by),
        "change": str(each.change_id),
        "state": each.state,
        "filesWaiting": each.files_waiting,
    }


def _table(found: Sequence[ListedErasure]) -> Iterator[str]:
    """Yield lines whose columns stand below each other, however wide the terminal is: a key that is cut is none."""
    rows = [("erased at (UTC)", "kind", "subject", "reason", "erased by", "state"), *map(_row, found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _row(each: ListedErasure) -> tuple[str, ...]:
    return (
        f"{each.erased_at:%Y-%m-%d %H:%M:%S}",
        each.kind,
        str(each.subject_id),
        each.reason,
        "-" if each.erased_by is None else str(each.erased_by),
        f"{each.files_waiting} files wait" if each.state is ErasureState.FILES_WAIT else "done",
    )
