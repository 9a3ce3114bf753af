"""What there is to work with and for."""

from typing import Annotated, Any

import strawberry

from app.reads import entities
from app.reads.pages import window
from resolvers import supply
from schema.enums import Role
from schema.fields import After, First, asked
from schema.types.customers import AssetConnection, CustomerConnection, PartConnection
from schema.types.organizations import SkillConnection, TeamConnection, TerritoryConnection
from schema.types.sla import BusinessCalendarConnection
from schema.types.supply import FacilityConnection
from schema.types.users import UserConnection

_LONG = 100
_Active = Annotated[bool | None, strawberry.argument(description="What is new can name it, or cannot.")]


@strawberry.type
class SupplyQueries:
    """What there is to work with and for."""

    @asked("Territories by name.")
    def territories(self, first: First = _LONG, after: After = None) -> TerritoryConnection:
        """Ask for a page of territories. Raises Invalid."""
        question: Any = supply.listed(entities.TERRITORY, window(first, after, default=_LONG))
        return question

    @asked("Teams by name.")
    def teams(self, first: First = _LONG, after: After = None) -> TeamConnection:
        """Ask for a page of teams. Raises Invalid."""
        question: Any = supply.listed(entities.TEAM, window(first, after, default=_LONG))
        return question

    @asked("Skills by code.")
    def skills(self, first: First = _LONG, after: After = None) -> SkillConnection:
        """Ask for a page of skills. Raises Invalid."""
        question: Any = supply.listed(entities.SKILL, window(first, after, default=_LONG))
        return question

    @asked("Facilities by name.")
    def facilities(self, first: First = _LONG, after: After = None) -> FacilityConnection:
        """Ask for a page of facilities. Raises Invalid."""
        question: Any = supply.listed(entities.FACILITY, window(first, after, default=_LONG))
        return question

    @asked("Business calendars by name, of each the version that holds.")
    def business_calendars(self, first: First = 20, after: After = None) -> BusinessCalendarConnection:
        """Ask for a page of business calendars. Raises Invalid."""
        question: Any = supply.business_calendars(window(first, after))
        return question

    @asked("Parts by number.")
    def parts(
        self,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="What must stand in the name or the number, in capitals or not; at most 200 characters."
            ),
        ] = None,
        active: _Active = None,
        first: First = 20,
        after: After = None,
    ) -> PartConnection:
        """Ask for a page of parts. Raises Invalid."""
        question: Any = supply.parts(search, active, window(first, after))
        return question

    @asked("Users by name; customers see themselves, their colleagues and whoever works here.")
    def users(
        self,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="What must stand in the name or, where the viewer sees it, the email, in capitals or not;"
                " at most 200 characters."
            ),
        ] = None,
        roles: Annotated[list[Role] | None, strawberry.argument(description="Has one of these roles.")] = None,
        active: Annotated[bool | None, strawberry.argument(description="May come in, or may not.")] = None,
        first: First = 20,
        after: After = None,
    ) -> UserConnection:
        """Ask for a page of users. Raises Invalid."""
        question: Any = supply.users(search, roles, active, window(first, after))
        return question

    @asked("Customers by name; customers see those that they belong to.")
    def customers(
        self,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="What must stand in the name or the id elsewhere, in capitals or not; at most 200"
                " characters."
            ),
        ] = None,
        active: _Active = None,
        first: First = 20,
        after: After = None,
    ) -> CustomerConnection:
        """Ask for a page of customers. Raises Invalid."""
        question: Any = supply.customers(search, active, window(first, after))
        return question

    @asked("Assets by name; customers see those of the customers that they belong to.")
    def assets(
        self,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="What must stand in the name or the id elsewhere, in capitals or not; at most 200"
                " characters."
            ),
        ] = None,
        active: _Active = None,
        first: First = 20,
        after: After = None,
    ) -> AssetConnection:
        """Ask for a page of assets. Raises Invalid."""
        question: Any = supply.assets(search, active, window(first, after))
        return question
