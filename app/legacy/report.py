"""What an import did: how much came over, and what did not, and why."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

_EXAMPLES = 3


@dataclass(slots=True)
class Report:
    """Counts by kind. `skipped` and `changed` are by kind and reason, with a few old keys as examples.

    `known` came over earlier; `ignored` are columns of older tables that nothing here takes.
    """

    found: Counter[str] = field(default_factory=Counter)
    imported: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    skipped: Counter[tuple[str, str]] = field(default_factory=Counter)
    changed: Counter[tuple[str, str]] = field(default_factory=Counter)
    ignored: dict[str, tuple[str, ...]] = field(default_factory=dict)
    examples: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def skip(self, kind: str, why: str, key: object) -> None:
        """Note that something was left behind."""
        self.skipped[kind, why] += 1
        self._example(kind, why, key)

    def change(self, kind: str, how: str, key: object) -> None:
        """Note that something came over differently from how it was."""
        self.changed[kind, how] += 1
        self._example(kind, how, key)

    def ignore(self, table: str, columns: Iterable[str]) -> None:
        """Note columns that are not taken over."""
        if left := tuple(sorted(columns)):
            self.ignored[table] = left

    def _example(self, kind: str, why: str, key: object) -> None:
        known = self.examples.setdefault((kind, why), [])
        if len(known) < _EXAMPLES:
            known.append(str(key))
