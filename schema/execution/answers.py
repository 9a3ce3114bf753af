"""An operation answered: which way it goes, and the response as the bytes that travel."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from time import perf_counter
from typing import Any
from uuid import UUID

import orjson
import structlog
from graphql import GraphQLSchema, OperationType

from app.db.read_pool import ReadFailed, ReadPool
from app.domain.calendar_addresses import CALENDAR_PATH, CalendarAddresses
from app.domain.cursors import CursorCodec
from app.domain.file_addresses import DOWNLOAD_PATH, FileAddresses
from app.domain.people import Actor
from app.domain.policy import visibility_class
from app.reads.statement.pieces import MARK_OF_MISSING as MISSING
from schema.execution.admission import Admission
from schema.execution.callers import Caller
from schema.execution.executing import run
from schema.execution.failures import code_of_first
from schema.execution.key_scopes import check_operation
from schema.execution.planning import Plans, Questions
from schema.execution.preparing import Prepared
from schema.execution.requests import GraphQLRequest
from schema.execution.selecting import NotPlanned

log = structlog.get_logger(__name__)


class Way(StrEnum):
    """How an operation came to its response."""

    # One statement wrote the response.
    PLAN = "plan"
    # Resolvers, field by field.
    ORDINARY = "ordinary"


# Not frozen, as one is made for every request and freezing triples what that takes.
@dataclass(slots=True, eq=False)
class Answer:
    """A response: its JSON text in UTF-8, and how it came about.

    `executed` is false where execution did not begin, so that there is no `data`. `code` is that of the first error,
    OK where there is none. `steps` tells what was done, by name, and when it was over, on the clock of which `began` is
    the start.
    """

    body: bytes
    executed: bool
    way: Way
    began: float
    steps: tuple[tuple[str, float], ...]
    code: str = "OK"

    @property
    def seconds(self) -> float:
        """How long everything took."""
        return self.steps[-1][1] - self.began


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

    async def answer(self, prepared: Prepared, caller: Caller) -> Answer:
        """Return the response to a query or mutation that may be executed.

        Whoever waits for a query ends it after `timeout_seconds`; what began to write goes on.

        Raises:
            TooLarge, Throttled: it costs too much, at all or at the moment.
            ScopeMissing: the caller's API key does not open it.
            UnknownUser, and whatever keeps the database from being asked.
        """
        if prepared.operation is None:
            raise LookupError("the document has no such operation")
        self._admission.admit(prepared, caller)
        if caller.claims.key_id is not None:
            check_operation(prepared, await caller.actor())
        if self._plans is not None and prepared.operation.kind is OperationType.QUERY:
            answer = await self._planned(self._plans, prepared, caller)
            if answer is not None:
                return answer
        return await self._ordinary(prepared, caller)

    def _given(self, asked: GraphQLRequest) -> dict[str, Any]:
        return {"variables": asked.variables, "name": asked.operation_name, "suggestions": self._suggestions}

    async def _ordinary(self, prepared: Prepared, caller: Caller) -> Answer:
        began = perf_counter()
        operation = await caller.operation()
        told = await run(self._schema, prepared.document, operation, **self._given(prepared.asked))
        executed = perf_counter()
        body = orjson.dumps(told)
        if "data" in told:
            body = body[:-1] + self._admission.told(prepared.cost)
        steps = (("execute", executed), ("encode", perf_counter()))
        return Answer(body, "data" in told, Way.ORDINARY, began, steps, code_of_first(told.get("errors")))

    async def _planned(self, plans: Plans, prepared: Prepared, caller: Caller) -> Answer | None:
        """Return a plan's response; None where the ordinary way must be gone, or where it knows the error."""
        began = perf_counter()
        actor = await caller.actor()
        try:
            questions = _questions(plans, prepared)
            plan = plans.find(questions, visibility_class(actor))
        except NotPlanned as reason:
            log.debug("operation.not_planned", reason=str(reason))
            return None
        if plan.for_technicians and actor.technician_id is None:
            return None
        arguments = plan.arguments(actor, questions.values, self._shared)
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
        body = b'{"data":' + data + self._admission.told(prepared.cost)
        return Answer(body, True, Way.PLAN, began, (("plan", found), ("sql", read_at), ("encode", perf_counter())))


def _questions(plans: Plans, prepared: Prepared) -> Questions:
    """Return what a request asks, found out once. Raises NotPlanned."""
    questions = prepared.questions
    if questions is None:
        asked = prepared.asked
        try:
            questions = plans.ask(prepared.document, asked.operation_name, asked.variables)
        except NotPlanned as reason:
            questions = str(reason)
        prepared.questions = questions
    if isinstance(questions, str):
        raise NotPlanned(questions)
    return questions


def shared_values(
    codec: CursorCodec, epoch: UUID, clock: Callable[[], datetime], addresses: FileAddresses
) -> Mapping[str, Any]:
    """Return the parameters of plans that the process knows: what cursors and addresses are made of, and the time."""
    inner, outer = codec.pads

    def start(actor: Actor) -> bytes:
        return codec.start(actor.organization_id, epoch)

    file_inner, file_outer = addresses.pads
    calendars = CalendarAddresses.beside(addresses)
    calendar_inner, calendar_outer = calendars.pads
    return {
        "cursor_start": start,
        "cursor_inner": inner,
        "cursor_outer": outer,
        "file_base": f"{addresses.base}{DOWNLOAD_PATH}",
        "file_start": lambda actor: addresses.start(actor.organization_id),
        "file_inner": file_inner,
        "file_outer": file_outer,
        "calendar_base": f"{calendars.base}{CALENDAR_PATH}",
        "feed_start": lambda actor: calendars.start_of_feeds(actor.organization_id),
        "entry_start": lambda actor: calendars.start_of_entries(actor.organization_id),
        "calendar_inner": calendar_inner,
        "calendar_outer": calendar_outer,
        "now": lambda _actor: clock(),
    }
