"""Mutations by which an organisation is kept in order: one file per part of it."""

import strawberry

from schema.mutations.administration.customers import CustomerMutations
from schema.mutations.administration.division import DivisionMutations
from schema.mutations.administration.organization import OrganizationMutations
from schema.mutations.administration.places import PlaceMutations
from schema.mutations.administration.stock import StockMutations


@strawberry.type
class AdministrationMutations(
    OrganizationMutations, PlaceMutations, DivisionMutations, CustomerMutations, StockMutations
):
    """All of them."""
