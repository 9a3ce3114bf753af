"""Others' rows that name somebody, whose words are erased along with that person's data."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa

from app.db.personal import Person, rows_of
from app.db.tables.families import TABLES
from app.db.tables.tickets import comments, tickets
from app.domain.mentions import free_text
from app.domain.privacy.register import REGISTER
from app.domain.refusals import NotFound
from app.services.change import Change
from app.services.privacy.erasing.finding import among
from app.services.privacy.erasing.rows import Subjects, erase_some


async def tickets_of(change: Change, along: Mapping[str, Sequence[UUID]]) -> frozenset[UUID]:
    """Return the tickets of rows that are to go along, by table, which are to be locked. Raises NotFound."""
    found: dict[UUID, UUID] = {}
    for name, ids in along.items():
        table = TABLES[name]
        ticket_id = tickets.c.id if table is tickets else comments.c.ticket_id
        query = sa.select(table.c.id, ticket_id).where(among(table, change.actor.organization_id, ids))
        found |= {row[0]: row[1] for row in await change.connection.execute(query)}
        if not found.keys() >= set(ids):
            raise NotFound(field=("alsoIn",), kind=name.removesuffix("s"))
    return frozenset(found.values())


async def erase_along(
    change: Change, person: Person, along: Mapping[str, Sequence[UUID]]
) -> tuple[Mapping[str, int], Subjects]:
    """Erase all free text of these rows, by table; return how many there were, and their subjects.

    What is the person's own among them has gone already.

    Guard: the locks of `lock_person` on their tickets, then each row's own.
    """
    counts: dict[str, int] = {}
    subjects: dict[frozenset[str] | None, list[UUID]] = {}
    for name, ids in along.items():
        declared = REGISTER[name]
        words, others = free_text(declared), rows_of(person, declared, erased=True).is_not(True)
        gone = await erase_some(
            change, person, declared, among(TABLES[name], person.organization_id, ids) & others, words
        )
        counts[name] = len(gone)
        subjects.setdefault(words, []).extend(gone)
    return counts, subjects
