"""Field changes as the log keeps them, said in the schema's words: field names and global ids."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

from schema.ids import global_id

_REFERENCES: Mapping[str, str] = MappingProxyType(
    {
        "customer_id": "Customer",
        "asset_id": "Asset",
        "requester_id": "User",
        "territory_id": "Territory",
        "ticket_id": "Ticket",
        "technician_id": "Technician",
        "assigned_by": "User",
        "author_id": "User",
        "user_id": "User",
        "team_id": "Team",
        "main_skill_id": "Skill",
    }
)
_RENAMED: Mapping[str, str] = MappingProxyType(
    {
        "escalation_tier_level": "escalationTier",
        "tier_level": "tier",
        "main_skill_id": "specialization",
    }
)


def said(column: str, old: Any, new: Any) -> tuple[str, Any, Any]:
    """Return the field's name in the schema, and its values with keys as global ids."""
    kind = _REFERENCES.get(column)
    if kind is not None:
        old, new = _id(kind, old), _id(kind, new)
    return _RENAMED.get(column) or _camel(column.removesuffix("_id")), old, new


def _id(kind: str, key: str | None) -> str | None:
    return None if key is None else global_id(kind, UUID(key))


def _camel(column: str) -> str:
    first, *rest = column.split("_")
    return first + "".join(word.capitalize() for word in rest)
