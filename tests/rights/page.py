"""Writes the table of rights as a page for people."""

from collections.abc import Iterable, Sequence

from app.domain.people import Role
from tests.rights.table import Case, Reach, mutations, queries, subscriptions, table

_BEGINNING = """# Rights

What each role sees and may do. Nobody sees or changes anything of another organisation: what is theirs is not there,
by whatever id, list, search, count, file or stream. A row that one may see but not act on is FORBIDDEN, one that cannot
be seen is NOT_FOUND. `viewerCan` and `availableTransitions` say to clients what of this holds for one ticket.

Made by `make generate` from the table in `tests/rights/declared`, which `make rights` holds the server against:
every field and mutation, as every role, of one's own, of others', and of another organisation's.

How far a role reaches:

| word | what it takes in |
|---|---|
| - | nothing |
| asked | what the user asked for: tickets of which they are the requester, what they wrote, sent or joined themselves |
| ours | what belongs to a customer that the user belongs to |
| own | asked and ours |
| job | what the user is the technician of, or was the last technician of |
| active | the same while the job is active |
| all | everything of the organisation |"""


def page() -> str:
    """Return the page."""
    parts = [_BEGINNING, _heading("Rows", "A row is seen, and is counted and found, by these.")]
    parts += _lines("type", _rows())
    parts.append(
        _heading("Fields", "Whoever sees a row sees its fields, and what they lead to as far as they see that; but:")
    )
    parts += _lines("field", _narrower())
    parts.append(_heading("Queries and subscriptions", "Lists hold the rows that one sees. Of what is no row:"))
    parts += _lines("field", _roots())
    parts.append(_heading("Mutations", "Of the thing that is named in brackets, where it is about one."))
    parts += _lines("mutation", ((_call(case), case.by) for case in mutations()))
    return "\n".join(parts).rstrip() + "\n"


def _heading(title: str, text: str) -> str:
    return f"\n## {title}\n\n{text}\n"


def _lines(first: str, said: Iterable[tuple[str, Reach]]) -> Sequence[str]:
    head = f"| {first} | {' | '.join(Role)} |"
    return [head, "|---" * (len(Role) + 1) + "|", *(f"| {name} | {_cells(reach)} |" for name, reach in said)]


def _cells(reach: Reach) -> str:
    return " | ".join(reach.words[role].replace("+", ", ") for role in Role)


def _rows() -> Iterable[tuple[str, Reach]]:
    for name, kind in table().kinds.items():
        if kind.rows is not None:
            yield name, kind.rows
        for variant, reach in kind.kinds.items():
            yield f"{name}, {variant}", reach


def _narrower() -> Iterable[tuple[str, Reach]]:
    for name, kind in table().kinds.items():
        for field, reach in kind.narrower.items():
            yield f"`{name}.{field}`", reach


def _roots() -> Iterable[tuple[str, Reach]]:
    for root in queries():
        if root.shows is not None:
            yield f"query `{root.name}`{_of(root.of)}", root.by
    for root in subscriptions():
        yield f"subscription `{root.name}`{_of(root.of)}", root.by


def _call(case: Case) -> str:
    words = f", {case.words}" if case.words else ""
    return f"`{case.operation}`{_of(case.of)}{words}"


def _of(name: str | None) -> str:
    return "" if name is None else f" ({name.partition('.')[0]})"
