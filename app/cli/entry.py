"""Where a process comes in: what is imported stays, so nothing is collected meanwhile, nor looked at ever after."""

import gc

# Collecting while everything is imported takes a fifth of that time, and finds nothing.
gc.disable()

from app.cli.program import main  # noqa: E402  # collecting must rest before

gc.freeze()
gc.enable()

__all__ = ["main"]
