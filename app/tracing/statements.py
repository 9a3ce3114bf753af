"""What an SQL statement is called in traces: its verb and a table of ours, and nothing else of its text."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

# Their text may hold the id of an organisation, and no table is theirs.
_OF_SESSIONS = frozenset({"BEGIN", "COMMIT", "ROLLBACK", "SET", "LISTEN", "NOTIFY", "FETCH", "DECLARE", "COPY"})
_WRITES = re.compile(r"\b(INSERT)\s+INTO\s+(\w+)|\b(UPDATE)\s+(\w+)(?:\s+AS\s+\w+)?\s+SET\b|\b(DELETE)\s+FROM\s+(\w+)")
_READS = re.compile(r"\b(?:FROM|JOIN)\s+(\w+)")
_MOST_REMEMBERED = 4000
_LONGEST_VERB = 12


@dataclass(frozen=True, slots=True)
class StatementName:
    """A verb in capitals, and the table where there is one."""

    verb: str
    table: str | None = None

    @property
    def summary(self) -> str:
        """Both as one text."""
        return self.verb if self.table is None else f"{self.verb} {self.table}"


class StatementNames:
    """Names statements; what is none of our `tables` is never taken for one."""

    def __init__(self, tables: Collection[str]) -> None:
        self._tables = frozenset(tables)
        self._sessions = {verb: StatementName(verb) for verb in _OF_SESSIONS}
        self._read = lru_cache(_MOST_REMEMBERED)(self._reading)

    def of(self, text: str) -> StatementName:
        """Return the name of a statement, which is remembered by its text."""
        # Before anything is remembered: each of these has another text.
        return self._sessions.get(_verb(text)) or self._read(text)

    def _reading(self, text: str) -> StatementName:
        verb = _verb(text)
        if verb != "SELECT":
            for found in _WRITES.finditer(text):
                written, table = (each for each in found.groups() if each is not None)
                if table in self._tables:
                    return StatementName(written, table)
        table = next((each for each in _READS.findall(text) if each in self._tables), None)
        return StatementName("SELECT" if verb in {"WITH", "SELECT"} else "OTHER", table)


def _verb(text: str) -> str:
    head = text[:_LONGEST_VERB].split(None, 1)
    return head[0].rstrip(";").upper() if head else ""
