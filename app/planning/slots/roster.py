"""Who the technicians are, as arrays by their number: what does not depend on the time of a slot."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from app.domain.refusals import ConstraintKind
from app.planning.slots.axis import Axis, Minutes, first_instant
from app.planning.slots.problem import Technician
from app.planning.slots.request import SlotRequest
from app.planning.slots.rows import FAR

Mask = NDArray[np.bool_]

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Columns by technician.

    `merit` orders equals, the better rated first, then the smaller id; `by_merit` are the numbers in that order.
    """

    technicians: tuple[Technician, ...]
    number_of: Mapping[UUID, int]
    active: Mask
    tier: Minutes
    merit: Minutes
    by_merit: Minutes
    everywhere: Mask
    territory: Mapping[UUID, Mask]
    level: Mapping[UUID, Minutes]
    certified_until: Mapping[UUID, Minutes]

    def refusals(self, request: SlotRequest, territory_id: UUID | None) -> list[tuple[ConstraintKind, Mask]]:
        """Return for each lasting constraint whom it rules out, in the order in which they are told."""
        count = len(self.technicians)
        nobody = np.zeros(count, dtype=np.bool_)
        tier = self.tier != request.tier_level if request.exact_tier else self.tier < request.tier_level
        unskilled = nobody
        for skill, level in request.skills.items():
            unskilled = unskilled | (self.level[skill] < level if skill in self.level else ~nobody)
        elsewhere = nobody
        if territory_id is not None:
            elsewhere = ~(self.everywhere | self.territory.get(territory_id, nobody))
        refused = nobody.copy()
        refused[[self.number_of[each] for each in request.refused_by if each in self.number_of]] = True
        return [
            (ConstraintKind.INACTIVE, ~self.active),
            (ConstraintKind.TIER, tier),
            (ConstraintKind.SKILL, unskilled),
            (ConstraintKind.TERRITORY, elsewhere),
            (ConstraintKind.PREVIOUSLY_REJECTED, refused),
        ]

    def certificate_ends(self, skills: Iterable[UUID]) -> Minutes:
        """Return until which minute each technician may use all the skills."""
        ends = np.full(len(self.technicians), FAR, dtype=np.int64)
        for skill in skills:
            if skill in self.certified_until:
                ends = np.minimum(ends, self.certified_until[skill])
        return ends


def roster(technicians: Sequence[Technician], axis: Axis) -> Roster:
    """Return the columns of the technicians, in their order.

    Raises:
        ValueError: a technician that is there twice.
    """
    count = len(technicians)
    number_of = {each.id: number for number, each in enumerate(technicians)}
    if len(number_of) < count:
        raise ValueError("a technician is in the problem twice")
    level: dict[UUID, Minutes] = {}
    certified: dict[UUID, Minutes] = {}
    territory: dict[UUID, Mask] = {}
    for number, each in enumerate(technicians):
        for skill, held in each.skills.items():
            _column(level, skill, count, 0)[number] = held
        for skill, last_day in each.certified_until.items():
            end = axis.floor(first_instant(last_day + _DAY, each.zone))
            _column(certified, skill, count, FAR)[number] = end
        for area in each.territories:
            if area not in territory:
                territory[area] = np.zeros(count, dtype=np.bool_)
            territory[area][number] = True
    by_merit = sorted(range(count), key=lambda number: _merit(technicians[number]))
    merit = np.empty(count, dtype=np.int64)
    merit[by_merit] = np.arange(count)
    return Roster(
        technicians=tuple(technicians),
        number_of=number_of,
        active=np.array([each.active for each in technicians], dtype=np.bool_),
        tier=np.array([each.tier_level for each in technicians], dtype=np.int64),
        merit=merit,
        by_merit=np.array(by_merit, dtype=np.int64),
        everywhere=np.array([not each.territories for each in technicians], dtype=np.bool_),
        territory=territory,
        level=level,
        certified_until=certified,
    )


def _column(columns: dict[UUID, Minutes], key: UUID, count: int, value: int) -> Minutes:
    if key not in columns:
        columns[key] = np.full(count, value, dtype=np.int64)
    return columns[key]


def _merit(technician: Technician) -> tuple[bool, float, UUID]:
    return (technician.rating is None, -(technician.rating or 0.0), technician.id)
