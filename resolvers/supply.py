"""What there is to work with and for: lists of places, people and things."""

from collections.abc import Sequence

from app.domain.people import Role
from app.reads import entities
from app.reads.calendars import CalendarFilter
from app.reads.entities import Entity
from app.reads.filters import containing
from app.reads.named import AssetFilter, CustomerFilter, NamedFilter, PartFilter
from app.reads.orders import Kind, Order, Term, ending_in_id
from app.reads.pages import Window, placed
from app.reads.questions import Listing
from app.reads.relations import BY_NAME
from app.reads.searching import searched
from app.reads.users import UserFilter

_BY_CODE = ending_in_id([Term("code", Kind.TEXT)])
_BY_NUMBER = ending_in_id([Term("part_number", Kind.TEXT)])
_ORDERS: dict[Entity, Order] = {entities.SKILL: _BY_CODE, entities.PART: _BY_NUMBER}


def listed(entity: Entity, asked: Window) -> Listing:
    """Ask for a page of territories, teams or facilities by name, or of skills by code. Raises Invalid."""
    order = _ORDERS.get(entity, BY_NAME)
    return Listing(entity, order, placed(order, asked))


def parts(search: str | None, active: bool | None, asked: Window) -> Listing:
    """Ask for a page of parts by number: those that have the words in their name or number. Raises Invalid."""
    return _named(entities.PART, PartFilter, search, active, asked)


def assets(search: str | None, active: bool | None, asked: Window) -> Listing:
    """Ask for a page of assets by name: those that have the words in their name or external id. Raises Invalid."""
    return _named(entities.ASSET, AssetFilter, search, active, asked)


def business_calendars(asked: Window) -> Listing:
    """Ask for a page of business calendars by name, of each the newest version. Raises Invalid."""
    return Listing(entities.BUSINESS_CALENDAR, BY_NAME, placed(BY_NAME, asked), CalendarFilter())


def users(search: str | None, roles: Sequence[Role] | None, active: bool | None, asked: Window) -> Listing:
    """Ask for a page of users by name: those who have the words in their name or address, and one of the roles.

    Raises:
        Invalid: the search is too long, or the cursor is of another list.
    """
    words = searched(search)
    wanted = UserFilter(
        like=None if words is None else containing(words), roles=None if roles is None else tuple(roles), active=active
    )
    return Listing(entities.USER, BY_NAME, placed(BY_NAME, asked), wanted)


def customers(search: str | None, active: bool | None, asked: Window) -> Listing:
    """Ask for a page of customers by name: those that have the words in their name or external id. Raises Invalid."""
    return _named(entities.CUSTOMER, CustomerFilter, search, active, asked)


def _named(
    entity: Entity, narrowing: type[NamedFilter], search: str | None, active: bool | None, asked: Window
) -> Listing:
    """Ask for a page of what goes by a name.

    Raises:
        Invalid: the search is too long, or the cursor is of another list.
    """
    words, order = searched(search), _ORDERS.get(entity, BY_NAME)
    wanted = narrowing(like=None if words is None else containing(words), active=active)
    return Listing(entity, order, placed(order, asked), wanted)
