"""Tickets as comma-separated values over HTTP: what GraphQL knows of filters and callers, without a document."""
