"""The page on which developers try operations out: GraphiQL, as the GraphQL library brings it along.

It loads its scripts from a public network of packages, which is why production servers do not show it.
"""

from strawberry.http.ides import get_graphql_ide_html


def page() -> bytes:
    """Return the page as UTF-8."""
    return get_graphql_ide_html("graphiql").encode()
