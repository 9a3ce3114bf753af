"""How many websockets one user and one address may have open at once."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


class TooMany(Exception):
    """There are as many already as there may be."""


@dataclass(slots=True, kw_only=True)
class Caps:
    """The bounds, and how many are open by whom. `operations` is the most that one socket carries."""

    per_user: int
    per_ip: int
    operations: int
    _open: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def from_address(self, ip: str | None) -> Iterator[None]:
        """Count a socket of this address while the block lasts. Raises TooMany."""
        with self._counted(f"ip:{ip}", self.per_ip):
            yield

    @contextmanager
    def of_user(self, user: str) -> Iterator[None]:
        """Count a socket of this user while the block lasts. Raises TooMany."""
        with self._counted(f"user:{user}", self.per_user):
            yield

    @contextmanager
    def _counted(self, key: str, most: int) -> Iterator[None]:
        if self._open[key] >= most:
            raise TooMany
        self._open[key] += 1
        try:
            yield
        finally:
            self._open[key] -= 1
            if not self._open[key]:
                del self._open[key]
