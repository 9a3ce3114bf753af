"""Traces: what steps a piece of work had and how long each took; who collects them is known to the adapter alone."""
