"""Tickets, people, customers and parts as files over HTTP: what GraphQL knows of callers, without a document."""
