"""What happened to a ticket, field by field."""

from datetime import datetime
from typing import Any
from uuid import uuid5

import strawberry

from app.reads import entities
from app.reads.history import Entry
from resolvers import events
from resolvers.history import address_of, change_of
from schema.changes import said
from schema.enums import EventSource, EventType
from schema.fields import Info
from schema.ids import global_id
from schema.scalars import JSONValue
from schema.types.node import Connection, Edge
from schema.types.users import User


@strawberry.type(description="What happened to one field. Immutable; one entry per changed field.")
class AuditEntry:
    """What happened to one field."""

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        """Tell whether it is an entry."""
        return isinstance(value, Entry)

    @strawberry.field(description="Opaque, and the same whenever the entry is read.")
    def id(self, root: strawberry.Parent[Entry]) -> strawberry.ID:
        """Return the entry's id."""
        return global_id("AuditEntry", uuid5(root.event.id, str(root.place)))

    @strawberry.field(description="What happened.")
    def type(self, root: strawberry.Parent[Entry]) -> EventType:
        """Return what happened."""
        return root.event.type

    @strawberry.field(description="The field that changed; null: something happened, and no field in sight changed.")
    def field(self, root: strawberry.Parent[Entry], info: Info) -> str | None:
        """Return the field's name."""
        change = change_of(info.context, root)
        return None if change is None else said(*change)[0]

    @strawberry.field(description="The value before; null: none, or not the viewer's to see.")
    def old_value(self, root: strawberry.Parent[Entry], info: Info) -> JSONValue | None:
        """Return the value before."""
        change = change_of(info.context, root)
        return None if change is None else JSONValue(said(*change)[1])

    @strawberry.field(description="The value after; null: none, or not the viewer's to see.")
    def new_value(self, root: strawberry.Parent[Entry], info: Info) -> JSONValue | None:
        """Return the value after."""
        change = change_of(info.context, root)
        return None if change is None else JSONValue(said(*change)[2])

    @strawberry.field(description="Who did it; null: the server.")
    async def actor(self, root: strawberry.Parent[Entry], info: Info) -> User | None:
        """Return who did it."""
        user: Any = await events.row(info.context, entities.USER, root.event.actor_id)
        return user

    @strawberry.field(description="Where it came from.")
    def source(self, root: strawberry.Parent[Entry]) -> EventSource:
        """Return where it came from."""
        return root.event.source

    @strawberry.field(description="From which address; null: unknown, or not the viewer's to see (MANAGER and ADMIN).")
    def ip_address(self, root: strawberry.Parent[Entry], info: Info) -> str | None:
        """Return the address."""
        return address_of(info.context, root)

    @strawberry.field(description="The ids of the change and of what was changed, and that one's version after it.")
    def metadata(self, root: strawberry.Parent[Entry]) -> JSONValue | None:
        """Return what else the log says."""
        event = root.event
        return JSONValue(
            {
                "changeId": global_id("Change", event.change_id),
                "subjectId": global_id(event.kind, event.subject_id),
                "subjectVersion": event.version,
            }
        )

    @strawberry.field(description="When it happened, by the device's clock.")
    def occurred_at(self, root: strawberry.Parent[Entry]) -> datetime:
        """Return when it happened."""
        return root.event.occurred_at

    @strawberry.field(description="When the server heard of it; never goes back.")
    def recorded_at(self, root: strawberry.Parent[Entry]) -> datetime:
        """Return when it was recorded."""
        return root.event.recorded_at


@strawberry.type(description="An entry in a list.")
class AuditEntryEdge(Edge):
    """An entry in a list."""

    node: AuditEntry = strawberry.field(description="The entry.")


@strawberry.type(description="A part of a ticket's history.")
class AuditEntryConnection(Connection):
    """A part of a ticket's history."""

    edges: list[AuditEntryEdge] = strawberry.field(description="The entries with their places.")
    nodes: list[AuditEntry] = strawberry.field(description="The entries alone.")
