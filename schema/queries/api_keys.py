"""API keys."""

from typing import Any

import strawberry

from app.reads.pages import window
from resolvers import api_keys
from schema.fields import After, First, asked
from schema.types.api_keys import ApiKeyConnection


@strawberry.type
class ApiKeyQueries:
    """API keys."""

    @asked("API keys, those that were revoked too, newest first; nobody but an ADMIN sees any.")
    def api_keys(self, first: First = 20, after: After = None) -> ApiKeyConnection:
        """Ask for a page of API keys. Raises Invalid."""
        question: Any = api_keys.listed(window(first, after))
        return question
