"""Subscriptions as they are followed: alone until one has caught up, from then on with all who are told the same.

What was missed is executed for each reader, at their own pace. What happens after that is executed and
written once for a group, and handed to each reader's outlet.
"""

import asyncio
import re
from collections.abc import Hashable
from contextlib import ExitStack, aclosing

import orjson
import structlog
from graphql import FieldNode, GraphQLSchema, VariableNode

from app.auth.actors import UnknownUser
from app.auth.attendance import Attendance
from app.db.transaction import UNREACHABLE
from app.domain.people import Actor
from app.domain.policy import visibility_class
from app.live.groups import Groups, Member, Outlet, Parting
from app.live.replay import Ready, Reset, ResetReason
from app.metrics.figures import Figures
from resolvers.streams import rights
from schema.execution.admission import Admission, Throttled
from schema.execution.callers import Caller
from schema.execution.caps import Caps, TooMany
from schema.execution.key_scopes import check_operation
from schema.execution.memory import Memory
from schema.execution.personal import is_personal
from schema.execution.planning import Plans
from schema.execution.preparing import Prepared
from schema.execution.telling import Alone, NotBegun, Telling, begun, ended
from schema.execution.traced import Traced

_MOST_JUDGED = 1000
_RETRY_SECONDS = 0.5
# When somebody who follows too much may find that something has ended.
_FULL_SECONDS = 30

log = structlog.get_logger(__name__)


class Feeds:
    """Follows subscriptions for one process."""

    def __init__(
        self,
        schema: GraphQLSchema,
        plans: Plans | None,
        groups: Groups,
        attendance: Attendance,
        admission: Admission,
        caps: Caps,
        *,
        suggestions: bool,
        figures: Figures,
    ) -> None:
        self.groups = groups
        self.figures = figures
        self._schema = schema
        self._plans = plans
        self._attendance = attendance
        self._admission = admission
        self._caps = caps
        self._suggestions = suggestions
        self._personal: Memory[Hashable, tuple[bool]] = Memory(entries=_MOST_JUDGED, weight=_MOST_JUDGED)

    async def follow(self, prepared: Prepared, caller: Caller, outlet: Outlet, *, after: str | None = None) -> None:
        """Tell an outlet what a subscription tells, until there is nothing more to tell.

        With `after` it begins behind this cursor, whatever the operation says.

        Raises:
            NotBegun: it is not executed, for these errors.
            TooLarge, Throttled: it costs too much, at all or at the moment, or the caller follows too much already.
            ScopeMissing: the caller's API key does not open it.
            UnknownUser: the caller may not come in, or no longer.
        """
        with ExitStack() as followed:
            # What is told from then on is told to many, and for long.
            with Traced(caller.process.traces, prepared):
                telling = await self._begun(prepared, caller, followed)
            await self._follow(prepared, caller, telling, outlet, after)

    async def _begun(self, prepared: Prepared, caller: Caller, followed: ExitStack) -> Telling | Alone:
        try:
            followed.enter_context(self._caps.of_caller(caller))
        except TooMany as full:
            raise Throttled(_FULL_SECONDS, f"{full.most} subscriptions are open, the most for {full.whose}") from full
        self._admission.admit(prepared, caller)
        if caller.claims.key_id is not None:
            check_operation(prepared, await caller.actor())
        return await self.begin(prepared, caller)

    async def _follow(
        self, prepared: Prepared, caller: Caller, telling: Telling | Alone, outlet: Outlet, after: str | None
    ) -> None:
        if isinstance(telling, Alone):
            await telling.run(outlet)
            return
        if after is not None:
            telling.begin_after(after)
        reader = _Reader(self, prepared, caller, telling, outlet)
        with self._attendance.attending(caller.claims, caller.source, caller.ip, reader.look):
            await reader.run()

    async def begin(self, prepared: Prepared, caller: Caller) -> Telling | Alone:
        """Return a subscription as it is told to one caller. Raises NotBegun and UnknownUser."""
        return await begun(self._schema, prepared, await caller.operation(), suggestions=self._suggestions)

    def key(self, prepared: Prepared, actor: Actor) -> Hashable:
        """Return what names the group of an actor: two with one key are told the same."""
        asked, visibility = prepared.asked, visibility_class(actor)
        shape = _shape(prepared)
        judged = (asked.query, asked.operation_name, visibility, shape)
        personal = self._personal.get(judged)
        if personal is None:
            personal = (is_personal(self._plans, prepared, visibility),)
            self._personal.put(judged, personal, 1)
        person = actor.user_id if personal[0] else None
        return (actor.organization_id, asked.query, asked.operation_name, shape, rights(actor), person)


