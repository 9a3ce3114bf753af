"""Inputs of mutations on territories, facilities and service bays."""

from datetime import date
from typing import Any

import strawberry

from app.domain.areas import Corner
from app.services.administration.facilities import CreateFacility
from app.services.administration.saying import Create, Update
from schema.ids import key_of, optional_key
from schema.inputs.administration.given import ACTIVE, VERSION, change, creation, given, keys, place
from schema.inputs.tickets import KEY, GeoPointInput
from schema.scalars import TimeZone

_AREA = (
    "The corners, 3 to 200 in order, of one polygon into which places fall by themselves. It closes by itself, its"
    " edges neither cross nor touch, and it is at most 180 degrees wide: cut what reaches over the 180th meridian there"
)
_FOUND = "In which territory; left out: in the one whose area holds the location, null: in none."


@strawberry.input(description="A day on which nobody works.")
class HolidayInput:
    """A day on which nobody works."""

    day: date = strawberry.field(description="The day, by the territory's calendar.")
    name: str = strawberry.field(description="What it is called; 1 to 100 characters.")


@strawberry.input(description="A new territory.")
class CreateTerritoryInput:
    """A new territory."""

    name: str = strawberry.field(description="What it is called; 1 to 100 characters, no two territories alike.")
    time_zone: TimeZone = strawberry.field(description="The zone of its local dates.")
    holidays: list[HolidayInput] | None = strawberry.field(
        default=None, description="Days on which nobody works, but for who is on call; at most 400."
    )
    area: list[GeoPointInput] | None = strawberry.field(default=None, description=f"{_AREA}. Without it, none do.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> Create:
        """Return the command."""
        lists = {"holidays": _holidays(self.holidays), "area": _area(self.area)}
        return creation(self, {**given(self, "name", "time_zone"), **lists})


@strawberry.input(description="What a territory is to say: what is left out stays.")
class UpdateTerritoryInput:
    """What a territory is to say."""

    id: strawberry.ID = strawberry.field(description="Which territory.")
    expected_version: int = strawberry.field(description=VERSION)
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="1 to 100 characters, no two territories alike; not null."
    )
    time_zone: TimeZone | None = strawberry.field(
        default=strawberry.UNSET, description="The zone of its local dates; not null."
    )
    holidays: list[HolidayInput] | None = strawberry.field(
        default=strawberry.UNSET, description="Days on which nobody works, all of them; at most 400."
    )
    area: list[GeoPointInput] | None = strawberry.field(
        default=strawberry.UNSET, description=f"{_AREA}. Null: none do. What has fallen into the territory stays there."
    )
    active: bool | None = strawberry.field(default=strawberry.UNSET, description=ACTIVE)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> Update:
        """Return the command. Raises Invalid for an id of another type."""
        values = given(self, "name", "time_zone", "active")
        if self.holidays is not strawberry.UNSET:
            values["holidays"] = _holidays(self.holidays)
        if self.area is not strawberry.UNSET:
            values["area"] = _area(self.area)
        return change(self, "Territory", values)


@strawberry.input(description="A new facility.")
class CreateFacilityInput:
    """A new facility."""

    name: str = strawberry.field(description="What it is called; 1 to 100 characters.")
    location: GeoPointInput | None = strawberry.field(default=None, description="Where it is.")
    territory_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description=_FOUND)
    calendar_id: strawberry.ID | None = strawberry.field(
        default=None, description="The business calendar by which it is open; without one always."
    )
    bay_count: int | None = strawberry.field(
        default=None, description="With how many service bays it begins, 0 to 200; without it, as the server says."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> CreateFacility:
        """Return the command. Raises Invalid for ids of another type."""
        values = {**given(self, "name"), **place(self.location), **_pointing(self)}
        return CreateFacility(values=values, bay_count=self.bay_count, idempotency_key=self.idempotency_key)


@strawberry.input(
    description="What a facility is to say: what is left out stays, null takes it away where that can be."
)
class UpdateFacilityInput:
    """What a facility is to say."""

    id: strawberry.ID = strawberry.field(description="Which facility.")
    expected_version: int = strawberry.field(description=VERSION)
    name: str | None = strawberry.field(default=strawberry.UNSET, description="1 to 100 characters; not null.")
    location: GeoPointInput | None = strawberry.field(default=strawberry.UNSET, description="Where it is.")
    territory_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="In which territory; null: in none. Left out, it follows a location that was why it is in there.",
    )
    calendar_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The business calendar by which it is open; null: always."
    )
    active: bool | None = strawberry.field(default=strawberry.UNSET, description=ACTIVE)
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> Update:
        """Return the command. Raises Invalid for ids of another type."""
        values = given(self, "name", "active")
        values |= {} if self.location is strawberry.UNSET else place(self.location)
        return change(self, "Facility", {**values, **_pointing(self)})


@strawberry.input(description="A new service bay.")
class CreateServiceBayInput:
    """A new service bay."""

    facility_id: strawberry.ID = strawberry.field(description="In which facility.")
    name: str = strawberry.field(description="What it is called; 1 to 100 characters, no two of the facility alike.")
    equipped_for: list[strawberry.ID] | None = strawberry.field(
        default=None, description="The skills of what can be done in it; at most 100."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> Create:
        """Return the command. Raises Invalid for ids of another type."""
        values = {
            "name": self.name,
            "facility_id": key_of("Facility", self.facility_id, "facilityId"),
            "equipped_for": keys("Skill", self.equipped_for, "equippedFor"),
        }
        return creation(self, values)


@strawberry.input(description="What a service bay is to say: what is left out stays.")
class UpdateServiceBayInput:
    """What a service bay is to say."""

    id: strawberry.ID = strawberry.field(description="Which service bay.")
    expected_version: int = strawberry.field(description=VERSION)
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="1 to 100 characters, no two of the facility alike; not null."
    )
    equipped_for: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="The skills of what can be done in it, all of them; at most 100."
    )
    active: bool | None = strawberry.field(default=strawberry.UNSET, description="Whether it can be booked; not null.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> Update:
        """Return the command. Raises Invalid for ids of another type."""
        values = given(self, "name", "active")
        if self.equipped_for is not strawberry.UNSET:
            values["equipped_for"] = keys("Skill", self.equipped_for, "equippedFor")
        return change(self, "ServiceBay", values)


_POINTERS = {"territory_id": ("Territory", "territoryId"), "calendar_id": ("BusinessCalendar", "calendarId")}


def _pointing(asked: Any) -> dict[str, Any]:
    named = given(asked, *_POINTERS)
    return {name: optional_key(_POINTERS[name][0], id_, _POINTERS[name][1]) for name, id_ in named.items()}


def _area(points: list[GeoPointInput] | None) -> tuple[Corner, ...] | None:
    return None if points is None else tuple(Corner(lat=point.lat, lon=point.lon) for point in points)


def _holidays(days: list[HolidayInput] | None) -> tuple[dict[str, Any], ...]:
    return tuple({"day": each.day, "name": each.name} for each in days or ())
