"""Lives a ticket through, from its arrival to where its plot lets it rest."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from app.db.journal import SYSTEM, Hand
from app.demo import talk
from app.demo.case import Case, never_again
from app.demo.catalogue import TRADES
from app.demo.company import Client, Worker
from app.demo.desk import Desk
from app.demo.plots import Plot, Turn
from app.demo.work import WORKS, Work
from app.domain.assignments import AssignmentOutcome, AssignmentReason, AssignmentStatus, AssignmentType
from app.domain.tickets import Environment, Ticket, TicketPriority, TicketStatus

_OPENS, _SHUTS, _FRIDAY = 6, 17, 4
_TRIES = 400
# How likely a success needs parts.
_PARTS, _PARTS_IF_BRIEF = 0.8, 0.2
_RESERVED_FOR = timedelta(days=30)
_OUTCOMES = {
    Turn.SUCCESS: AssignmentOutcome.SUCCESS,
    Turn.FAILED: AssignmentOutcome.FAILED,
    Turn.PARTS_REQUIRED: AssignmentOutcome.PARTS_REQUIRED,
    Turn.CUSTOMER_UNAVAILABLE: AssignmentOutcome.CUSTOMER_UNAVAILABLE,
}
_CALLERS = (Turn.ESCALATED, Turn.ESCALATED_UNMANNED)
_TERMS = ("contract", "warranty", "billable")
_NOBODY = UUID(int=0)


class Life:
    """One ticket's life. `run` yields the moment of each next change and makes it when resumed."""

    def __init__(self, desk: Desk, plot: Plot, chance: Random, *, now: datetime) -> None:
        self._desk = desk
        self._plot = plot
        self._chance = chance
        self._now = now
        self._limit = now - plot.rests
        self.born = self._at = _whole(now - plot.arrives)
        self._unsaid = plot.comments
        self._said_inside = False

    def run(self) -> Iterator[datetime]:
        """Live. Nothing happens after now less the plot's rest: waits shrink as that moment nears."""
        yield self._at
        self._case = case = self._arrive()
        self._urgent = case.ticket.priority is TicketPriority.P1
        if self._plot.then is not TicketStatus.NEW:
            if not self._plot.turns or self._perhaps(0.4):
                yield from self._wait(5, 120)
                self._desk.move(case, TicketStatus.OPEN, self._at, self._dispatcher())
            for number, turn in enumerate(self._plot.turns, start=1):
                yield from self._talk()
                yield from self._turn(turn, last=number == len(self._plot.turns))
            yield from self._end()
        while self._unsaid:
            yield from self._wait(10, 300)
            self._say()
        self._desk.close_file(case)

    # Time

    def _wait(self, least: float, most: float) -> Iterator[datetime]:
        """Let minutes pass, never up to the limit; into working hours, unless the work is under way."""
        then = self._at + timedelta(minutes=self._chance.uniform(least, most))
        if not (self._urgent or self._is_under_way()):
            then = self._in_hours(then)
        nearer = self._at + (self._limit - self._at) * self._chance.uniform(0.15, 0.45)
        self._at = max(self._at, _whole(min(then, nearer)))
        yield self._at

    def _is_under_way(self) -> bool:
        job = self._case.job
        return job is not None and job.status is AssignmentStatus.IN_PROGRESS

    def _in_hours(self, at: datetime) -> datetime:
        while at.weekday() > _FRIDAY or not _OPENS <= at.hour < _SHUTS:
            day = at if at.hour < _OPENS else at + timedelta(days=1)
            morning = timedelta(minutes=self._chance.uniform(0, 150))
            at = day.replace(hour=_OPENS, minute=0, second=0, microsecond=0) + morning
            if at.weekday() > _FRIDAY:
                at = at.replace(hour=_SHUTS)
        return at

    # Arrival

    def _arrive(self) -> Case:
        chance, company, plot = self._chance, self._desk.company, self._plot
        client = company.clients[plot.client] if plot.client is not None else chance.choice(company.clients)
        requester = client.hands[0] if plot.client is not None else chance.choice(client.hands)
        work = self._choose_work(client)
        owned = [asset for trade, asset in client.assets if trade == work.trade]
        asset = chance.choice(owned) if owned else None
        name = asset.name if asset else self._unnamed(work)
        priority = work.priority
        if chance.random() < 0.25:
            priority = chance.choice(tuple(TicketPriority))
        order = {"purchaseOrder": f"PO-{chance.randint(10000, 99999)}", "floor": chance.randint(0, 6)}
        ticket = Ticket(
            id=_NOBODY,
            organization_id=company.organization_id,
            ticket_number="",
            title=_sentence(work.title.format(asset=name)),
            description=_sentence(work.description.format(asset=name)),
            status=TicketStatus.NEW,
            priority=priority,
            category=work.category,
            requester_id=requester.user_id or _NOBODY,
            created_at=self._at,
            updated_at=self._at,
            environment=Environment.PRODUCTION if chance.random() < 0.2 else None,
            affected_service=name if asset is not None and chance.random() < 0.5 else None,
            tags=(work.trade.lower(), chance.choice(_TERMS)),
            custom_fields=order if chance.random() < 0.3 else None,
            customer_id=client.record.id,
            asset_id=None if asset is None else asset.id,
            territory_id=client.territory_id,
            latitude=client.record.latitude,
            longitude=client.record.longitude,
            address=client.record.address,
        )
        return self._desk.open(ticket, work, client, requester)

    def _choose_work(self, client: Client) -> Work:
        known = [work for work in WORKS if work.trade in self._desk.company.skills]
        if (worker := self._plot.worker) is not None:
            known = [work for work in known if self._is_able(worker, work)]
        owned = {trade for trade, _ in client.assets}
        return self._chance.choice([work for work in known if work.trade in owned] or known)

    def _unnamed(self, work: Work) -> str:
        kinds = next(trade.assets for trade in TRADES if trade.code == work.trade)
        kind = self._chance.choice(kinds)
        return f"the {kind if kind[:2].isupper() else kind.lower()}"

    def _is_able(self, worker: Worker, work: Work) -> bool:
        return worker.levels.get(self._desk.company.skills[work.trade], 0) >= work.level

    # Turns

    def _turn(self, turn: Turn, *, last: bool) -> Iterator[datetime]:
        case, desk = self._case, self._desk
        if case.ticket.status is TicketStatus.RESOLVED:
            yield from self._wait(300, 4000)
            desk.move(case, TicketStatus.REOPENED, self._at, case.requester)
        if case.job is None:
            yield from self._wait(5, 200)
            self._assign(last=last)
        match turn:
            case Turn.STAYS_ASSIGNED:
                return
            case Turn.REJECTED:
                yield from self._reject()
            case Turn.REASSIGNED:
                yield from self._wait(20, 300)
                successor = self._choose(case.tier_level, last=False)
                desk.reassign(case, successor, self._at, self._dispatcher(), self._pick(talk.REASSIGNMENTS))
            case Turn.CANCELLED:
                yield from self._wait(20, 300)
                desk.withdraw(case, self._at, self._dispatcher(), self._pick(talk.CANCELLATIONS))
            case _:
                yield from self._wait(3, 90)
                desk.accept(case, self._at)
                if turn is not Turn.STAYS_ACCEPTED:
                    yield from self._visit(turn)

    def _assign(self, *, last: bool) -> None:
        case = self._case
        worker = self._choose(case.tier_level, last=last)
        dice = self._chance.random()
        if dice < 0.05:
            self._desk.assign(case, worker, self._at, worker.hand, type_=AssignmentType.SELF)
        elif dice < 0.15 and not case.turns:
            auto = AssignmentReason.AUTO_DISPATCH
            self._desk.assign(case, worker, self._at, SYSTEM, reason=auto, type_=AssignmentType.AUTO)
        else:
            self._desk.assign(case, worker, self._at, self._dispatcher())

    def _reject(self) -> Iterator[datetime]:
        yield from self._wait(3, 60)
        if self._perhaps(0.3):
            self._desk.accept(self._case, self._at)
            yield from self._wait(5, 90)
        self._desk.reject(self._case, self._at, self._pick(talk.REJECTIONS))

    def _visit(self, turn: Turn) -> Iterator[datetime]:
        case, desk = self._case, self._desk
        if turn is Turn.STAYS_EN_ROUTE or self._perhaps(0.25):
            yield from self._wait(10, 240)
            desk.depart(case, self._at)
            if turn is Turn.STAYS_EN_ROUTE:
                return
            yield from self._wait(10, 50)
            if turn is Turn.CUSTOMER_UNAVAILABLE:
                notes = "Nobody opened, nobody answered the phone."
                desk.complete(case, self._at, _OUTCOMES[turn], notes, with_parts=False)
                return
            desk.arrive(case, self._at)
        yield from self._wait(10, 400)
        yield from self._until_free()
        desk.start(case, self._at)
        yield from self._talk()
        yield from self._at_work(turn)

    def _until_free(self) -> Iterator[datetime]:
        _, worker = self._case.present()
        for _ in range(_TRIES):
            if worker.running is None:
                return
            yield from self._wait(15, 80)
        raise RuntimeError("a technician's job never ended, so the next one could not begin")

    def _at_work(self, turn: Turn) -> Iterator[datetime]:
        case, desk = self._case, self._desk
        if turn is Turn.STAYS_IN_PROGRESS:
            return
        yield from self._wait(15, 70)
        if turn is Turn.STAYS_PAUSED:
            desk.pause(case, self._at)
            return
        if turn is Turn.STAYS_FOR_PARTS:
            desk.pause(case, self._at, TicketStatus.PENDING_PARTS)
            return
        if self._perhaps(0.08):
            desk.pause(case, self._at)
            yield from self._wait(30, 600)
            yield from self._until_free()
            desk.start(case, self._at)
            yield from self._wait(10, 60)
        if turn in _CALLERS:
            level = case.present()[0].tier_level + 1
            successor = None if turn is Turn.ESCALATED_UNMANNED else self._choose(level, last=True)
            desk.escalate(case, successor, self._at, self._pick(talk.ESCALATIONS))
        else:
            notes = self._pick(talk.FAILURES) if turn is Turn.FAILED else None
            with_parts = self._chance.random() < (_PARTS_IF_BRIEF if self._plot.brief else _PARTS)
            desk.complete(case, self._at, _OUTCOMES[turn], notes, with_parts=with_parts)

    def _end(self) -> Iterator[datetime]:
        case, then = self._case, self._plot.then
        if then is None or then is case.ticket.status:
            return
        yield from self._talk()
        yield from self._wait(200, 3000)
        hand = case.requester if then is TicketStatus.REOPENED else self._dispatcher()
        self._desk.move(case, then, self._at, hand)

    # People

    def _dispatcher(self) -> Hand:
        return self._chance.choice(self._desk.company.dispatchers)

    def _choose(self, level: int, *, last: bool) -> Worker:
        """Choose a technician of the tier: able, near and not too busy, as far as there is one."""
        if self._plot.worker is not None and last and self._plot.worker.record.tier_level == level:
            return self._plot.worker
        case = self._case
        present = None if case.worker is None else case.worker.record.id
        unwanted = {*never_again(case), present}
        reserved = self._at > self._now - _RESERVED_FOR
        for circle in self._desk.company.circles(level, case.work.trade, case.work.level, case.client.territory_id):
            usable = [
                worker for worker in circle if worker.record.id not in unwanted and not (reserved and worker.reserved)
            ]
            if usable:
                drawn = self._chance.sample(usable, min(3, len(usable)))
                return min(drawn, key=lambda worker: worker.jobs)
        raise LookupError(f"the organisation has nobody left at tier {level}")

    def _perhaps(self, likely: float) -> bool:
        """Tell whether something happens that need not happen."""
        return not self._plot.brief and self._chance.random() < likely

    # Words

    def _talk(self) -> Iterator[datetime]:
        while self._unsaid and self._chance.random() < 0.35:
            yield from self._wait(3, 60)
            self._say()

    def _say(self) -> None:
        self._unsaid -= 1
        case, dice = self._case, self._chance.random()
        worker = None if case.worker is None else case.worker.hand
        inside = dice < 0.25 or (self._plot.client is not None and not self._said_inside)
        author, said = self._speaker(dice)
        if inside:
            self._said_inside = True
            author, said = worker or self._dispatcher(), talk.INTERNAL
        self._desk.comment(case, self._at, author, self._pick(said), internal=inside)

    def _speaker(self, dice: float) -> tuple[Hand, Sequence[str]]:
        worker = self._case.worker
        if dice < 0.55:
            return self._case.requester, talk.CUSTOMER_SAYS
        if dice < 0.8 or (worker is None and dice < 0.95):
            return self._dispatcher(), talk.DISPATCH_SAYS
        if dice < 0.95 and worker is not None:
            return worker.hand, talk.TECHNICIAN_SAYS
        return SYSTEM, talk.SYSTEM_SAYS

    def _pick(self, said: Sequence[str]) -> str:
        return self._chance.choice(said)


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _whole(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
