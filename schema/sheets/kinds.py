"""What files of technicians, customers and parts can have, by the names that exports give the columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from app.domain.places import CustomerTier
from app.reads import exporting_kinds
from app.reads.exporting_kinds import Exportable
from app.services.administration.customers import MOST_USERS
from app.services.administration.technicians import MOST_SKILLS, MOST_TERRITORIES
from app.services.imports.customers import CUSTOMERS
from app.services.imports.importing import MOST_LINES, Importable
from app.services.imports.lines import Line
from app.services.imports.parts import PARTS
from app.services.imports.technicians import TECHNICIANS
from schema.sheets.reading import Layout
from schema.sheets.readings import (
    Reading,
    amount,
    degrees,
    global_key,
    key,
    keys,
    skills,
    switch,
    text,
    whole,
    words,
)


def _line(number: int, values: Mapping[str, Any]) -> Line:
    return Line(number=number, values=values)


def _as_it_is(value: Any) -> Any:
    return value


def _layout(
    many: str,
    columns: dict[str, tuple[str, Reading]],
    finding: tuple[str, ...],
    together: tuple[tuple[str, str], ...] = (),
    **places: str,
) -> Layout[Line]:
    compared = {each: str.lower if each == "email" else _as_it_is for each in finding}
    return Layout(
        many=many,
        most=MOST_LINES,
        columns=MappingProxyType(columns),
        finding=finding,
        together=together,
        distinct=MappingProxyType(compared),
        clears=True,
        places=MappingProxyType({"expectedVersion": "version", **places}),
        line=_line,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of row that comes in and leaves by files: how, and what their columns are."""

    importable: Importable
    exportable: Exportable
    layout: Layout[Line]

    @property
    def many(self) -> str:
        """What its file is called, without its ending."""
        return self.layout.many

    @property
    def type(self) -> str:
        """The type of its rows in the schema."""
        return self.importable.kept.kind


KINDS = (
    Kind(
        importable=TECHNICIANS,
        exportable=exporting_kinds.TECHNICIANS,
        layout=_layout(
            "technicians",
            {
                "id": ("id", global_key("Technician")),
                "externalId": ("external_id", key),
                "email": ("email", key),
                "name": ("name", text),
                "team": ("team", key),
                "tier": ("tier", key),
                "mainSkill": ("main_skill", key),
                "skills": ("skills", skills(MOST_SKILLS)),
                "territories": ("territories", keys(MOST_TERRITORIES)),
                "yearsExperience": ("years_experience", whole),
                "homeLatitude": ("home_latitude", degrees),
                "homeLongitude": ("home_longitude", degrees),
                "active": ("active", switch),
                "version": ("version", whole),
                "userVersion": ("user_version", whole),
            },
            finding=("id", "externalId", "email"),
            together=(("homeLatitude", "homeLongitude"),),
            lat="homeLatitude",
            lon="homeLongitude",
            teamId="team",
            tierLevel="tier",
            mainSkillId="mainSkill",
            territoryIds="territories",
            userId="email",
        ),
    ),
    Kind(
        importable=CUSTOMERS,
        exportable=exporting_kinds.CUSTOMERS,
        layout=_layout(
            "customers",
            {
                "id": ("id", global_key("Customer")),
                "externalId": ("external_id", key),
                "name": ("name", text),
                "tier": ("tier", words(CustomerTier)),
                "latitude": ("latitude", degrees),
                "longitude": ("longitude", degrees),
                "address": ("address", text),
                "userEmails": ("user_emails", keys(MOST_USERS)),
                "active": ("active", switch),
                "version": ("version", whole),
            },
            finding=("id", "externalId"),
            together=(("latitude", "longitude"),),
            lat="latitude",
            lon="longitude",
            userIds="userEmails",
        ),
    ),
    Kind(
        importable=PARTS,
        exportable=exporting_kinds.PARTS,
        layout=_layout(
            "parts",
            {
                "id": ("id", global_key("Part")),
                "partNumber": ("part_number", key),
                "name": ("name", text),
                "stock": ("stock", whole),
                "unitCost": ("unit_cost", amount),
                "currency": ("currency", key),
                "leadTimeDays": ("lead_time_days", whole),
                "active": ("active", switch),
                "version": ("version", whole),
            },
            finding=("id", "partNumber"),
        ),
    ),
)
