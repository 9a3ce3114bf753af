"""What the lines of a file of tickets say, by the columns that they can have."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from app.domain.tickets import Environment, TicketCategory, TicketPriority
from app.services.imports.import_tickets import MOST_LINES, NewLine
from app.services.tickets.create_ticket import CreateTicket
from schema.sheets.reading import Layout
from schema.sheets.readings import degrees, external_id, global_key, json, text, texts, words

_OF_LINE = frozenset({"customer_external_id", "asset_external_id"})


def _new_line(number: int, values: Mapping[str, Any]) -> NewLine:
    ticket = {name: value for name, value in values.items() if name not in _OF_LINE}
    of_line = {name: value for name, value in values.items() if name in _OF_LINE}
    return NewLine(number=number, ticket=CreateTicket(**ticket), **of_line)


TICKETS = Layout(
    many="tickets",
    most=MOST_LINES,
    needed=("title", "description", "category", "priority"),
    # By the names that exports give them, except for ids of elsewhere.
    columns=MappingProxyType(
        {
            "title": ("title", text),
            "description": ("description", text),
            "category": ("category", words(TicketCategory)),
            "priority": ("priority", words(TicketPriority)),
            "environment": ("environment", words(Environment)),
            "affectedService": ("affected_service", text),
            "tags": ("tags", texts),
            "customFields": ("custom_fields", json),
            "requesterId": ("requester_id", global_key("User")),
            "customerId": ("customer_id", global_key("Customer")),
            "customerExternalId": ("customer_external_id", external_id),
            "assetId": ("asset_id", global_key("Asset")),
            "assetExternalId": ("asset_external_id", external_id),
            "territoryId": ("territory_id", global_key("Territory")),
            "latitude": ("latitude", degrees),
            "longitude": ("longitude", degrees),
            "address": ("address", text),
        }
    ),
    together=(("latitude", "longitude"),),
    places=MappingProxyType({"lat": "latitude", "lon": "longitude"}),
    line=_new_line,
)
