"""What is kept of a user or a customer is erased; what happened, when and how often, stays."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from app.db.tables.customers import customers
from app.db.tables.deliveries import calendar_feeds
from app.db.tables.people import technicians, users
from app.db.tables.privacy import erasures
from app.domain.erasures import Erased, ErasureReason, ErasureSubject, erasure_event
from app.domain.events import Concerned, EventType, FieldChange, NewEvent, plain
from app.domain.people import Actor, Role
from app.domain.policy import Action, Standing
from app.domain.refusals import Forbidden, StillRunning
from app.services.access.api_keys import end_keys
from app.services.administration.users import check_another_governs
from app.services.change import Change
from app.services.perform import Writer, Written, perform
from app.services.privacy.erasing.along import erase_along, tickets_of
from app.services.privacy.erasing.events import erase_log
from app.services.privacy.erasing.finding import Found, lock_person
from app.services.privacy.erasing.naming import named_by_others
from app.services.privacy.erasing.obstacles import obstacles_of
from app.services.privacy.erasing.rows import call_off_letters, erase_person
from app.services.situations import require


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasePersonalData:
    """Whose data, and why; with `dry_run` nothing is written, and it is told how many rows there are.

    All words of others' rows in `along`, by table, go too.
    """

    subject: ErasureSubject
    id: UUID
    reason: ErasureReason
    along: Mapping[str, tuple[UUID, ...]] = field(default_factory=dict)
    expected_version: int | None = None
    dry_run: bool = False
    idempotency_key: str | None = None


async def erase_personal_data(writer: Writer, actor: Actor, command: ErasePersonalData) -> Written:
    """Put tombstones in the place of what is personal, in rows and in the log; may be repeated.

    A user can never log in again; their keys, calendars, feeds and letters end; files go once nobody else refers to
    them. Where others still name them is told, and left as it is, but for what goes `along`.

    Guard: the locks of `lock_person`, `erase_person` and `erase_log`, and that of the organisation's administrators;
    the database refuses what comes too late.

    Raises:
        Forbidden: the actor is no ADMIN, or it is the actor.
        Invalid: it is the last active ADMIN, because the actor has ceased to be one meanwhile.
        NotFound: there is no such user or customer, or no such row to go along.
        StaleVersion: it has another version than the client has read.
        StillRunning: something of theirs is not over yet.
    """

    async def work(change: Change) -> dict[str, UUID]:
        require(change.actor, Action.ERASE_PERSON, Standing(), words="erase anybody's data")
        if command.id == change.actor.user_id:
            raise Forbidden(field=("userId",), action="erase your own data; let another ADMIN do it")
        whose = (command.subject, command.id)
        others = await tickets_of(change, command.along)
        mentions = await named_by_others(change, *whose, command.along)
        found = await lock_person(change, *whose, command.expected_version, others)
        running = await obstacles_of(change, found.person)
        if running:
            kind = found.subject.kind.lower()
            raise StillRunning(field=(f"{kind}Id",), kind=kind, obstacles=running)
        await _note(change, found, command.reason)
        await _end(change, found)
        await call_off_letters(change, found.person)
        counts, subjects = await erase_person(change, found.person)
        along, words = await erase_along(change, found.person, command.along)
        total = Counter(counts) + Counter(along)
        total["events"] = await erase_log(change, found.person, found.id, {**subjects, **words})
        change.erased = Erased(rows=total, mentions=mentions)
        return {}

    return await perform(writer, actor, "erasePersonalData", command, work, rehearsal=command.dry_run)


async def _note(change: Change, found: Found, reason: ErasureReason) -> None:
    """Note whose data goes, by key: the log's functions ask for it, and so does whatever would be written later."""
    whose = {found.subject: found.id}
    if found.person.technician_id is not None:
        whose[ErasureSubject.TECHNICIAN] = found.person.technician_id
    rows = [
        {
            "organization_id": found.person.organization_id,
            "id": change.new_id(),
            "kind": subject,
            "subject_id": id_,
            "reason": reason,
            "change_id": change.id,
            "erased_by": change.actor.user_id,
            "erased_at": change.now,
        }
        for subject, id_ in whose.items()
    ]
    await change.connection.execute(sa.insert(erasures), rows)


async def _end(change: Change, found: Found) -> None:
    """Let a user come in no more, and tell of the erasure."""
    if found.subject is ErasureSubject.CUSTOMER:
        await _end_customer(change, found)
        return
    of = users.c
    mine = (of.organization_id == found.person.organization_id, of.id == found.id)
    before = (await change.connection.execute(sa.select(of.active, of.roles, of.tokens_revoked_at).where(*mine))).one()
    if before.active and Role.ADMIN in before.roles:
        await check_another_governs(change, found.id, "userId")
    revoked_at = max(change.now, before.tokens_revoked_at or change.now)
    await change.connection.execute(sa.update(users).where(*mine).values(active=False, tokens_revoked_at=revoked_at))
    changes = (
        FieldChange(field="active", old=before.active, new=False),
        FieldChange(field="tokens_revoked_at", old=plain(before.tokens_revoked_at), new=plain(revoked_at)),
    )
    change.tell(erasure_event(found.subject, found.id, found.version + 1, changes, at=change.now))
    await end_keys(change, found.id)
    if found.person.technician_id is not None:
        await _end_technician(change, found.person.organization_id, found.person.technician_id)


async def _end_customer(change: Change, found: Found) -> None:
    of = customers.c
    mine = (of.organization_id == found.person.organization_id, of.id == found.id)
    was_active = await change.connection.scalar(sa.select(of.active).where(*mine))
    await change.connection.execute(sa.update(customers).where(*mine).values(active=False))
    changes = (FieldChange(field="active", old=was_active, new=False),)
    change.tell(erasure_event(found.subject, found.id, found.version + 1, changes, at=change.now))


async def _end_technician(change: Change, organization_id: UUID, technician_id: UUID) -> None:
    of = technicians.c
    mine = (of.organization_id == organization_id, of.id == technician_id)
    before = (await change.connection.execute(sa.select(of.active, of.version).where(*mine))).one()
    await change.connection.execute(sa.update(technicians).where(*mine).values(active=False))
    first = insert(calendar_feeds).values(
        organization_id=organization_id, technician_id=technician_id, generation=1, updated_at=change.now
    )
    await change.connection.execute(
        first.on_conflict_do_update(
            index_elements=["organization_id", "technician_id"],
            set_={"generation": calendar_feeds.c.generation + 1, "updated_at": change.now},
        )
    )
    change.tell(
        NewEvent(
            type=EventType.RECORD_CHANGED,
            kind=ErasureSubject.TECHNICIAN.kind,
            id=technician_id,
            version=before.version + 1,
            occurred_at=change.now,
            before=Concerned(),
            after=Concerned(),
            changes=(FieldChange(field="active", old=before.active, new=False),),
        )
    )
