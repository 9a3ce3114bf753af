"""Mutations by which an organisation is kept in order: one file per part of it."""
