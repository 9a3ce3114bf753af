"""Which part of a ticket's history."""

import re
from collections.abc import Sequence

import strawberry

from app.domain.refusals import Invalid
from app.reads.bounds import LONGEST
from app.reads.history import HistoryFilter
from schema.changes import columns_of
from schema.enums import EventType
from schema.inputs.filters import DateTimeFilter, IDFilter

_NAME = re.compile(r"[a-z][A-Za-z0-9]{0,62}")


@strawberry.input(description="Narrows a ticket's history; everything given must hold.")
class AuditFilter:
    """Narrows a ticket's history."""

    fields: list[str] | None = strawberry.field(
        default=None, description="Of these fields, by the names that entries give; at most 100."
    )
    actor_id: IDFilter | None = strawberry.field(
        default=None, description="By who did it; null: true finds what the server did."
    )
    occurred_at: DateTimeFilter | None = strawberry.field(default=None, description="By when it happened.")
    recorded_at: DateTimeFilter | None = strawberry.field(default=None, description="By when the server heard of it.")

    def wanted(self) -> HistoryFilter:
        """Return the filter. Raises Invalid for names that no field has, long lists, ids of another type."""
        actor = None if self.actor_id is None else self.actor_id.keys("User", "actorId")
        if actor is not None:
            _short(actor.in_, "filter", "actorId", "in")
            _short(actor.nin, "filter", "actorId", "nin")
        _short(self.fields, "filter", "fields")
        for field in self.fields or ():
            if _NAME.fullmatch(field) is None:
                problem = "fields must be names of fields as entries give them, such as priority."
                raise Invalid(field=("filter", "fields"), problem=problem)
        columns = None if self.fields is None else tuple(each for field in self.fields for each in columns_of(field))
        return HistoryFilter(
            fields=columns,
            actor=actor,
            occurred_at=None if self.occurred_at is None else self.occurred_at.moments(),
            recorded_at=None if self.recorded_at is None else self.recorded_at.moments(),
        )


def of_types(types: Sequence[EventType] | None) -> tuple[EventType, ...] | None:
    """Return the types to show. Raises Invalid for more than 100."""
    _short(types, "types")
    return None if types is None else tuple(types)


def _short(given: Sequence[object] | None, *field: str) -> None:
    if given is not None and len(given) > LONGEST:
        raise Invalid(field=field, problem=f"{field[-1]} lists at most {LONGEST} values.")
