"""A placement: which option and bay each request of a batch has. And the greedy way to one."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.planning.slots.batch.options import Contest, Option
from app.planning.slots.scoring import urgency_points


@dataclass(frozen=True, slots=True)
class Placed:
    """The option that a request has, and its bay, None where it needs none."""

    option: Option
    bay: UUID | None


# By the request's number; who is missing has no slot.
Placement = Mapping[int, Placed]


class Board:
    """What is taken by a placement, so that it can be asked what still goes beside it."""

    def __init__(self, contest: Contest, placement: Placement) -> None:
        self._contest = contest
        self._by_technician: dict[int, list[tuple[int, Option]]] = defaultdict(list)
        self._by_bay: dict[UUID, list[Option]] = defaultdict(list)
        self._on_day: dict[tuple[int, int], int] = defaultdict(int)
        for number, placed in placement.items():
            self.take(number, placed)

    def take(self, number: int, placed: Placed) -> None:
        """Add what a request has."""
        option = placed.option
        self._by_technician[option.technician].append((number, option))
        self._on_day[option.technician, option.day] += 1
        if placed.bay is not None:
            self._by_bay[placed.bay].append(option)

    def left_on_day(self, option: Option) -> int:
        """Return how many bookings more the technician may have on the option's day."""
        return self._contest.cap - option.booked - self._on_day.get((option.technician, option.day), 0)

    def suits_technician(self, number: int, option: Option) -> bool:
        """Tell whether the technician can do an option beside what they have."""
        return self.left_on_day(option) > 0 and not any(
            self._contest.clash(number, option, other, beside)
            for other, beside in self._by_technician.get(option.technician, ())
        )

    def bays_for(self, number: int, option: Option) -> list[UUID]:
        """Return the bays that are free for an option, the one to be taken first before the others."""
        return [
            bay
            for bay in self._contest.choices[number].free_bays(option)
            if not any(self._contest.too_close(option, beside) for beside in self._by_bay.get(bay, ()))
        ]

    def best(self, number: int) -> Placed | None:
        """Return the best that a request can still get."""
        choices = self._contest.choices[number]
        for option in choices.options:
            if self.suits_technician(number, option):
                if not choices.needs_bay:
                    return Placed(option, None)
                bays = self.bays_for(number, option)
                if bays:
                    return Placed(option, bays[0])
        return None


def greedy(contest: Contest, order: Iterable[int]) -> Placement:
    """Return what comes of giving each request, in this order, the best that is left."""
    board, placement = Board(contest, {}), dict[int, Placed]()
    for number in order:
        placed = board.best(number)
        if placed is not None:
            board.take(number, placed)
            placement[number] = placed
    return placement


def by_urgency(contest: Contest) -> Sequence[int]:
    """Return the requests as a dispatcher would take them: the most urgent first, then as they came."""
    value = [urgency_points(each.request) for each in contest.choices]
    return sorted(range(len(value)), key=lambda number: (-value[number], number))


def shortfall(contest: Contest, placement: Placement) -> int:
    """Return what is missing in all."""
    return sum(
        placement[number].option.shortfall if number in placement else choices.unplaced
        for number, choices in enumerate(contest.choices)
    )
