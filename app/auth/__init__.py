"""From a bearer token to an actor. Knows nothing of GraphQL or of tickets."""
