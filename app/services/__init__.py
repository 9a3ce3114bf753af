"""Use cases: one function each, one transaction each. Knows the rules and the tables, not GraphQL."""
