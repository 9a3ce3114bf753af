"""What is outside of the server and its database, behind ports: knows their protocols, and no use case."""
