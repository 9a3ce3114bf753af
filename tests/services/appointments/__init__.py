"""Appointments through the services."""
