"""How many websockets, and how many subscriptions, one user and one address may have at once."""

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from schema.execution.callers import Caller


class TooMany(Exception):
    """There are as many already as there may be; `whose` says of whom, `most` how many those are."""

    def __init__(self, whose: str, most: int) -> None:
        super().__init__(f"There are {most} already, which is the most for {whose}.")
        self.whose = whose
        self.most = most


class Caps:
    """The bounds of one kind of thing, and how many there are by whom."""

    def __init__(self, *, per_user: int, per_ip: int) -> None:
        self._per_user = per_user
        self._per_ip = per_ip
        self._users: Counter[Hashable] = Counter()
        self._addresses: Counter[Hashable] = Counter()

    @contextmanager
    def from_address(self, ip: str | None) -> Iterator[None]:
        """Count one more from this address while the block lasts. Raises TooMany."""
        with _counted(self._addresses, ip, self._per_ip, "one address"):
            yield

    @contextmanager
    def of_user(self, caller: Caller) -> Iterator[None]:
        """Count one more of this user while the block lasts. Raises TooMany."""
        with _counted(self._users, caller.user, self._per_user, "one user"):
            yield

    @contextmanager
    def of_caller(self, caller: Caller) -> Iterator[None]:
        """Count one more of this user and from where they come while the block lasts. Raises TooMany."""
        with self.of_user(caller), self.from_address(caller.ip):
            yield


@contextmanager
def _counted(among: Counter[Hashable], owner: Hashable, most: int, whose: str) -> Iterator[None]:
    if among[owner] >= most:
        raise TooMany(whose, most)
    among[owner] += 1
    try:
        yield
    finally:
        among[owner] -= 1
        if not among[owner]:
            del among[owner]
