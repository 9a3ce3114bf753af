"""Parts: from when on the work can begin, and what has to be ordered."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from app.planning.slots.axis import first_instant
from app.planning.slots.problem import PartStock
from app.planning.slots.request import PartNeed


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsOutlook:
    """What is known of the parts of a request.

    `ready_on` is the day the last part that is short is due, None where none is short or one has no
    known lead time (`unknown`). The work begins not before `begin`, when the last critical part is
    due; with `never` a critical part is short and nobody knows until when.
    """

    to_order: tuple[str, ...] = ()
    ready_on: date | None = None
    ready_at: datetime | None = None
    unknown: bool = False
    begin: datetime | None = None
    never: bool = False

    def there_by(self, start: datetime) -> bool:
        """Tell whether all the parts are expected to be there at a start."""
        return not self.unknown and (self.ready_at is None or self.ready_at <= start)


def outlook(needs: Sequence[PartNeed], stock: Mapping[str, PartStock], *, now: datetime, zone: tzinfo) -> PartsOutlook:
    """Return when the parts will be there: a lead time counts from the local day of `now`, to a day's beginning.

    A part is needed as often as all needs say together, and is critical if one of them is. A part that
    nobody has heard of is short, without a lead time.
    """
    quantity = Counter[str]()
    for need in needs:
        quantity[need.part_number] += need.quantity
    critical = {need.part_number for need in needs if need.critical}
    short = sorted(number for number, wanted in quantity.items() if _of(stock, number).stock < wanted)
    days = {number: _of(stock, number).lead_time_days for number in short}
    known = {number: lead for number, lead in days.items() if lead is not None}
    urgent = [lead for number, lead in known.items() if number in critical]
    today = now.astimezone(zone).date()
    unknown = len(known) < len(days)
    ready_on = None if unknown or not known else today + timedelta(days=max(known.values()))
    return PartsOutlook(
        to_order=tuple(short),
        ready_on=ready_on,
        ready_at=None if ready_on is None else first_instant(ready_on, zone),
        unknown=unknown,
        begin=first_instant(today + timedelta(days=max(urgent)), zone) if urgent else None,
        never=any(number in critical and number not in known for number in short),
    )


def _of(stock: Mapping[str, PartStock], number: str) -> PartStock:
    return stock.get(number, PartStock(stock=0))
