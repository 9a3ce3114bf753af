"""Says what was compared, for whoever runs the matrix to look at it."""

import sys


def tell(what: str, **counts: int) -> None:
    """Say how many cases there were, and what came of them."""
    words = ", ".join(f"{count} {name.lower()}" for name, count in counts.items())
    sys.stdout.write(f"\n{what}: {words}\n")
