"""Inputs of mutations on users and technicians."""

from datetime import date
from typing import Any

import strawberry

from app.domain import validation
from app.services.administration.saying import Create, Update
from app.services.administration.technicians import CreateTechnician
from schema.enums import Role
from schema.ids import key_of, optional_key
from schema.inputs.administration.given import VERSION, change, creation, given
from schema.inputs.tickets import KEY, GeoPointInput

_NAME = "What they are called; 1 to 200 characters."
_EMAIL = "Where letters reach them; at most 254 characters, no two users alike, in capitals or not."
_CUSTOMERS = "The customers that they belong to; at most 100."


@strawberry.input(description="A new user.")
class CreateUserInput:
    """A new user."""

    name: str = strawberry.field(description=_NAME)
    email: str | None = strawberry.field(default=None, description=f"{_EMAIL} Null: none is known.")
    roles: list[Role] = strawberry.field(
        default_factory=lambda: [Role.END_USER],
        description="What they may be, at least one; other than END_USER alone only an ADMIN gives.",
    )
    customer_ids: list[strawberry.ID] = strawberry.field(default_factory=list, description=_CUSTOMERS)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> Create:
        """Return the command. Raises Invalid for ids of another type."""
        return creation(self, {**given(self, "name", "email", "roles"), **_customers(self.customer_ids)})


@strawberry.input(description="What a user is to say: what is left out stays.")
class UpdateUserInput:
    """What a user is to say."""

    id: strawberry.ID = strawberry.field(description="Which user; an ADMIN is changed by an ADMIN alone.")
    expected_version: int = strawberry.field(description=VERSION)
    name: str | None = strawberry.field(default=strawberry.UNSET, description="1 to 200 characters; not null.")
    email: str | None = strawberry.field(default=strawberry.UNSET, description=f"{_EMAIL} Null: none is known.")
    roles: list[Role] | None = strawberry.field(
        default=strawberry.UNSET, description="At least one; an ADMIN alone changes them; not null."
    )
    customer_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description=f"{_CUSTOMERS} Null: none."
    )
    active: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether they may come in; false ends all their sessions; not null."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> Update:
        """Return the command. Raises Invalid for ids of another type."""
        values = given(self, "name", "email", "roles", "active")
        if self.customer_ids is not strawberry.UNSET:
            values |= _customers(self.customer_ids or [])
        return change(self, "User", values)


@strawberry.input(description="How good a technician is at something.")
class TechnicianSkillInput:
    """How good a technician is at something."""

    skill_id: strawberry.ID = strawberry.field(description="At what.")
    level: int = strawberry.field(description="1 (knows it) to 5 (teaches it).")
    expires_on: date | None = strawberry.field(
        default=None, description="The last day on which the certificate holds; null: it does not end."
    )


@strawberry.input(description="Whom a new technician comes in as.")
class NewTechnicianUserInput:
    """Whom a new technician comes in as."""

    name: str = strawberry.field(description=_NAME)
    email: str | None = strawberry.field(default=None, description=f"{_EMAIL} Null: none is known.")
    roles: list[Role] = strawberry.field(
        default_factory=lambda: [Role.TECHNICIAN], description="What they may be; one of staff at least."
    )


@strawberry.input(description="A new technician: a user who is there already, or a new one, which takes an ADMIN.")
class CreateTechnicianInput:
    """A new technician."""

    user_id: strawberry.ID | None = strawberry.field(
        default=None, description="Who it is: an active user with a role of staff who is no technician yet."
    )
    user: NewTechnicianUserInput | None = strawberry.field(default=None, description="Or the user to be made.")
    external_id: str | None = strawberry.field(
        default=None, description="Their id elsewhere; 1 to 100 characters, no two technicians alike."
    )
    team_id: strawberry.ID | None = strawberry.field(default=None, description="The team they belong to.")
    tier_level: int = strawberry.field(default=1, description="The level of the tier they work at; there must be one.")
    main_skill_id: strawberry.ID | None = strawberry.field(default=None, description="Their main skill.")
    skills: list[TechnicianSkillInput] = strawberry.field(
        default_factory=list, description="What they can do; at most 100, each once."
    )
    territory_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Where they work; at most 100."
    )
    home: GeoPointInput | None = strawberry.field(default=None, description="Where they set out from.")
    years_experience: int | None = strawberry.field(default=None, description="In the trade; 0 to 80.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> CreateTechnician:
        """Return the command. Raises Invalid."""
        user_id = optional_key("User", self.user_id, "userId")
        values = {**_technician(self), "user_id": user_id}
        user = None
        if self.user is not None:
            user = given(self.user, "name", "email", "roles")
        return CreateTechnician(values=values, user=user, idempotency_key=self.idempotency_key)


@strawberry.input(description="What a technician is to say: what is left out stays, null takes away.")
class UpdateTechnicianInput:
    """What a technician is to say."""

    id: strawberry.ID = strawberry.field(description="Which technician.")
    expected_version: int = strawberry.field(description=VERSION)
    external_id: str | None = strawberry.field(
        default=strawberry.UNSET, description="1 to 100 characters, no two technicians alike; null: none."
    )
    team_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Their team; null: none.")
    tier_level: int | None = strawberry.field(default=strawberry.UNSET, description="The level of a tier; not null.")
    main_skill_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Their main skill; null: none."
    )
    skills: list[TechnicianSkillInput] | None = strawberry.field(
        default=strawberry.UNSET, description="All that they can do, at most 100, each once; null: nothing."
    )
    territory_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="All where they work, at most 100; null: nowhere."
    )
    home: GeoPointInput | None = strawberry.field(
        default=strawberry.UNSET, description="Where they set out from; null: not known."
    )
    years_experience: int | None = strawberry.field(
        default=strawberry.UNSET, description="In the trade, 0 to 80; null: not known."
    )
    active: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether they get jobs and slots; false leaves them what they have; not null.",
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> Update:
        """Return the command. Raises Invalid."""
        return change(self, "Technician", _technician(self))


def _technician(asked: Any) -> dict[str, Any]:
    """Return what is said of a technician, by column. Raises Invalid."""
    values = given(asked, "external_id", "tier_level", "years_experience", *(["active"] if _updates(asked) else []))
    for name, kind in (("team_id", "Team"), ("main_skill_id", "Skill")):
        given_id = getattr(asked, name)
        if given_id is not strawberry.UNSET:
            path = "teamId" if name == "team_id" else "mainSkillId"
            values[name] = optional_key(kind, given_id, path)
    if asked.skills is not strawberry.UNSET:
        values["skills"] = tuple(
            {
                "skill_id": key_of("Skill", each.skill_id, "skills", str(number), "skillId"),
                "level": each.level,
                "expires_on": each.expires_on,
            }
            for number, each in enumerate(asked.skills or [])
        )
    if asked.territory_ids is not strawberry.UNSET:
        values["territory_ids"] = tuple(
            key_of("Territory", each, "territoryIds", str(number))
            for number, each in enumerate(asked.territory_ids or [])
        )
    if asked.home is not strawberry.UNSET:
        home = asked.home
        where = (None, None) if home is None else validation.point(home.lat, home.lon, "home")
        values["home_latitude"], values["home_longitude"] = where
    return values


def _updates(asked: Any) -> bool:
    return isinstance(asked, UpdateTechnicianInput)


def _customers(ids: list[strawberry.ID]) -> dict[str, Any]:
    keys = tuple(key_of("Customer", each, "customerIds", str(number)) for number, each in enumerate(ids))
    return {"customer_ids": keys}
