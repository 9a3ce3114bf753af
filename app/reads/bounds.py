"""How large what is asked for may be: filters nest and list only so much."""

from dataclasses import fields
from typing import Any, TypeVar

from app.domain.refusals import Invalid
from app.reads.slots import Asked

DEEPEST = 5
LONGEST = 100

# As clients know them, where that is another name.
_NAMES = {
    "all_of": "and",
    "any_of": "or",
    "none_of": "not",
    "assignee": "assigneeId",
    "team": "teamId",
    "customer": "customerId",
    "requester": "requesterId",
    "asset": "assetId",
    "territory": "territoryId",
    "technician": "technicianId",
    "ticket": "ticketId",
    "escalation_count": "escalationCount",
    "skill_ids": "skillIds",
    "territory_ids": "territoryIds",
    "in_": "in",
}

A = TypeVar("A", bound=Asked | None)


def bounded(wanted: A) -> A:
    """Return the filter.

    Raises:
        Invalid: it nests deeper than five, lists more than 100 values, or has a text that no row can have.
    """
    if wanted is not None:
        _check(wanted, type(wanted), 1, ())
    return wanted


def _check(thing: Any, nesting: type, depth: int, path: tuple[str, ...]) -> None:
    if depth > DEEPEST:
        raise Invalid(field=("filter",), problem=f"A filter nests at most {DEEPEST} deep.")
    for each in fields(thing):
        value = getattr(thing, each.name)
        name = _NAMES.get(each.name, each.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Asked):
                _check(part, nesting, depth + isinstance(part, nesting), (*path, name))
            elif isinstance(part, str) and "\x00" in part:
                # The database has no such text, and an error there would end the whole look.
                raise Invalid(field=("filter", *path, name), problem=f"{name} must not contain the NUL character.")
        if isinstance(value, tuple) and len(value) > LONGEST:
            raise Invalid(field=("filter", *path, name), problem=f"{name} lists at most {LONGEST} values.")
