"""Who is named in others' words, before their name is erased."""

from collections.abc import Collection, Mapping
from uuid import UUID

import sqlalchemy as sa

from app.db.mentions import mentions_of
from app.db.tables.customers import customers
from app.db.tables.people import users
from app.domain.erasures import ErasureSubject
from app.domain.mentions import Mentions, spellings
from app.services.change import Change
from app.services.privacy.erasing.finding import person_of


async def named_by_others(
    change: Change, subject: ErasureSubject, id_: UUID, besides: Mapping[str, Collection[UUID]]
) -> tuple[Mentions, ...]:
    """Return where a user's name or address, or a customer's name, stands in rows that are not theirs, nor `besides`.

    It is looked for before anything is locked, since every word of the organisation's is looked at; what others write
    meanwhile is not among it. Of nobody, and of whoever was erased before, there is nothing.

    Guard: none.
    """
    person, of = await person_of(change, subject, id_), customers.c
    query = sa.select(of.name).where(of.organization_id == person.organization_id, of.id == id_)
    if subject is ErasureSubject.USER:
        of = users.c
        query = sa.select(of.name, of.email).where(of.organization_id == person.organization_id, of.id == id_)
    row = (await change.connection.execute(query)).one_or_none()
    return await mentions_of(change.connection, person, spellings(row or ()), besides)
