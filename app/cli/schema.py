"""`fieldgraph schema`: the contract with clients."""

import sys

from app.main.server import schema_text


def schema() -> None:
    """Print the GraphQL schema (SDL)."""
    # Not through Rich, which would fold long lines and read square brackets.
    sys.stdout.write(schema_text())
