"""Makes each change of a ticket by the domain's rules, as the live services make it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from app.db.journal import SYSTEM, Hand, Journal
from app.db.tables.assignments import assignment_parts, assignments
from app.db.tables.tickets import comments, ticket_required_parts, ticket_required_skills, tickets
from app.demo.case import Case, inferred_reason
from app.demo.catalogue import DELIVERY, LOW_STOCK
from app.demo.company import Client, Company, Worker
from app.demo.work import Work
from app.domain import assignments as job_rules
from app.domain import tickets as ticket_rules
from app.domain.administration import record_event
from app.domain.assignments import (
    TICKET_STATUS_AFTER,
    Assignment,
    AssignmentOutcome,
    AssignmentReason,
    AssignmentStatus,
    AssignmentType,
    Report,
    latest_stamp,
)
from app.domain.clock import settle
from app.domain.events import EventType, FieldChange, NewEvent
from app.domain.situations import Situation, concerned, job_event, ticket_event
from app.domain.tickets import Ticket, TicketCategory, TicketStatus

ESCALATION_NOTE = "Escalation from previous tier"
_LATE_REPORTS = 0.15
# Of planned work it is known beforehand what it takes.
_PLANNED = frozenset({TicketCategory.MAINTENANCE, TicketCategory.INSTALLATION, TicketCategory.INSPECTION})


class Desk:
    """Makes changes and writes them into the journal; every method is one change."""

    def __init__(self, company: Company, journal: Journal, chance: Random) -> None:
        self.company = company
        self.last_numbers: Counter[int] = Counter()
        self._journal = journal
        self._chance = chance

    def open(self, ticket: Ticket, work: Work, client: Client, requester: Hand) -> Case:
        """Take a ticket in; `ticket` has everything but key and number."""
        at = ticket.created_at
        self.last_numbers[at.year] += 1
        number = f"TKT-{at.year}-{self.last_numbers[at.year]:06d}"
        ticket = replace(ticket, id=self._journal.ids.new(at), ticket_number=number)
        case = Case(ticket=ticket, work=work, client=client, requester=requester)
        self._journal.log(at, requester, ticket_event(EventType.TICKET_CREATED, None, case.situation, occurred_at=at))
        return case

    def close_file(self, case: Case) -> None:
        """Hand the rows over: nothing more will happen to this ticket."""
        self._journal.keep(tickets, case.ticket)
        skill_id = self.company.skills[case.work.trade]
        self._journal.keep_row(ticket_required_skills, case.ticket.id, skill_id, case.work.level)
        if case.ticket.category in _PLANNED:
            for number, quantity in Counter(case.work.parts).items():
                part_id = self.company.parts[number].id
                self._journal.keep_row(ticket_required_parts, case.ticket.id, part_id, quantity, quantity > 1)
        for job in (*case.turns, *([case.job] if case.job else [])):
            self._journal.keep(assignments, job)
        for table, row in case.rows:
            self._journal.keep_row(table, *row)

    def move(self, case: Case, to: TicketStatus, at: datetime, hand: Hand) -> None:
        """Move a ticket that has no active job."""
        moved = ticket_rules.move(case.ticket, to, now=at)
        told_as = EventType.TICKET_RESOLVED if to is TicketStatus.RESOLVED else EventType.TICKET_STATUS_CHANGED
        self._journal.log(at, hand, self._saved(case, case.situation, moved, at, told_as))

    def assign(
        self,
        case: Case,
        worker: Worker,
        at: datetime,
        hand: Hand,
        *,
        reason: AssignmentReason | None = None,
        type_: AssignmentType = AssignmentType.MANUAL,
    ) -> None:
        """Give the ticket to a technician."""
        before = case.situation
        moved = ticket_rules.move(case.ticket, TicketStatus.ASSIGNED, now=at)
        offered = self._offer(case, moved, worker, at, hand, reason or inferred_reason(case), None, type_)
        told = self._saved(case, before, moved, at, EventType.TICKET_STATUS_CHANGED)
        self._journal.log(at, hand, offered, told)

    def reassign(self, case: Case, worker: Worker, at: datetime, hand: Hand, note: str) -> None:
        """Give the ticket to another technician in the place of the present one."""
        before = case.situation
        job, _ = case.present()
        ended = self._ended(case, job_rules.hand_over(job, at=at), at, EventType.JOB_REASSIGNED, at)
        moved = ticket_rules.move(case.ticket, TicketStatus.ASSIGNED, now=at)
        reason = AssignmentReason.REASSIGNMENT
        offered = self._offer(case, moved, worker, at, hand, reason, note, AssignmentType.MANUAL)
        told = self._saved(case, before, moved, at, EventType.TICKET_STATUS_CHANGED)
        self._journal.log(at, hand, ended, offered, told)

    def escalate(self, case: Case, worker: Worker | None, at: datetime, reason: str) -> None:
        """Pass the ticket on to the next tier: to this technician, or into the queue."""
        before = case.situation
        job, holder = case.present()
        level = job.tier_level + 1
        told = [self._ended(case, job_rules.escalate(job, reason=reason, at=at), at, EventType.JOB_ESCALATED, at)]
        status = TicketStatus.ESCALATED if worker is None else TicketStatus.ASSIGNED
        moved = replace(
            ticket_rules.move(case.ticket, status, now=at),
            escalation_count=case.ticket.escalation_count + 1,
            escalation_tier_level=level,
        )
        if worker is not None:
            why, note = AssignmentReason.ESCALATION, ESCALATION_NOTE
            told.append(self._offer(case, moved, worker, at, holder.hand, why, note, AssignmentType.AUTO))
        told.append(self._saved(case, before, moved, at, EventType.TICKET_ESCALATED))
        self._journal.log(at, holder.hand, *told)

    def withdraw(self, case: Case, at: datetime, hand: Hand, reason: str) -> None:
        """Cancel the active job; the ticket is open again."""
        before = case.situation
        job, _ = case.present()
        cancelled = job_rules.cancel(job, reason=reason, at=at)
        ended = self._ended(case, cancelled, at, EventType.JOB_CANCELLED, at)
        moved = ticket_rules.move(case.ticket, TicketStatus.OPEN, now=at)
        told = self._saved(case, before, moved, at, EventType.TICKET_STATUS_CHANGED)
        self._journal.log(at, hand, ended, told)

    def accept(self, case: Case, at: datetime) -> None:
        """Take the job on."""
        self._work(case, at, lambda job, moment: job_rules.accept(job, at=moment), EventType.JOB_ACCEPTED)

    def reject(self, case: Case, at: datetime, reason: str) -> None:
        """Hand the job back."""
        self._work(
            case,
            at,
            lambda job, moment: job_rules.reject(job, reason=reason, at=moment),
            EventType.JOB_REJECTED,
            TicketStatus.OPEN,
        )

    def depart(self, case: Case, at: datetime) -> None:
        """Set off for the site."""
        self._work(case, at, lambda job, moment: job_rules.travel(job, at=moment), EventType.JOB_EN_ROUTE)

    def arrive(self, case: Case, at: datetime) -> None:
        """Reach the site; the status stays."""
        self._work(case, at, lambda job, moment: job_rules.arrive(job, at=moment), EventType.JOB_ARRIVED)

    def start(self, case: Case, at: datetime) -> None:
        """Begin, or go on after a pause."""
        job, worker = case.present()
        self._work(
            case,
            at,
            lambda job, moment: job_rules.start(job, at=moment),
            EventType.JOB_RESUMED if job.status is AssignmentStatus.PAUSED else EventType.JOB_STARTED,
            TicketStatus.IN_PROGRESS,
        )
        worker.running = case.ticket.id

    def pause(self, case: Case, at: datetime, status: TicketStatus | None = None) -> None:
        """Interrupt the work; `status` is what the ticket waits in, if it does."""
        _, worker = case.present()
        self._work(
            case,
            at,
            lambda job, moment: job_rules.pause(job, at=moment),
            EventType.JOB_PAUSED,
            status,
        )
        worker.running = None

    def complete(
        self, case: Case, at: datetime, outcome: AssignmentOutcome, notes: str | None, *, with_parts: bool
    ) -> None:
        """End the job with an outcome; a success may take the parts of the work from stock."""
        job, _ = case.present()
        succeeded = outcome is AssignmentOutcome.SUCCESS
        spent = (at - (job.started_at or at)) / timedelta(hours=1)
        report = Report(
            outcome=outcome,
            time_spent_hours=min(Decimal(f"{spent:.2f}"), Decimal("9.75")),
            diagnosis=case.work.diagnosis if succeeded else None,
            actions_taken=case.work.actions if succeeded else None,
            notes=notes,
        )
        used = Counter(case.work.parts) if succeeded and with_parts else Counter[str]()
        for line, (number, quantity) in enumerate(used.items(), start=1):
            part = self.company.parts[number]
            cost = None if part.unit_cost is None else part.unit_cost * quantity
            row = (job.id, line, part.id, number, part.name, quantity, cost, part.currency)
            case.rows.append((assignment_parts, row))
        self._work(
            case,
            at,
            lambda job, moment: job_rules.complete(job, report, at=moment),
            EventType.JOB_COMPLETED if succeeded else EventType.JOB_FAILED,
            TICKET_STATUS_AFTER[outcome],
            also=[self._take(number, -quantity, at) for number, quantity in used.items()],
        )
        for number in used:
            if self.company.parts[number].stock < LOW_STOCK:
                self._journal.log(at, self.company.manager, self._take(number, DELIVERY, at))

    def comment(self, case: Case, at: datetime, hand: Hand, body: str, *, internal: bool) -> None:
        """Say something on the ticket; the system's own words have no author."""
        id_ = self._journal.ids.new(at)
        row = (id_, case.ticket.id, hand.user_id, body, internal, hand is SYSTEM, None, None, 1, at, at)
        case.rows.append((comments, row))
        situation = case.situation
        told = NewEvent(
            type=EventType.COMMENT_ADDED,
            kind="Comment",
            id=id_,
            version=1,
            ticket_id=case.ticket.id,
            assignment_id=None if case.job is None else case.job.id,
            occurred_at=at,
            after=concerned(case.ticket, case.job, situation.team_id, internal=internal),
            changes=(
                FieldChange(field="body", old=None, new=body),
                FieldChange(field="internal", old=None, new=internal),
            ),
        )
        self._journal.log(at, hand, told)

    def _work(
        self,
        case: Case,
        at: datetime,
        rule: Callable[[Assignment, datetime], Assignment],
        told_as: EventType,
        status: TicketStatus | None = None,
        *,
        also: list[NewEvent] | None = None,
    ) -> None:
        before = case.situation
        job, worker = case.present()
        said = at - timedelta(seconds=self._chance.randint(20, 200))
        said_at = said if self._chance.random() < _LATE_REPORTS else None
        moment = settle(said_at, now=at, not_before=latest_stamp(job))
        told = [self._ended(case, rule(job, moment), at, told_as, moment)]
        if status is not None and status is not case.ticket.status:
            moved = ticket_rules.move(case.ticket, status, now=at)
            ticket_told_as = EventType.TICKET_STATUS_CHANGED
            if status is TicketStatus.RESOLVED:
                ticket_told_as = EventType.TICKET_RESOLVED
                moved = replace(moved, resolution_notes=case.work.actions)
            told.append(self._saved(case, before, moved, at, ticket_told_as, moment))
        self._journal.log(at, worker.hand, *told, *(also or ()))

    def _ended(self, case: Case, after: Assignment, at: datetime, told_as: EventType, moment: datetime) -> NewEvent:
        """Write the job as it stands now; once it is over the case has none."""
        job, worker = case.present()
        saved = replace(after, version=job.version + 1, updated_at=max(at, job.updated_at))
        team_id = worker.record.team_id
        told = job_event(told_as, job, saved, ticket=case.ticket, team_id=team_id, occurred_at=moment)
        case.job = saved
        if not saved.is_active:
            case.turns.append(saved)
            case.job = case.worker = None
            worker.jobs -= 1
            if worker.running == case.ticket.id:
                worker.running = None
        return told

    def _offer(
        self,
        case: Case,
        ticket: Ticket,
        worker: Worker,
        at: datetime,
        hand: Hand,
        reason: AssignmentReason,
        note: str | None,
        type_: AssignmentType,
    ) -> NewEvent:
        case.worker = worker
        worker.jobs += 1
        case.job = Assignment(
            id=self._journal.ids.new(at),
            organization_id=ticket.organization_id,
            ticket_id=ticket.id,
            technician_id=worker.record.id,
            sequence=len(case.turns) + 1,
            previous_id=case.turns[-1].id if case.turns else None,
            tier_level=ticket.escalation_tier_level or 1,
            reason=reason,
            reason_note=note,
            type=type_,
            status=AssignmentStatus.ASSIGNED,
            assigned_by=hand.user_id,
            assigned_at=at,
            created_at=at,
            updated_at=at,
        )
        return job_event(
            EventType.JOB_ASSIGNED,
            None,
            case.job,
            ticket=ticket,
            team_id=worker.record.team_id,
            occurred_at=at,
        )

    def _saved(
        self,
        case: Case,
        before: Situation,
        after: Ticket,
        at: datetime,
        told_as: EventType,
        moment: datetime | None = None,
    ) -> NewEvent:
        updated_at = max(at, before.ticket.updated_at)
        case.ticket = replace(after, version=before.ticket.version + 1, updated_at=updated_at)
        return ticket_event(told_as, before, case.situation, occurred_at=moment or at)

    def _take(self, number: str, change: int, at: datetime) -> NewEvent:
        before = self.company.parts[number]
        after = replace(before, stock=before.stock + change, version=before.version + 1, updated_at=at)
        self.company.parts[number] = after
        return record_event(before, after, at)
