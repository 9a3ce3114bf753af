"""Erasing what the log says of a locked person."""

from uuid import UUID

from app.db.personal import Person, erase_addresses, erase_events, log_head
from app.services.change import Change
from app.services.privacy.erasing.rows import Subjects

_SUBJECTS_AT_ONCE = 500
_POSITIONS_AT_ONCE = 50_000


async def erase_log(change: Change, person: Person, noted: UUID, subjects: Subjects) -> int:
    """Let events about these rows, and those by the person, lose what is personal; return how many did.

    Guard: most of it is done without any lock, as events are never changed otherwise. What others append meanwhile is
    done under the lock of the log's head, which is held until the erasure is committed: who appends after that is seen
    by the database's own refusal.
    """
    so_far = await log_head(change.connection, person.organization_id, lock=False)
    erased = await _erase(change, person, noted, subjects, after=0, until=so_far)
    head = await log_head(change.connection, person.organization_id, lock=True)
    return erased + (await _erase(change, person, noted, subjects, after=so_far, until=head) if head > so_far else 0)


async def _erase(change: Change, person: Person, noted: UUID, subjects: Subjects, *, after: int, until: int) -> int:
    connection, erased = change.connection, 0
    for only, ids in subjects.items():
        for begin in range(0, len(ids), _SUBJECTS_AT_ONCE):
            some = ids[begin : begin + _SUBJECTS_AT_ONCE]
            erased += await erase_events(connection, noted, some, after=after, only=only)
    if person.user_id is not None:
        for begin in range(after, until, _POSITIONS_AT_ONCE):
            end = min(begin + _POSITIONS_AT_ONCE, until)
            erased += await erase_addresses(connection, noted, after=begin, until=end)
    return erased
