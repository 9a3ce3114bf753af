"""Timers in the database: set within a transaction, carried out by workers. Only here is pgqueuer known."""
