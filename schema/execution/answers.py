"""An operation answered: which way it goes, and the response as the bytes that travel."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import orjson
from graphql import GraphQLSchema

from schema.execution.callers import Caller
from schema.execution.documents import Document
from schema.execution.executing import run
from schema.execution.requests import GraphQLRequest


class Way(StrEnum):
    """How an operation came to its response."""

    # One statement wrote the response.
    PLAN = "plan"
    # Resolvers, field by field.
    ORDINARY = "ordinary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response: its JSON text in UTF-8, and how it came about.

    `executed` is false where execution did not begin, so that there is no `data`. `seconds` tells
    how long each step took, by name.
    """

    body: bytes
    executed: bool
    way: Way
    seconds: Mapping[str, float] = field(default_factory=dict)


class Answers:
    """Answers queries and mutations."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema

    async def answer(self, document: Document, asked: GraphQLRequest, caller: Caller) -> Answer:
        """Return the response to a document that may be executed.

        Raises UnknownUser, and whatever keeps the database from being asked.
        """
        operation = await caller.operation()
        told = await run(self._schema, document, operation, variables=asked.variables, name=asked.operation_name)
        return Answer(body=orjson.dumps(told), executed="data" in told, way=Way.ORDINARY)
