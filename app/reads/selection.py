"""What an operation selects, as a tree of questions: GraphQL left behind, SQL not yet written."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.reads.questions import Question
from app.reads.slots import Asked


class Spelling(StrEnum):
    """How a value is written in JSON; one for each kind of scalar."""

    TEXT = "text"
    # A word of an enum: nothing in it needs escaping.
    WORD = "word"
    NUMBER = "number"
    FLOAT = "float"
    BOOLEAN = "boolean"
    MOMENT = "moment"
    DATE = "date"
    # An exact number, written as a text.
    DECIMAL = "decimal"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A question whose arguments come with each request: the number of its place in the operation."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A field whose JSON is known beforehand."""

    key: str
    json: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A field that is one value, or (`many`) a list of them. A required one is never null."""

    key: str
    question: Question
    spelling: Spelling
    many: bool
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A field that a table answers: the JSON for each word of a column."""

    key: str
    column: str
    answers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A field that is an object or a list of them, with what is selected of it, by the object's type."""

    key: str
    question: Question | Site
    selections: "Mapping[str, Selection]"
    required: bool


Selection = tuple[Known | Leaf | Words | Branch, ...]


class Form:
    """The questions of an operation's sites without their values: with the selection, all a statement depends on."""

    __slots__ = ("_hash", "sites")

    def __init__(self, sites: tuple[Asked, ...]) -> None:
        self.sites = sites
        # Looked up with every request, and made of many parts.
        self._hash = hash(sites)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Form) and self.sites == other.sites)

    def question(self, asked: Question | Site) -> Question:
        """Return the question itself, a site's by its number."""
        found: Question = self.sites[asked.number] if isinstance(asked, Site) else asked  # type: ignore[assignment]  # every question with arguments derives from Asked
        return found
