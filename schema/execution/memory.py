"""What is remembered between requests, within bounds: the least recently used goes first."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Memory(Generic[K, V]):
    """A mapping of at most `entries` things that weigh at most `weight` together."""

    def __init__(self, *, entries: int, weight: int) -> None:
        self._entries = entries
        self._most = weight
        self._known: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self.weight = 0

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: K) -> V | None:
        """Return what is known under the key, and remember it longer."""
        known = self._known.get(key)
        if known is None:
            return None
        self._known.move_to_end(key)
        return known[0]

    def put(self, key: K, value: V, weight: int) -> None:
        """Remember something; what weighs more than all together may is not remembered."""
        known = self._known.pop(key, None)
        if known is not None:
            self.weight -= known[1]
        if weight > self._most:
            return
        self._known[key] = (value, weight)
        self.weight += weight
        while self.weight > self._most or len(self._known) > self._entries:
            _, (_, lost) = self._known.popitem(last=False)
            self.weight -= lost
