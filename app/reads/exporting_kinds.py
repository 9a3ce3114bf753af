"""Whole lists of technicians, customers and parts as tables: the columns by which they come in again."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.db.cursors import fetch_rows, open_cursor
from app.db.tables.customers import customer_users, customers
from app.db.tables.organizations import skills, territories
from app.db.tables.people import technician_skills, technician_territories, technicians, users
from app.domain.policy import Visibility
from app.reads import entities
from app.reads.entities import Entity
from app.reads.exporting import Column, Content
from app.reads.reader import Reader
from app.reads.viewers import parameters

# Customers may have thousands of characters of addresses each.
ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Exportable:
    """A kind of row, the columns of its table, and by which column it is sorted."""

    entity: Entity
    columns: Sequence[Column]
    sorted_by: str


async def exported_rows(reader: Reader, exportable: Exportable) -> AsyncGenerator[Sequence[Sequence[Any]], None]:
    """Yield every row that the viewer sees, some at a time, of one snapshot; values in the order of the columns."""
    table, visibility = exportable.entity.table, reader.visibility
    query = (
        sa.select(*(column.value(visibility).label(column.name) for column in exportable.columns))
        .where(*exportable.entity.seen(table, visibility))
        .order_by(table.c[exportable.sorted_by], table.c.id)
    )
    await reader.run(open_cursor, query, parameters(reader.actor))
    while rows := await reader.run(fetch_rows, ROWS_AT_ONCE):
        yield rows


def _own(entity: Entity, name: str, column: str, content: Content = Content.TEXT) -> Column:
    return Column(name=name, content=content, value=lambda visibility: entity.shown(entity.table, column, visibility))


def _id(entity: Entity) -> Column:
    return Column(name="id", content=Content.KEY, kind=entity.name, value=lambda _: entity.table.c.id)


def _other(
    name: str, of: Entity, to: Entity, column: str, same: tuple[str, str], content: Content = Content.TEXT
) -> Column:
    """Return a column of another row, which is found by a column here and one there that are the same."""
    ours, theirs = same

    def value(visibility: Visibility) -> "sa.ColumnElement[Any]":
        there = to.table.alias()
        return (
            sa.select(to.shown(there, column, visibility))
            .where(*to.seen(there, visibility), there.c[theirs] == of.table.c[ours])
            .correlate(of.table)
            .scalar_subquery()
        )

    return Column(name=name, content=content, value=value)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lines:
    """Rows of a table of their own that belong to a row by one column and name another by a second."""

    lines: sa.Table
    owner: sa.Table
    by: str
    to: sa.Table
    names: str

    def column(self, name: str, spelled: "sa.ColumnElement[Any]", *where: "sa.ColumnElement[bool]") -> Column:
        """Return a column with the list of them, each spelled so, in that order."""
        line, mine = self.lines.c, self.owner.c.organization_id
        query = (
            sa.select(sa.func.array_agg(aggregate_order_by(spelled, spelled)))
            .select_from(self.lines)
            .where(line.organization_id == mine, line[self.by] == self.owner.c.id)
            .where(self.to.c.organization_id == mine, self.to.c.id == line[self.names], *where)
            .correlate(self.owner)
            .scalar_subquery()
        )
        return Column(name=name, content=Content.TEXTS, value=lambda _: query)


_skill = sa.func.concat_ws(
    ":", skills.c.code, technician_skills.c.level, sa.func.to_char(technician_skills.c.expires_on, "YYYY-MM-DD")
)
_TECHNICIAN, _CUSTOMER, _PART = entities.TECHNICIAN, entities.CUSTOMER, entities.PART
_OF_USER = ("user_id", "id")
_SKILLS = _Lines(lines=technician_skills, owner=technicians, by="technician_id", to=skills, names="skill_id")
_TERRITORIES = _Lines(
    lines=technician_territories, owner=technicians, by="technician_id", to=territories, names="territory_id"
)
_USERS = _Lines(lines=customer_users, owner=customers, by="customer_id", to=users, names="user_id")

TECHNICIANS = Exportable(
    entity=_TECHNICIAN,
    sorted_by="id",
    columns=(
        _id(_TECHNICIAN),
        _own(_TECHNICIAN, "externalId", "external_id"),
        _other("email", _TECHNICIAN, entities.USER, "email", _OF_USER),
        _other("name", _TECHNICIAN, entities.USER, "name", _OF_USER),
        _other("team", _TECHNICIAN, entities.TEAM, "name", ("team_id", "id")),
        _other("tier", _TECHNICIAN, entities.ESCALATION_TIER, "code", ("tier_level", "level")),
        _other("mainSkill", _TECHNICIAN, entities.SKILL, "code", ("main_skill_id", "id")),
        _SKILLS.column("skills", _skill),
        _TERRITORIES.column("territories", territories.c.name),
        _own(_TECHNICIAN, "yearsExperience", "years_experience", Content.NUMBER),
        _own(_TECHNICIAN, "homeLatitude", "home_latitude", Content.NUMBER),
        _own(_TECHNICIAN, "homeLongitude", "home_longitude", Content.NUMBER),
        _own(_TECHNICIAN, "active", "active", Content.SWITCH),
        _own(_TECHNICIAN, "version", "version", Content.NUMBER),
        _other("userVersion", _TECHNICIAN, entities.USER, "version", _OF_USER, content=Content.NUMBER),
    ),
)
CUSTOMERS = Exportable(
    entity=_CUSTOMER,
    sorted_by="name",
    columns=(
        _id(_CUSTOMER),
        _own(_CUSTOMER, "externalId", "external_id"),
        _own(_CUSTOMER, "name", "name"),
        _own(_CUSTOMER, "tier", "tier"),
        _own(_CUSTOMER, "latitude", "latitude", Content.NUMBER),
        _own(_CUSTOMER, "longitude", "longitude", Content.NUMBER),
        _own(_CUSTOMER, "address", "address"),
        _USERS.column("userEmails", users.c.email, users.c.email.is_not(None)),
        _own(_CUSTOMER, "active", "active", Content.SWITCH),
        _own(_CUSTOMER, "version", "version", Content.NUMBER),
    ),
)
PARTS = Exportable(
    entity=_PART,
    sorted_by="part_number",
    columns=(
        _id(_PART),
        _own(_PART, "partNumber", "part_number"),
        _own(_PART, "name", "name"),
        _own(_PART, "stock", "stock", Content.NUMBER),
        _own(_PART, "unitCost", "unit_cost", Content.NUMBER),
        _own(_PART, "currency", "currency"),
        _own(_PART, "leadTimeDays", "lead_time_days", Content.NUMBER),
        _own(_PART, "active", "active", Content.SWITCH),
        _own(_PART, "version", "version", Content.NUMBER),
    ),
)
