"""The command line: starts things, and speaks to people. Nothing else may see it."""

from app.cli.program import main

__all__ = ["main"]
