"""What does not fit in a technician's agreed times: only rows that changed behind the bookings' back can be so."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from app.domain.refusals import ConstraintKind
from app.domain.utilization import Stretch, joined, without

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit(Generic[T]):
    """Agreed times that do not fit, and what stands against them."""

    kind: ConstraintKind
    message: str
    agreed: tuple[T, ...]


def misfits(
    agreed: Sequence[tuple[Stretch, T]],
    *,
    buffer: timedelta,
    at_work: Iterable[Stretch],
    time_off: Iterable[Stretch],
    within: Stretch,
) -> Iterator[Misfit[T]]:
    """Yield what does not fit among one technician's agreed times, which come by where they begin.

    Two that overlap, or leave less than the buffer between them; and each that lies in time off or, somewhere
    within the time looked at, outside of working hours.
    """
    for number, ((start, end), one) in enumerate(agreed):
        for (other_start, _), other in agreed[number + 1 :]:
            if other_start >= end + buffer:
                break
            yield _of_two(one, other, between=other_start - end, buffer=buffer)
        part = (max(start, within[0]), min(end, within[1]))
        if without([part], time_off) != joined([part]):
            yield Misfit(kind=ConstraintKind.TIME_OFF, message="It lies in the technician's time off.", agreed=(one,))
        elif without([part], at_work):
            message = "It lies outside of the technician's working hours."
            yield Misfit(kind=ConstraintKind.SHIFT, message=message, agreed=(one,))


def _of_two(one: T, other: T, *, between: timedelta, buffer: timedelta) -> Misfit[T]:
    if between < timedelta():
        return Misfit(kind=ConstraintKind.OVERLAP, message="They overlap.", agreed=(one, other))
    minutes, wanted = between // timedelta(minutes=1), buffer // timedelta(minutes=1)
    message = f"Only {minutes} minutes lie between them, and {wanted} are wanted."
    return Misfit(kind=ConstraintKind.BUFFER, message=message, agreed=(one, other))
