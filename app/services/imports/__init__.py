"""Rows of administration that come in as the lines of a file: all of them, or none; one file per kind."""
