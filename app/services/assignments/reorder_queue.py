"""Someone puts a technician's queue into an order of their own."""

from dataclasses import dataclass
from uuid import UUID

from app.domain.people import Actor
from app.domain.refusals import Invalid
from app.services.assignments.queue_order import MOST_PINNED, locked_queue, pin
from app.services.change import Change
from app.services.perform import Writer, Written, perform


@dataclass(frozen=True, slots=True, kw_only=True)
class ReorderQueue:
    """Whose queue, and its jobs in the order wanted, at most 100; those not named go where the rules put them."""

    technician_id: UUID
    assignment_ids: tuple[UUID, ...]
    expected_version: int
    idempotency_key: str | None = None


async def reorder_queue(writer: Writer, actor: Actor, command: ReorderQueue) -> Written:
    """Pin the jobs named in their order and no others. Ids: technician.

    Jobs under way stay before them. A job's version stays, as nothing of the job changes.

    Guard: the row locks of the queue's jobs, by id, then the technician's advisory lock, under which no job is
    given to them; the queue's version is compared then.
    """

    async def work(change: Change) -> dict[str, UUID]:
        wanted = command.assignment_ids
        if len(wanted) > MOST_PINNED:
            raise Invalid(field=("orderedAssignmentIds",), problem=f"At most {MOST_PINNED} jobs are put in order.")
        if len(set(wanted)) != len(wanted):
            raise Invalid(field=("orderedAssignmentIds",), problem="Each job is named once.")
        queue = await locked_queue(change, command.technician_id, command.expected_version)
        strangers = [at for at, each in enumerate(wanted) if each not in queue]
        if strangers:
            field = ("orderedAssignmentIds", str(strangers[0]))
            raise Invalid(field=field, problem="This is no active job of the technician.")
        await pin(change, command.technician_id, queue, {each: at for at, each in enumerate(wanted, start=1)})
        return {"technician": command.technician_id}

    return await perform(writer, actor, "reorderQueue", command, work)
