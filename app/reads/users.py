"""What lists of users can be narrowed by."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from app.db.tables.people import users
from app.domain.people import Role
from app.domain.policy import Visibility
from app.reads.entities import USER
from app.reads.slots import Asked, array_of, bound


@dataclass(frozen=True, slots=True, kw_only=True)
class UserFilter(Asked):
    """Users whose name or address is like the pattern, in capitals or not, with one of the roles; all must hold."""

    like: str | None = None
    roles: tuple[Role, ...] | None = None
    active: bool | None = None


def of_users(wanted: UserFilter, visibility: Visibility) -> "Iterable[sa.ColumnElement[bool]]":
    """Yield the conditions of a user filter; nobody finds by an address whoever's address they may not see."""
    of = users.c
    if wanted.like is not None:
        shown = USER.shown(users, "email", visibility)
        seen = shown.element if isinstance(shown, sa.Label) else shown
        yield of.name.ilike(bound(wanted.like)) | sa.cast(seen, sa.Text).ilike(bound(wanted.like))
    if wanted.roles is not None:
        yield of.roles.op("&&", is_comparison=True)(array_of(wanted.roles, sa.Text()))
    if wanted.active is not None:
        yield of.active.is_(wanted.active)
