"""Slots: bookable proposals for one request, found exactly, and for many at once, found by search."""
