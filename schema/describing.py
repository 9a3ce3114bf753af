"""How a word list of the domain becomes a GraphQL enum."""

from collections.abc import Mapping
from enum import StrEnum

import strawberry


def described(words: type[StrEnum], description: str, meanings: Mapping[str, str], name: str | None = None) -> None:
    """Make an enum of the words; each needs its meaning."""
    strawberry.enum(words, name=name, description=description)
    for value in words.__strawberry_definition__.values:  # type: ignore[attr-defined]  # set by the line above
        value.description = meanings[value.name]
