"""The import: what an older platform has, batch by batch, each batch one transaction with its log."""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid_utils.compat import uuid7

from app.db import queue_versions, records
from app.db.journal import Hand, Journal
from app.db.legacy_source import LegacySource
from app.db.tables.assignments import assignment_parts, assignments
from app.db.tables.customers import assets, customers
from app.db.tables.people import technicians
from app.db.tables.tickets import tickets
from app.domain.assignments import AssignmentStatus
from app.domain.events import EventType, FieldChange, plain
from app.domain.people import EventSource
from app.domain.situations import Situation, job_event, ticket_event
from app.domain.tickets import Ticket
from app.legacy import memory
from app.legacy.assignment_service import AssignmentService
from app.legacy.dispatch_service import DispatchService
from app.legacy.people import (
    REQUESTER,
    Registry,
    busy_technicians,
    by_external_id,
    teams_of_technicians,
)
from app.legacy.platforms import OldPlatform, OldTicket, Platform
from app.legacy.report import Report
from app.legacy.ticket_platform import TicketPlatform
from app.legacy.tickets import TicketMaker, created_at
from app.legacy.turns import OldTurn, Settled, parts_of, read_turns, resting, settle
from app.legacy.values import text_of

Progress = Callable[[str, int, int], None]
BATCH = 2_000
_FILLED = ("tickets", "assignments", "events", "legacy_rows", "technicians", "users", "customers", "assets")
_HAND = Hand(user_id=None, source=EventSource.INTEGRATION)


class NothingToImport(Exception):
    """The database has none of the tables of an older platform."""


async def import_all(
    engine: AsyncEngine,
    organization_id: UUID,
    source: LegacySource,
    *,
    now: datetime,
    progress: Progress,
    dry: bool = False,
    batch: int = BATCH,
) -> Mapping[Platform, Report]:
    """Import every older platform that is in the source; return what came of each.

    What came over before is known and left alone, so a second run adds nothing, and one that was cut
    short is gone on with. `dry` finds everything out and writes nothing.

    Guard: a lock on the organisation's imports, held by each batch; so two at once share the work.

    Raises:
        NothingToImport: none of the tables is there.
    """
    found: Sequence[OldPlatform | None] = (
        TicketPlatform.within(source),
        AssignmentService.within(source),
        DispatchService.within(source, now),
    )
    reports: dict[Platform, Report] = {}
    with _without_collecting():
        for old in found:
            if old is not None:
                run = _Import(engine=engine, organization_id=organization_id, old=old, now=now, dry=dry, batch=batch)
                await run.carry_out(progress)
                reports[old.platform] = run.report
    if not reports:
        raise NothingToImport
    if not dry:
        # As the login itself: only the owner of a table may analyse it.
        async with engine.connect() as plain:
            await plain.execute(sa.text(f"ANALYZE {', '.join(_FILLED)}"))
            await plain.commit()
    return reports


