"""Field changes as the log keeps them, said in the schema's words: field names and global ids."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from schema.ids import global_id
from schema.scalars import spell_moment

_REFERENCES: Mapping[str, str] = MappingProxyType(
    {
        "customer_id": "Customer",
        "customer_ids": "Customer",
        "territory_ids": "Territory",
        "asset_id": "Asset",
        "requester_id": "User",
        "territory_id": "Territory",
        "ticket_id": "Ticket",
        "technician_id": "Technician",
        "assigned_by": "User",
        "author_id": "User",
        "owner_id": "User",
        "uploaded_by": "User",
        "comment_id": "Comment",
        "attachments": "Attachment",
        "user_id": "User",
        "team_id": "Team",
        "main_skill_id": "Skill",
        "skill_id": "Skill",
        "part_id": "Part",
        "previous_id": "Assignment",
        "assignment_id": "Assignment",
        "facility_id": "Facility",
        "bay_id": "ServiceBay",
        "series_id": "AppointmentSeries",
        "appointment_id": "Appointment",
        "booked_by": "User",
        "created_by": "User",
        "held_by": "User",
        "joined_by": "User",
        "pinned": "Assignment",
    }
)
_RENAMED: Mapping[str, str] = MappingProxyType(
    {
        "escalation_tier_level": "escalationTier",
        "tier_level": "tier",
        "main_skill_id": "specialization",
    }
)

_MOMENTS = frozenset(
    {
        "accept_by",
        "arrival_until",
        "confirmed_at",
        "ends_at",
        "expires_at",
        "occurrence_at",
        "planned_until",
        "remind_at",
        "reminded_at",
        "starts_at",
        "accepted_at",
        "arrived_at",
        "assigned_at",
        "cancelled_at",
        "closed_at",
        "completed_at",
        "deleted_at",
        "edited_at",
        "en_route_at",
        "ended_at",
        "offer_expired_at",
        "paused_at",
        "rated_at",
        "rejected_at",
        "resolved_at",
        "resumed_at",
        "revoked_at",
        "started_at",
        "tokens_revoked_at",
    }
)


def said(column: str, old: Any, new: Any) -> tuple[str, Any, Any]:
    """Return the field's name in the schema, and its values as the schema spells them: ids, moments."""
    return _name(column), _spelled(column, old), _spelled(column, new)


def columns_of(field: str) -> tuple[str, ...]:
    """Return the columns that a field of the schema may stand for in the log."""
    renamed = [column for column, name in _RENAMED.items() if name == field]
    column = "".join(f"_{each.lower()}" if each.isupper() else each for each in field)
    return (column, f"{column}_id", *renamed)


def _name(column: str) -> str:
    return _RENAMED.get(column) or _camel(column.removesuffix("_id"))


def _spelled(column: str, value: Any) -> Any:
    if value is None:
        return None
    kind = _REFERENCES.get(column)
    if isinstance(value, list):
        return [_line(each) if isinstance(each, dict) else _id(kind, each) if kind else each for each in value]
    if kind is not None:
        return _id(kind, value)
    return spell_moment(datetime.fromisoformat(value)) if column in _MOMENTS else value


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    return {_name(column): _spelled(column, value) for column, value in line.items()}


def _id(kind: str, key: str) -> str:
    return global_id(kind, UUID(key))


def _camel(column: str) -> str:
    first, *rest = column.split("_")
    return first + "".join(word.capitalize() for word in rest)
