"""Questions answered in the ordinary way: through the operation's loaders, field by field."""

from datetime import date
from typing import Any

from app.domain.people import Role
from app.domain.policy import Action, Standing, may
from app.domain.refusals import Forbidden, NotFound
from app.reads import entities
from app.reads import questions as ask
from app.reads.filters import conditions_of
from app.reads.lists import load_list
from app.reads.pages import Placed
from app.reads.questions import Own, Question
from resolvers import boards, cursors, queues
from resolvers.context import Operation


async def answer(operation: Operation, parent: Any, question: Question) -> Any:
    """Return the answer to a field's question about its parent.

    Raises:
        Forbidden: the question is for technicians, for staff, or for dispatchers.
        NotFound: the technician whose queue is asked for is not there.
    """
    loaders = operation.loaders
    match question:
        case ask.ToOne(relation):
            return await loaders.one(relation, parent)
        case ask.ToAll(relation):
            return (await loaders.many(relation, parent)).nodes
        case ask.Through(relation, column):
            row = await loaders.one(relation, parent)
            return None if row is None else row[column]
        case ask.Children(relation, window):
            return await loaders.many(relation, parent, window)
        case ask.Computed(expression):
            return await loaders.computed(parent, expression)
        case ask.ByKey(entity, key):
            return await loaders.row(entity, key)
        case ask.ByValue(relation, value):
            return await loaders.found(relation, value)
        case ask.ByKeys(_, kinds, keys):
            return [await loaders.row(entities.NODES[kind], key) for kind, key in zip(kinds, keys, strict=True)]
        case ask.Listing():
            return await _listing(operation, question)
        case ask.JobQueue() | ask.QueueOfRow() | ask.QueueOfLane():
            return await _part_of_queue(operation, parent, question)
        case ask.Board():
            return await boards.board_of(operation, question)
        case _:
            return await _of_viewer(operation, question)


def own(operation: Operation, whose: Own) -> Any:
    """Return the viewer's own id, None where they have none of the kind."""
    actor = operation.actor
    match whose:
        case Own.USER:
            return actor.user_id
        case Own.TECHNICIAN:
            return actor.technician_id
        case Own.ORGANIZATION:
            return actor.organization_id


async def _of_viewer(operation: Operation, question: Question) -> Any:
    match question:
        case ask.OwnRow(entity, whose):
            key = own(operation, whose)
            return None if key is None else await operation.loaders.row(entity, key)
        case ask.OwnAll(relation, whose):
            key = own(operation, whose)
            return [] if key is None else (await operation.loaders.all_of(relation, key)).nodes
        case ask.Head():
            return await cursors.present(operation)
        case ask.OwnRoles():
            return [role for role in Role if role in operation.actor.roles]
        case _:
            raise TypeError(f"{type(question).__name__} is answered by the field itself")


async def _listing(operation: Operation, question: ask.Listing) -> Any:
    conditions = list(conditions_of(question.wanted, operation.reader.visibility))
    if question.own:
        if operation.actor.technician_id is None:
            raise Forbidden(action="have jobs, being no technician")
        conditions.append(question.entity.table.c.technician_id == operation.actor.technician_id)
    return await load_list(
        operation.reader,
        question.entity,
        question.order,
        question.window,
        *conditions,
        search=question.search,
        values={"now": operation.process.clock()},
    )


async def _part_of_queue(
    operation: Operation, parent: Any, question: ask.JobQueue | ask.QueueOfRow | ask.QueueOfLane
) -> Any:
    match question:
        case ask.JobQueue(technician_id, window, day):
            return await _queue(operation, technician_id, window, day)
        case ask.QueueOfRow(window, day):
            return await queues.queue_of(operation, parent, window, day=day) if _sees_queues(operation) else None
        case ask.QueueOfLane(window):
            # Whoever stands on a board may see it.
            return await queues.queue_of(operation, parent.technician, window, parent.territory_ids)


async def _queue(operation: Operation, technician_id: Any, window: Placed, day: date | None) -> Any:
    wanted = technician_id or operation.actor.technician_id
    if wanted is None:
        raise Forbidden(field=("technicianId",), action="have a queue, being no technician")
    technician = await operation.loaders.row(entities.TECHNICIAN, wanted)
    if technician is None:
        raise NotFound(field=("technicianId",), kind="technician")
    if not _sees_queues(operation):
        raise Forbidden(action="see technicians' queues")
    return await queues.queue_of(operation, technician, window, day=day)


def _sees_queues(operation: Operation) -> bool:
    return may(operation.actor, Action.VIEW_QUEUE, Standing())
