"""The root of all queries."""

import strawberry

from schema.queries.api_keys import ApiKeyQueries
from schema.queries.appointments import AppointmentQueries
from schema.queries.assignments import AssignmentQueries
from schema.queries.boards import BoardQueries
from schema.queries.dispatching import DispatchingQueries
from schema.queries.events import EventQueries
from schema.queries.nodes import NodeQueries
from schema.queries.slots import SlotQueries
from schema.queries.supply import SupplyQueries
from schema.queries.technicians import TechnicianQueries
from schema.queries.tickets import TicketQueries
from schema.queries.views import ViewQueries


@strawberry.type(description="Everything that can be asked. One query is one consistent snapshot.")
class Query(
    NodeQueries,
    TicketQueries,
    AssignmentQueries,
    TechnicianQueries,
    BoardQueries,
    DispatchingQueries,
    EventQueries,
    SlotQueries,
    ViewQueries,
    AppointmentQueries,
    SupplyQueries,
    ApiKeyQueries,
):
    """Everything that can be asked."""
