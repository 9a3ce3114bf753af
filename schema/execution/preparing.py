"""Requests made ready: their documents found, read and priced; what comes again to the letter is recognised.

Clients ask the same few things over and over. For those a look into one dictionary stands for reading the
JSON, finding the document, counting the cost and turning the arguments into questions.
"""

from dataclasses import dataclass

from schema.execution.documents import Document, Documents, Operation
from schema.execution.memory import Memory
from schema.execution.planning import Questions
from schema.execution.requests import GraphQLRequest
from schema.execution.trusted import TrustedDocuments

_MOST_RECOGNISED = 4000
_RECOGNISED_BYTES = 16 * 1024 * 1024
# What is kept beside a request's text.
_LEAST_WEIGHT = 1000

# Where a request was read from, and its text: a body never passes for a query string.
Sent = tuple[str, bytes]


@dataclass(slots=True, eq=False, kw_only=True)
class Prepared:
    """A request with its document.

    `operation` is None where the document or its name leaves nothing to execute. `questions` is what its
    arguments ask, or why they are not for a plan; None until somebody wanted to know.
    """

    asked: GraphQLRequest
    document: Document
    operation: Operation | None
    cost: int
    questions: Questions | str | None = None

    @property
    def kind(self) -> str:
        """Whether it is a query, mutation or subscription; empty where there is nothing to execute."""
        return "" if self.operation is None else self.operation.kind.value

    @property
    def name(self) -> str:
        """What the client calls the operation; empty where it has no name."""
        named = None if self.operation is None else self.operation.node.name
        return "" if named is None else named.value


def prepare(document: Document, asked: GraphQLRequest) -> Prepared:
    """Return a request ready to be answered."""
    operation = document.chosen(asked.operation_name)
    cost = 0 if operation is None else operation.price(asked.variables or {})
    return Prepared(asked=asked, document=document, operation=operation, cost=cost)


class Requests:
    """Prepares what is sent to one endpoint."""

    def __init__(self, documents: Documents, trusted: TrustedDocuments) -> None:
        self._documents = documents
        self._trusted = trusted
        self._known: Memory[Sent, Prepared] = Memory(entries=_MOST_RECOGNISED, weight=_RECOGNISED_BYTES)

    def recognised(self, sent: Sent) -> Prepared | None:
        """Return what was made of the same text before, while it is remembered."""
        return self._known.get(sent)

    def prepare(self, asked: GraphQLRequest, sent: Sent) -> Prepared:
        """Return a request ready, and recognise it from now on where it can be executed.

        Raises:
            UnknownDocument: it names a document that is not known.
            NotTrusted: it brings a document of its own, and only trusted ones are answered.
            WrongHash: it brings a document and the hash of another.
        """
        asked = self._trusted.read(asked)
        prepared = prepare(self._documents.read(asked.query), asked)
        if prepared.operation is not None:
            self._known.put(sent, prepared, len(sent[1]) + _LEAST_WEIGHT)
        return prepared
