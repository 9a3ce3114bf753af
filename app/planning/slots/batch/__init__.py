"""Slots for many requests at once: none takes what another needs more. `neighbourhoods` alone imports the solver."""