class _Reader:
    """One subscription of one caller, from its first message to its last."""

    def __init__(self, feeds: Feeds, prepared: Prepared, caller: Caller, telling: Telling, outlet: Outlet) -> None:
        self._feeds = feeds
        self._prepared = prepared
        self._caller = caller
        self._telling = telling
        self._outlet = outlet
        self._member: Member | None = None
        self._position = 0
        self._ready = False
        # What the last look at everybody's rights found of this caller's.
        self._seen: tuple[Hashable] | None = None

    def look(self, actor: Actor | None) -> None:
        """Leave the group at once when the caller is no longer who its members are."""
        self._seen = (None if actor is None else rights(actor),)
        self._leave_if_changed()

    def _leave_if_changed(self) -> None:
        if self._member is not None and self._seen not in {None, (rights(self._actor),)}:
            self._member.leave()

    @property
    def _actor(self) -> Actor:
        return self._telling.operation.actor

    async def run(self) -> None:
        """Tell the outlet everything. Raises UnknownUser when the caller may no longer come in."""
        start: int | None = None
        try:
            while True:
                try:
                    start = await self._on(start)
                except UNREACHABLE as lost:
                    if not self._ready:
                        raise
                    # Whoever lives on events outlives a database that is away for a while.
                    log.warning("feed.interrupted", reason=type(lost).__name__)
                    await asyncio.sleep(_RETRY_SECONDS)
                    start = self._position
        except UnknownUser:
            raise
        except NotBegun as refused:
            await self._outlet.send(ended(self._position, refused.errors))
        except Exception as error:  # noqa: BLE001  # the source of events failed: told, logged, and over
            await self._outlet.send(self._telling.failed(error, self._position))
        finally:
            await self._telling.operation.close()

    async def _on(self, start: int | None) -> int:
        """Go on alone, then with a group; return where to go on once that is over."""
        member = await self._alone(start)
        try:
            parting = await member.over
        finally:
            member.leave()
            self._member = None
            self._position = member.position
        return await self._skip() if parting is Parting.LAGGED else member.position

    async def _alone(self, start: int | None) -> Member:
        """Go on alone until a group can be joined; return the place in it."""
        telling = self._telling
        async with aclosing(telling.stream.steps(start)) as steps:
            async for step, message in steps:
                if message is not None:
                    if isinstance(message, Reset):
                        self._feeds.figures.resets.add(message.reason)
                    await self._outlet.send(await telling.told(message))
                self._position = step.position
                self._ready = self._ready or isinstance(step, Ready)
                # After a reset it is not yet known whether the caller may go on.
                if (
                    self._ready
                    and not isinstance(message, Reset)
                    and (member := await self._joined(step.position)) is not None
                ):
                    return member
        raise RuntimeError("a log never ends")

    async def _joined(self, position: int) -> Member | None:
        actor = self._actor
        groups, key = self._feeds.groups, self._feeds.key(self._prepared, actor)
        words = None
        if not groups.has(key):
            # The group's own, since this reader may leave before it ends.
            telling = await self._feeds.begin(self._prepared, self._caller)
            if isinstance(telling, Alone) or rights(telling.operation.actor) != rights(actor):
                return None
            words = telling.words
        self._member = groups.join(key, actor.organization_id, position, self._outlet, words)
        # There may have been a look since this reader last found out who the caller is.
        self._leave_if_changed()
        return self._member

    async def _skip(self) -> int:
        """Say that something was left out, and return where it goes on."""
        # What is left out is everything until then, in one piece.
        await self._outlet.emptied()
        operation = self._telling.operation
        head = await operation.process.log.place(operation.actor.organization_id, None)
        position = head if isinstance(head, int) else head.position
        await operation.renew()
        self._feeds.figures.resets.add(ResetReason.LAGGED)
        await self._outlet.send(await self._telling.told(Reset(position, ResetReason.LAGGED)))
        self._position = position
        return position


def _shape(prepared: Prepared) -> bytes:
    """Return the variables as JSON, without the one that only says from where the client goes on."""
    variables = dict(prepared.asked.variables or {})
    root = None if prepared.operation is None else prepared.operation.node.selection_set.selections[0]
    if isinstance(root, FieldNode):
        for argument in root.arguments or ():
            if argument.name.value == "after" and isinstance(argument.value, VariableNode):
                name = argument.value.name.value
                # Where it is declared and here, and nowhere else.
                if len(re.findall(rf"\${name}\b", prepared.asked.query)) == 2:
                    variables.pop(name, None)
    return orjson.dumps(variables, option=orjson.OPT_SORT_KEYS)
