"""The register: every table as it was declared, and of each kind of event which fields are whose."""

from collections.abc import Mapping
from types import MappingProxyType

from app.domain.privacy.declaring import Declared, Way
from app.domain.privacy.house import HOUSE
from app.domain.privacy.people import PEOPLE
from app.domain.privacy.work import WORK

REGISTER: Mapping[str, Declared] = MappingProxyType({each.name: each for each in (*PEOPLE, *WORK, *HOUSE)})

# What the log may be relieved of, by kind of event; the database's function `personal_fields` says the same.
PERSONAL_FIELDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        each.kind: frozenset(name for name, personal in each.personal.items() if personal.way is not Way.BYTES)
        for each in REGISTER.values()
        if each.kind is not None and each.personal
    }
)


def known_fields(kind: str) -> frozenset[str]:
    """Return every field that events of a kind may tell, personal or not; none for a kind that nobody declared."""
    found = [each.columns | each.told for each in REGISTER.values() if each.kind == kind]
    return frozenset().union(*found)
