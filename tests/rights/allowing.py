"""Takes the policy away: everybody may do everything, and no statement asks whose a row is."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from app.domain import policy
from app.domain.policy import Scope, Visibility
from app.reads.entities import Entity


@contextmanager
def everything_allowed(*, whose: bool = True) -> Iterator[None]:
    """Let everybody of an organisation do and see everything of it; without `whose` not even that is asked in reads.

    Whatever was made for a class of viewers before is made anew, within and after.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(policy, "_reach", lambda _actor, _action: frozenset(Scope) - {Scope.NONE})
        patch.setattr(policy, "_covers", lambda _scope, _actor, _standing: True)
        patch.setattr(policy, "_visibility_of", lambda _roles: Visibility.ADMINISTRATION)
        seen = Entity.seen

        def only_whose(entity: Entity, table: sa.FromClause, *_: Any, **__: Any) -> "list[sa.ColumnElement[bool]]":
            return seen(entity, table, Visibility.ADMINISTRATION, ticket_seen=True)[:1] if whose else [sa.true()]

        patch.setattr(Entity, "seen", only_whose)
        patch.setattr(Entity, "shown", lambda _entity, table, column, _visibility: table.c[column])
        _forget_statements()
        yield
    _forget_statements()


def _forget_statements() -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith("app.reads"):
            for value in list(vars(module).values()):
                forget = getattr(value, "cache_clear", None)
                if forget is not None and getattr(value, "__module__", "") == name:
                    forget()
