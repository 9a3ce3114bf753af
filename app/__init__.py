"""Everything that is true without GraphQL: rules, use cases, the database, the log, live streams."""
