"""An operation answered: which way it goes, and the response as the bytes that travel."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from time import perf_counter
from typing import Any
from uuid import UUID

import orjson
import structlog
from graphql import GraphQLSchema, OperationType

from app.db.read_pool import ReadFailed, ReadPool
from app.domain.cursors import CursorCodec
from app.domain.people import Actor
from app.domain.policy import visibility_class
from app.reads.statement.pieces import MARK_OF_MISSING as MISSING
from schema.execution.admission import Admission
from schema.execution.callers import Caller
from schema.execution.documents import Document
from schema.execution.executing import follow, run
from schema.execution.planning import Plans
from schema.execution.requests import GraphQLRequest
from schema.execution.selecting import NotPlanned

log = structlog.get_logger(__name__)


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

    def tag(self) -> bytes:
        """Return what names this very text, as an ETag."""
        return b'"' + sha256(self.body).hexdigest()[:32].encode() + b'"'


class Answers:
    """Answers operations: by a plan where there is one, otherwise field by field."""

    def __init__(
        self,
        schema: GraphQLSchema,
        plans: Plans | None,
        pool: ReadPool,
        shared: Mapping[str, Any],
        *,
        admission: Admission,
        timeout_seconds: float,
        suggestions: bool,
    ) -> None:
        self._schema = schema
        self._plans = plans
        self._pool = pool
        self._shared = shared
        self._admission = admission
        self._suggestions = suggestions
        self.timeout_seconds = timeout_seconds

    async def answer(self, document: Document, asked: GraphQLRequest, caller: Caller) -> Answer:
        """Return the response to a query or mutation of a document that may be executed.

        Whoever waits for a query ends it after `timeout_seconds`; what began to write goes on.

        Raises:
            TooLarge, Throttled: it costs too much, at all or at the moment.
            UnknownUser, and whatever keeps the database from being asked.
        """
        chosen = document.chosen(asked.operation_name)
        if chosen is None:
            raise LookupError("the document has no such operation")
        cost = self._admission.admit(chosen, asked, caller)
        if chosen.kind is not OperationType.QUERY:
            return await self._ordinary(document, asked, caller, cost)
        if self._plans is not None:
            answer = await self._planned(self._plans, document, asked, caller, cost)
            if answer is not None:
                return answer
        return await self._ordinary(document, asked, caller, cost)

    async def follow(
        self, document: Document, asked: GraphQLRequest, caller: Caller
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the responses of a subscription, or the one of anything else. Raises as `answer` does."""
        chosen = document.chosen(asked.operation_name)
        if chosen is None or chosen.kind is not OperationType.SUBSCRIPTION:
            async with asyncio.timeout(self.timeout_seconds):
                answer = await self.answer(document, asked, caller)
            yield orjson.loads(answer.body)
            return
        self._admission.admit(chosen, asked, caller)
        operation = await caller.operation()
        results = follow(self._schema, document, operation, **self._given(asked))
        async with aclosing(results):
            async for result in results:
                yield result

    def _given(self, asked: GraphQLRequest) -> dict[str, Any]:
        return {"variables": asked.variables, "name": asked.operation_name, "suggestions": self._suggestions}

    async def _ordinary(self, document: Document, asked: GraphQLRequest, caller: Caller, cost: int) -> Answer:
        began = perf_counter()
        operation = await caller.operation()
        told = await run(self._schema, document, operation, **self._given(asked))
        executed = perf_counter()
        body = orjson.dumps(told)
        if "data" in told:
            body = body[:-1] + self._admission.told(cost)
        seconds = {"execute": executed - began, "encode": perf_counter() - executed}
        return Answer(body=body, executed="data" in told, way=Way.ORDINARY, seconds=seconds)

    async def _planned(
        self, plans: Plans, document: Document, asked: GraphQLRequest, caller: Caller, cost: int
    ) -> Answer | None:
        """Return a plan's response; None where the ordinary way must be gone, or where it knows the error."""
        began = perf_counter()
        actor = await caller.actor()
        try:
            read = plans.find(document, asked.operation_name, asked.variables, visibility_class(actor))
        except NotPlanned as reason:
            log.debug("operation.not_planned", reason=str(reason))
            return None
        plan = read.plan
        if plan.for_technicians and actor.technician_id is None:
            return None
        arguments = plan.arguments(actor, read.values, self._shared)
        found = perf_counter()
        try:
            data = await self._pool.fetch(actor.organization_id, plan.sql, arguments)
        except ReadFailed as error:
            log.warning("operation.plan_failed", exc_info=error)
            return None
        read_at = perf_counter()
        # Something that must be there is not: how to say so is the ordinary way's business.
        if MISSING in data:
            return None
        body = b'{"data":' + data + self._admission.told(cost)
        seconds = {"plan": found - began, "sql": read_at - found, "encode": perf_counter() - read_at}
        return Answer(body=body, executed=True, way=Way.PLAN, seconds=seconds)


def shared_values(codec: CursorCodec, epoch: UUID, clock: Callable[[], datetime]) -> Mapping[str, Any]:
    """Return the parameters of plans that the process knows: what event cursors are made of, and the time."""
    inner, outer = codec.pads

    def start(actor: Actor) -> bytes:
        return codec.start(actor.organization_id, epoch)

    return {"cursor_start": start, "cursor_inner": inner, "cursor_outer": outer, "now": lambda _actor: clock()}
