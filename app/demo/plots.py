"""Decides how tickets will go, before they are lived through."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from itertools import cycle, islice
from random import Random

from app.demo.company import Company, Worker
from app.domain.tickets import TicketStatus


class Turn(StrEnum):
    """How one technician's turn goes; one that STAYS lasts until now, and is the last."""

    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    PARTS_REQUIRED = "PARTS_REQUIRED"
    CUSTOMER_UNAVAILABLE = "CUSTOMER_UNAVAILABLE"
    REJECTED = "REJECTED"
    ESCALATED = "ESCALATED"
    ESCALATED_UNMANNED = "ESCALATED_UNMANNED"
    REASSIGNED = "REASSIGNED"
    CANCELLED = "CANCELLED"
    STAYS_ASSIGNED = "STAYS_ASSIGNED"
    STAYS_ACCEPTED = "STAYS_ACCEPTED"
    STAYS_EN_ROUTE = "STAYS_EN_ROUTE"
    STAYS_IN_PROGRESS = "STAYS_IN_PROGRESS"
    STAYS_PAUSED = "STAYS_PAUSED"
    STAYS_FOR_PARTS = "STAYS_FOR_PARTS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A ticket's way. `arrives` and `rests` say how long before now it begins and comes to rest.

    `then` is the status it ends in, None for the one that its last turn leaves; a turn after a
    SUCCESS begins with a reopening. `worker` has the last turn, `client` counts from 0. A `brief`
    way leaves out what may be left out.
    """

    turns: tuple[Turn, ...] = ()
    then: TicketStatus | None = None
    arrives: timedelta = timedelta()
    rests: timedelta = timedelta()
    comments: int = 1
    worker: Worker | None = None
    client: int | None = None
    brief: bool = False


_T = Turn
_S = TicketStatus
_HOUR = timedelta(hours=1)
_RECENT = timedelta(days=12)

# Ways that end, with how many of a hundred go so.
_ENDED: tuple[tuple[int, Plot], ...] = (
    (52, Plot(turns=(_T.SUCCESS,), then=_S.CLOSED)),
    (8, Plot(turns=(_T.REJECTED, _T.SUCCESS), then=_S.CLOSED)),
    (8, Plot(turns=(_T.ESCALATED, _T.SUCCESS), then=_S.CLOSED)),
    (3, Plot(turns=(_T.ESCALATED, _T.ESCALATED, _T.SUCCESS), then=_S.CLOSED)),
    (7, Plot(turns=(_T.PARTS_REQUIRED, _T.SUCCESS), then=_S.CLOSED)),
    (4, Plot(turns=(_T.CUSTOMER_UNAVAILABLE, _T.SUCCESS), then=_S.CLOSED)),
    (4, Plot(turns=(_T.REASSIGNED, _T.SUCCESS), then=_S.CLOSED)),
    (3, Plot(turns=(_T.FAILED, _T.SUCCESS), then=_S.CLOSED)),
    (2, Plot(turns=(_T.CANCELLED, _T.SUCCESS), then=_S.CLOSED)),
    (3, Plot(turns=(_T.SUCCESS, _T.SUCCESS), then=_S.CLOSED)),
    (2, Plot(turns=(_T.ESCALATED_UNMANNED, _T.SUCCESS), then=_S.CLOSED)),
    (3, Plot(then=_S.CANCELLED)),
    (1, Plot(turns=(_T.REJECTED, _T.CANCELLED), then=_S.CANCELLED)),
)

# Ways that are still open, or were until just now; between them every status of ticket and job.
_OPEN: tuple[Plot, ...] = (
    Plot(then=_S.NEW, arrives=3 * _HOUR),
    Plot(then=_S.OPEN, arrives=9 * _HOUR),
    Plot(turns=(_T.STAYS_ASSIGNED,), arrives=8 * _HOUR),
    Plot(turns=(_T.STAYS_ACCEPTED,), arrives=30 * _HOUR),
    Plot(turns=(_T.STAYS_EN_ROUTE,), arrives=26 * _HOUR),
    Plot(turns=(_T.STAYS_PAUSED,), arrives=50 * _HOUR),
    Plot(turns=(_T.STAYS_FOR_PARTS,), arrives=80 * _HOUR),
    Plot(turns=(_T.PARTS_REQUIRED,), arrives=90 * _HOUR),
    Plot(turns=(_T.CUSTOMER_UNAVAILABLE,), arrives=70 * _HOUR),
    Plot(turns=(_T.ESCALATED_UNMANNED,), arrives=44 * _HOUR),
    Plot(turns=(_T.SUCCESS,), then=_S.RESOLVED, arrives=60 * _HOUR),
    Plot(turns=(_T.SUCCESS,), then=_S.REOPENED, arrives=110 * _HOUR),
    Plot(turns=(_T.REJECTED,), arrives=20 * _HOUR),
    Plot(turns=(_T.REJECTED, _T.STAYS_ASSIGNED), arrives=40 * _HOUR),
    Plot(turns=(_T.ESCALATED, _T.STAYS_ACCEPTED), arrives=56 * _HOUR),
    Plot(turns=(_T.ESCALATED, _T.ESCALATED, _T.STAYS_ASSIGNED), arrives=75 * _HOUR),
    Plot(turns=(_T.REASSIGNED, _T.STAYS_ACCEPTED), arrives=48 * _HOUR),
    Plot(turns=(_T.CANCELLED,), arrives=36 * _HOUR),
    Plot(turns=(_T.CANCELLED,), then=_S.CANCELLED, arrives=66 * _HOUR),
    Plot(turns=(_T.FAILED, _T.STAYS_ASSIGNED), arrives=72 * _HOUR),
    Plot(turns=(_T.SUCCESS, _T.STAYS_ACCEPTED), arrives=140 * _HOUR),
    Plot(then=_S.IN_PROGRESS, arrives=28 * _HOUR),
    Plot(then=_S.PENDING_INFO, arrives=33 * _HOUR),
    Plot(turns=(_T.SUCCESS,), then=_S.CLOSED, arrives=100 * _HOUR),
)

_TECHNICIANS_QUEUE: tuple[Plot, ...] = (
    # What is paused must have been put aside before the job that is running was begun.
    Plot(turns=(_T.STAYS_PAUSED,), arrives=96 * _HOUR, rests=26 * _HOUR),
    Plot(turns=(_T.STAYS_IN_PROGRESS,), arrives=20 * _HOUR, rests=_HOUR),
    Plot(turns=(_T.STAYS_ACCEPTED,), arrives=30 * _HOUR, rests=2 * _HOUR),
    Plot(turns=(_T.STAYS_ACCEPTED,), arrives=16 * _HOUR, rests=_HOUR),
    Plot(turns=(_T.STAYS_ASSIGNED,), arrives=10 * _HOUR),
    Plot(turns=(_T.STAYS_ASSIGNED,), arrives=5 * _HOUR),
    Plot(turns=(_T.SUCCESS,), then=_S.RESOLVED, arrives=130 * _HOUR, rests=30 * _HOUR),
)
_SENIORS_QUEUE: tuple[Plot, ...] = (
    Plot(turns=(_T.ESCALATED, _T.STAYS_FOR_PARTS), arrives=120 * _HOUR, rests=50 * _HOUR),
    Plot(turns=(_T.ESCALATED, _T.STAYS_IN_PROGRESS), arrives=47 * _HOUR, rests=_HOUR),
    Plot(turns=(_T.ESCALATED, _T.STAYS_ACCEPTED), arrives=34 * _HOUR),
    Plot(turns=(_T.REJECTED, _T.ESCALATED, _T.STAYS_ASSIGNED), arrives=27 * _HOUR),
)
_CUSTOMERS_TICKETS: tuple[Plot, ...] = (
    Plot(then=_S.NEW, arrives=2 * _HOUR),
    Plot(then=_S.OPEN, arrives=11 * _HOUR),
    Plot(turns=(_T.STAYS_ASSIGNED,), arrives=15 * _HOUR),
    Plot(turns=(_T.STAYS_EN_ROUTE,), arrives=25 * _HOUR),
    Plot(turns=(_T.CUSTOMER_UNAVAILABLE,), arrives=52 * _HOUR),
    Plot(turns=(_T.SUCCESS,), then=_S.RESOLVED, arrives=95 * _HOUR),
    Plot(turns=(_T.SUCCESS,), then=_S.CLOSED, arrives=400 * _HOUR),
    Plot(turns=(_T.ESCALATED, _T.SUCCESS), then=_S.CLOSED, arrives=900 * _HOUR),
)
FEWEST = len(_OPEN) + len(_TECHNICIANS_QUEUE) + len(_SENIORS_QUEUE) + len(_CUSTOMERS_TICKETS)
_OPEN_SHARE = 0.27
_RUNNING = 8
# In twenty tickets: thirty turns, forty comments.
_TURNS_IN_TWENTY = (1, 2, 1, 0, 1, 2, 1, 1, 3, 1, 2, 1, 1, 4, 2, 1, 1, 2, 1, 2)
_COMMENTS_IN_TWENTY = (2, 1, 3, 2, 0, 2, 4, 2, 1, 3, 2, 2, 1, 3, 2, 0, 4, 2, 1, 3)
_BUSY_DAYS = 4


def demo_plots(company: Company, chance: Random, tickets: int, year: timedelta) -> list[Plot]:
    """Return that many plots, at least FEWEST, oldest first, with the queues the demo users are to see.

    The technician is the first of tier 1, the senior the first of tier 2, the customer the first.
    """
    if tickets < FEWEST:
        raise ValueError(f"the demo needs at least {FEWEST} tickets to show every state")
    technician, senior = company.of_tier(1)[0], company.of_tier(2)[0]
    first = [replace(plot, worker=technician) for plot in _TECHNICIANS_QUEUE]
    first += [replace(plot, worker=senior) for plot in _SENIORS_QUEUE]
    told = [replace(plot, client=0, comments=chance.randint(2, 5)) for plot in _CUSTOMERS_TICKETS]
    runners = company.of_tier(1)[1 : 1 + _RUNNING]
    plots = [*first, *told, *_OPEN]
    plots += [
        Plot(turns=(_T.STAYS_IN_PROGRESS,), arrives=chance.uniform(8, 30) * _HOUR, worker=runner)
        for runner in runners[: tickets - len(plots)]
    ]
    more = max(0, int(tickets * _OPEN_SHARE) - len(plots))
    plots += [_jittered(plot, chance) for plot in islice(cycle(_OPEN), more)]
    plots += [_ended(chance, year) for _ in range(tickets - len(plots))]
    talkative = [
        plot if plot.client == 0 else replace(plot, comments=chance.choice((0, 1, 1, 2, 2, 3, 4))) for plot in plots
    ]
    return sorted(_reserve(talkative), key=lambda plot: -plot.arrives)


def small_plots(chance: Random, tickets: int, year: timedelta) -> list[Plot]:
    """Return that many plots, oldest first, half of them still open."""
    plots = [*_OPEN[: tickets // 2]]
    plots += [_ended(chance, year) for _ in range(tickets - len(plots))]
    return sorted(plots, key=lambda plot: -plot.arrives)


def benchmark_plots(chance: Random, tickets: int, year: timedelta) -> Iterator[Plot]:
    """Yield that many plots, oldest first; per twenty tickets thirty turns and forty comments."""
    ended = _by_turns([plot for _, plot in _ENDED])
    still_open = _by_turns(_OPEN)
    still_open[4] = ended[4] = [
        Plot(turns=(_T.REJECTED, _T.REASSIGNED, _T.FAILED, _T.SUCCESS), then=_S.CLOSED),
        Plot(turns=(_T.PARTS_REQUIRED, _T.REJECTED, _T.ESCALATED, _T.SUCCESS), then=_S.CLOSED),
    ]
    arrivals = sorted((chance.random() for _ in range(tickets)), reverse=True)
    counts = zip(cycle(_TURNS_IN_TWENTY), cycle(_COMMENTS_IN_TWENTY), arrivals, strict=False)
    for turns, comments, age in counts:
        arrives = _HOUR + age * (year - _HOUR)
        pool = still_open if arrives < timedelta(days=_BUSY_DAYS) else ended
        yield replace(chance.choice(pool[turns]), arrives=arrives, comments=comments, brief=True)


def _ended(chance: Random, year: timedelta) -> Plot:
    weights, plots = zip(*_ENDED, strict=True)
    plot: Plot = chance.choices(plots, weights)[0]
    return replace(plot, arrives=_RECENT + chance.random() * (year - _RECENT))


def _jittered(plot: Plot, chance: Random) -> Plot:
    return replace(plot, arrives=plot.arrives * chance.uniform(0.6, 1.7))


def _reserve(plots: Sequence[Plot]) -> Sequence[Plot]:
    # Whoever has a job running now must not be found busy with another when it begins.
    for plot in plots:
        if plot.worker is not None:
            plot.worker.reserved = True
    return plots


def _by_turns(plots: Sequence[Plot]) -> dict[int, list[Plot]]:
    counts = sorted({len(plot.turns) for plot in plots})
    return {count: [plot for plot in plots if len(plot.turns) == count] for count in counts}
