"""API keys: how they are listed, and how a new one is made."""

from app.reads import entities
from app.reads.orders import Kind, Term, ending_in_id
from app.reads.pages import Window, placed
from app.reads.questions import Listing
from app.services.access.create_api_key import MintedKey, minted
from resolvers.context import Operation

_NEWEST_FIRST = ending_in_id([Term("created_at", Kind.MOMENT, descending=True)])


def listed(asked: Window) -> Listing:
    """Ask for a page of API keys, newest first. Raises Invalid."""
    return Listing(entities.API_KEY, _NEWEST_FIRST, placed(_NEWEST_FIRST, asked))


def new_key(operation: Operation) -> MintedKey:
    """Return a key for the actor's organisation that is not written yet."""
    return minted(operation.actor.organization_id, operation.process.key_hashes)
