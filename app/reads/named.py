"""What lists of customers, assets and parts can be narrowed by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from app.db.tables.customers import assets, customers, parts
from app.reads.slots import Asked, bound


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFilter(Asked):
    """Those whose name, or what else they go by, is like the pattern, in capitals or not; all given must hold."""

    like: str | None = None
    active: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFilter(NamedFilter):
    """Customers by name or external id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetFilter(NamedFilter):
    """Assets by name or external id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFilter(NamedFilter):
    """Parts by name or number."""


_GO_BY: "Mapping[type[NamedFilter], sa.Column[Any]]" = MappingProxyType(
    {CustomerFilter: customers.c.external_id, AssetFilter: assets.c.external_id, PartFilter: parts.c.part_number}
)


def of_named(wanted: NamedFilter) -> "Iterable[sa.ColumnElement[bool]]":
    """Yield the conditions of a filter of what has a name."""
    other = _GO_BY[type(wanted)]
    of = other.table.c
    if wanted.like is not None:
        yield of.name.ilike(bound(wanted.like)) | other.ilike(bound(wanted.like))
    if wanted.active is not None:
        yield of.active.is_(wanted.active)
