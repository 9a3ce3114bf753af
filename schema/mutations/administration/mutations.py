"""All mutations by which an organisation is kept in order."""

import strawberry

from schema.mutations.administration.customers import CustomerMutations
from schema.mutations.administration.division import DivisionMutations
from schema.mutations.administration.organization import OrganizationMutations
from schema.mutations.administration.people import PeopleMutations
from schema.mutations.administration.places import PlaceMutations
from schema.mutations.administration.stock import StockMutations
from schema.mutations.administration.working_time import WorkingTimeMutations


@strawberry.type
class AdministrationMutations(
    OrganizationMutations,
    PlaceMutations,
    DivisionMutations,
    PeopleMutations,
    WorkingTimeMutations,
    CustomerMutations,
    StockMutations,
):
    """All mutations by which an organisation is kept in order."""