@contextmanager
def _without_collecting() -> Iterator[None]:
    # Nothing here makes cycles, and looking for them costs a tenth of the time.
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@dataclass(slots=True, kw_only=True)
class _Import:
    """One platform's way into an organisation."""

    engine: AsyncEngine
    organization_id: UUID
    old: OldPlatform
    now: datetime
    dry: bool
    batch: int
    report: Report = field(default_factory=Report)
    technicians: dict[str, UUID] = field(default_factory=dict)
    customers: dict[str, UUID] = field(default_factory=dict)
    requester_id: UUID | None = None
    assets: dict[str, UUID] = field(default_factory=dict)
    teams: dict[UUID, UUID] = field(default_factory=dict)
    greatest: Mapping[int, int] = field(default_factory=dict)
    given: set[str] = field(default_factory=set)
    # Technicians who have a job in progress; None where they may have several.
    running: set[UUID] | None = None

    async def carry_out(self, progress: Progress) -> None:
        """Import the platform."""
        await self._import_people()
        self.greatest = await self.old.numbers()
        total, done = await self.old.count(), 0
        async for batch in self.old.batches(self.batch, self.report):
            await self._import_batch(batch)
            done += len(batch)
            progress(f"{self.old.platform}", done, total)

    # People

    async def _import_people(self) -> None:
        engineers, whom = await self.old.engineers(), await self.old.customers()
        async with self._transaction() as connection:
            self.running = await busy_technicians(connection, self.organization_id)
            self.teams = await teams_of_technicians(connection, self.organization_id)
            self.technicians = await self._known(
                connection, "Technician", technicians, [each.key for each in engineers]
            )
            self.customers = await self._known(connection, "Customer", customers, [each.key for each in whom])
            requester = await memory.recall(connection, self.organization_id, self.old.platform, "User", [REQUESTER])
            journal = await self._journal(connection)
            registry = Registry(journal, _HAND, self.now)
            tiers = {**dict.fromkeys((each.tier_level for each in engineers), None), **await self.old.tiers()}
            update = await registry.tiers(connection, tiers)
            new_people = {each.key: registry.technician(each) for each in engineers if each.key not in self.technicians}
            new_clients = {each.key: registry.customer(each) for each in whom if each.key not in self.customers}
            self.technicians.update(new_people)
            self.customers.update(new_clients)
            self.requester_id = requester.get(REQUESTER) or registry.requester()
            self._count("Technician", len(engineers), new_people)
            self._count("Customer", len(whom), new_clients)
            if self.dry:
                return
            if update is not None:
                await connection.execute(update)
            await memory.finish(connection, journal)
            became = {
                "Technician": self.technicians,
                "Customer": self.customers,
                "User": {REQUESTER: self.requester_id},
            }
            for kind, ids in became.items():
                rows = [(key, id_, None) for key, id_ in ids.items()]
                await memory.keep(connection, self.organization_id, self.old.platform, kind, rows)

    async def _known(
        self, connection: AsyncConnection, kind: str, table: sa.Table, keys: Sequence[str]
    ) -> dict[str, UUID]:
        """Return who came over before, or is here under the same key."""
        here = await by_external_id(connection, table, self.organization_id, keys)
        return {**here, **await memory.recall(connection, self.organization_id, self.old.platform, kind, keys)}

    def _count(self, kind: str, found: int, new: Mapping[str, UUID]) -> None:
        if found:
            self.report.found[kind] += found
            self.report.imported[kind] += len(new)
            self.report.known[kind] += found - len(new)

    # Tickets

    async def _import_batch(self, batch: Sequence[OldTicket]) -> None:
        self.report.found["Ticket"] += len(batch)
        async with self._transaction() as connection:
            keys = [each.key for each in batch]
            known = await memory.recall(connection, self.organization_id, self.old.platform, "Ticket", keys)
            self.report.known["Ticket"] += len(known)
            fresh = [each for each in batch if each.key not in known]
            if not fresh:
                return
            turns = {each.key: self._turns(each) for each in fresh}
            numbers = await memory.numbers(
                connection,
                self.organization_id,
                wanted=[number for each in fresh if (number := text_of(each.row.get("ticket_number")))],
                least=self.greatest,
                years={created_at(each.row, self.now).year for each in fresh},
                lock=not self.dry,
            )
            numbers.taken.update(self.given)
            standing = await self._standing(connection, fresh)
            if not self.dry:
                ends = [each[-1] for each in turns.values() if each]
                queues = {self.technicians[turn.engineer] for turn in ends if turn.status.is_active}
                await queue_versions.advance(connection, self.organization_id, queues)
            journal = await self._journal(connection)
            equipment = await self._equipment(connection, journal, turns.values())
            maker = TicketMaker(
                self.organization_id,
                requester_id=self._requester(),
                customers=self.customers,
                numbers=numbers,
                now=self.now,
                report=self.report,
            )
            kept: list[tuple[str, UUID, Any]] = []
            jobs: list[tuple[str, UUID, Any]] = []
            for each in fresh:
                ticket = standing.get(each.key)
                settled = self._settle(ticket or maker.make(each), turns[each.key], equipment)
                if ticket is None:
                    self._enter(journal, settled)
                else:
                    await self._attach(connection, journal, ticket, settled)
                self._enter_jobs(journal, settled, turns[each.key])
                last = str(settled.jobs[-1].id) if settled.jobs else None
                kept.append((each.key, settled.ticket.id, {"columns": each.kept, "last": last}))
                jobs += [(turn.key, job.id, None) for turn, job in zip(turns[each.key], settled.jobs, strict=True)]
            # What a dry run gives is not in the tables, where the next batch would find it.
            self.given |= numbers.given
            self.report.imported["Ticket"] += len(kept)
            self.report.imported["Assignment"] += len(jobs)
            if not self.dry:
                await memory.finish(connection, journal)
                await memory.keep(connection, self.organization_id, self.old.platform, "Ticket", kept)
                await memory.keep(connection, self.organization_id, self.old.platform, "Assignment", jobs)
                await memory.keep_numbers(connection, self.organization_id, numbers)

    def _turns(self, old: OldTicket) -> list[OldTurn]:
        self.report.found["Assignment"] += len(old.turns)
        return read_turns(old.turns, created_at(old.row, self.now), self.now, self.report)

    def _requester(self) -> UUID:
        if self.requester_id is None:
            raise RuntimeError("people come before tickets")
        return self.requester_id

    async def _standing(self, connection: AsyncConnection, fresh: list[OldTicket]) -> dict[str, Ticket]:
        """Return the tickets that are here already without a turn; take those that have one out of `fresh`."""
        if self.old.platform is not Platform.ASSIGNMENTS:
            return {}
        here = await memory.tickets_here(connection, self.organization_id, [each.key for each in fresh])
        where = (tickets.c.organization_id == self.organization_id, tickets.c.id.in_(here.values()))
        rows = await records.fetch(connection, tickets, Ticket, *where, order=(tickets.c.id,), lock=not self.dry)
        of = assignments.c
        query = sa.select(of.ticket_id).where(
            of.organization_id == self.organization_id, of.ticket_id.in_(here.values())
        )
        taken = set(await connection.scalars(query.distinct()))
        by_id = {row.id: row for row in rows}
        for each in [each for each in fresh if here.get(each.key) in by_id]:
            ticket = by_id[here[each.key]]
            if ticket.id in taken or ticket.deleted_at is not None:
                fresh.remove(each)
                why = "its ticket has turns here already" if ticket.id in taken else "its ticket is deleted here"
                self.report.skip("Ticket", why, each.key)
        return {key: by_id[id_] for key, id_ in here.items() if id_ in by_id}

    async def _equipment(
        self, connection: AsyncConnection, journal: Journal, turns: Iterable[Sequence[OldTurn]]
    ) -> Mapping[str, UUID]:
        keys = {key for of in turns for turn in of if (key := text_of(turn.row.get("equipment_id")))}
        unseen = keys - self.assets.keys()
        here = await by_external_id(connection, assets, self.organization_id, unseen)
        registry = Registry(journal, _HAND, self.now)
        new = {key: registry.asset(key) for key in sorted(unseen - here.keys())}
        self._count("Asset", len(unseen), new)
        self.assets.update(here | new)
        return self.assets

    def _settle(self, ticket: Ticket, turns: Sequence[OldTurn], equipment: Mapping[str, UUID]) -> Settled:
        keys = [key for turn in turns if (key := text_of(turn.row.get("equipment_id")))]
        if keys and ticket.asset_id is None:
            ticket = replace(ticket, asset_id=equipment[keys[-1]])
        settled = settle(
            ticket, turns, self.technicians, new_id=lambda _: uuid7(), now=self.now, report=self.report
        )  # fmt: skip
        job = settled.active
        if self.running is None or job is None or job.status is not AssignmentStatus.IN_PROGRESS:
            return settled
        if job.technician_id in self.running:
            self.report.change("Assignment", "one of several jobs in progress of a technician rests", turns[-1].key)
            return replace(settled, jobs=[*settled.jobs[:-1], resting(job)])
        self.running.add(job.technician_id)
        return settled

    def _enter(self, journal: Journal, settled: Settled) -> None:
        journal.keep(tickets, settled.ticket)
        after = self._situation(settled.ticket, settled)
        created = ticket_event(EventType.TICKET_CREATED, None, after, occurred_at=settled.ticket.created_at)
        journal.log(self.now, _HAND, created)

    async def _attach(
        self, connection: AsyncConnection, journal: Journal, before: Ticket, settled: Settled
    ) -> None:  # fmt: skip
        """Let a ticket that is here already follow the turns it gets."""
        if self.dry:
            return
        saved = await records.update(connection, tickets, before, settled.ticket, now=self.now)
        after = self._situation(saved, settled)
        told = ticket_event(
            EventType.TICKET_STATUS_CHANGED, Situation(ticket=before), after, occurred_at=self.now
        )  # fmt: skip
        journal.log(self.now, _HAND, told)

    def _situation(self, ticket: Ticket, settled: Settled) -> Situation:
        job = settled.active
        return Situation(ticket=ticket, job=job, team_id=None if job is None else self.teams.get(job.technician_id))

    def _enter_jobs(self, journal: Journal, settled: Settled, turns: Sequence[OldTurn]) -> None:
        told = []
        for job, turn in zip(settled.jobs, turns, strict=True):
            journal.keep(assignments, job)
            event = job_event(
                EventType.JOB_ASSIGNED,
                None,
                job,
                ticket=settled.ticket,
                team_id=self.teams.get(job.technician_id),
                occurred_at=job.assigned_at,
            )
            used = parts_of(turn, self.report)
            for line, part in enumerate(used, start=1):
                journal.keep_row(
                    assignment_parts, job.id, line, None, part.number, part.name, part.quantity, part.cost, None
                )
            if used:
                parts = FieldChange(field="parts_used", old=None, new=[plain(part.as_told()) for part in used])
                event = replace(event, changes=(*event.changes, parts))
            told.append(event)
        if told:
            journal.log(self.now, _HAND, *told)

    # Writing

    def _transaction(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return memory.importing(self.engine, self.organization_id, alone=not self.dry)

    async def _journal(self, connection: AsyncConnection) -> Journal:
        return await memory.journal_at(connection, self.organization_id, now=self.now, lock=not self.dry)
