"""Erasing somebody's data: finding and locking the person, what stands in the way, their rows, files and events."""
