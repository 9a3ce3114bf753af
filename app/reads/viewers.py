"""The viewer as SQL sees them: bound parameters, never part of a statement's text.

A statement's text depends on the viewer's visibility class alone, so plans can be shared.
"""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from app.db.tables.base import Moment, Uuid
from app.domain.people import Actor, Role
from app.domain.policy import Action, Scope, Standing, may, scopes

ORGANIZATION = sa.bindparam("organization_id", type_=Uuid)
VIEWER_USER = sa.bindparam("viewer_user_id", type_=Uuid)
VIEWER_TECHNICIAN = sa.bindparam("viewer_technician_id", type_=Uuid)
VIEWER_CUSTOMERS = sa.bindparam("viewer_customer_ids", type_=sa.ARRAY(Uuid))
VIEWER_ROLES = sa.bindparam("viewer_roles", type_=sa.ARRAY(sa.Text))
# Whether the viewer may assign a ticket to a technician of their team, or to themselves.
ASSIGNS = sa.bindparam("viewer_assigns", type_=sa.Boolean)
ASSIGNS_SELF = sa.bindparam("viewer_assigns_self", type_=sa.Boolean)
# The time by the process's clock; what is asked with it is no viewer's alone.
NOW = sa.bindparam("now", type_=Moment)


def own(name: str) -> "sa.BindParameter[Any]":
    """Return the parameter with the viewer's own id of this name."""
    return sa.bindparam(name, type_=Uuid)


def reaches(action: Action, scope: Scope) -> "sa.BindParameter[bool]":
    """Return the parameter that tells whether one of the viewer's roles may do this so far."""
    return sa.bindparam(_reach_name(action, scope), type_=sa.Boolean)


def parameters(actor: Actor) -> dict[str, Any]:
    """Return the values of the parameters by which rows and columns are shown or hidden."""
    return {name: value(actor) for name, value in _PARAMETERS.items()}


def _assigns(actor: Actor) -> bool:
    return may(actor, Action.ASSIGN_TICKET, Standing(target_team_id=actor.team_id))


def _assigns_self(actor: Actor) -> bool:
    towards_self = Standing(target_technician_id=actor.technician_id, target_team_id=actor.team_id)
    return actor.technician_id is not None and may(actor, Action.ASSIGN_TICKET, towards_self)


def _reaches(action: Action, scope: Scope, actor: Actor) -> bool:
    return scope in scopes(actor, action)


def _reach_name(action: Action, scope: Scope) -> str:
    return f"viewer_reaches_{action.lower()}_{scope.lower()}"


_PARAMETERS: Mapping[str, Callable[[Actor], Any]] = MappingProxyType(
    {
        "organization_id": lambda actor: actor.organization_id,
        "viewer_user_id": lambda actor: actor.user_id,
        "viewer_technician_id": lambda actor: actor.technician_id,
        "viewer_customer_ids": lambda actor: sorted(actor.customer_ids),
        _reach_name(Action.MANAGE_API_KEYS, Scope.ALL): partial(_reaches, Action.MANAGE_API_KEYS, Scope.ALL),
    }
)
# Every parameter that a statement may have, by its name.
VALUES: Mapping[str, Callable[[Actor], Any]] = MappingProxyType(
    {
        **_PARAMETERS,
        "viewer_roles": lambda actor: [role.value for role in Role if role in actor.roles],
        "viewer_assigns": _assigns,
        "viewer_assigns_self": _assigns_self,
        **{
            _reach_name(action, scope): partial(_reaches, action, scope)
            for action in Action
            for scope in Scope
            if scope is not Scope.NONE
        },
    }
)
