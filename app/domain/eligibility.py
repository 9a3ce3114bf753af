"""Who may get a ticket, every reason why not, and who of those who may should."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from app.domain.distances import Distance
from app.domain.refusals import ConstraintKind, Rejection

# What a dispatcher may override; the others would leave the job with someone who cannot do it.
OVERRIDABLE = frozenset(
    {
        ConstraintKind.SKILL,
        ConstraintKind.TERRITORY,
        ConstraintKind.SHIFT,
        ConstraintKind.TIME_OFF,
        ConstraintKind.MAX_PER_DAY,
        ConstraintKind.PREVIOUSLY_REJECTED,
    }
)
# So many of those who fell out are named.
_EXAMPLES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TechnicianFacts:
    """What eligibility asks of a technician at one moment.

    `skills` maps a skill to its level, 1 to 5, `certified_until` one that ends to its last day, a local
    date like `today`. Without `territories` a technician works everywhere. `on_shift` is None where
    nobody keeps the technician's shifts. `jobs_today` are those given today and not handed back.
    """

    id: UUID
    name: str
    active: bool
    tier_level: int
    team_id: UUID | None
    user_id: UUID
    today: date
    active_jobs: int
    jobs_today: int = 0
    has_rejected: bool = False
    let_expire: bool = False
    on_shift: bool | None = None
    on_time_off: bool = False
    territories: frozenset[UUID] = frozenset()
    skills: Mapping[UUID, int] = field(default_factory=dict)
    certified_until: Mapping[UUID, date] = field(default_factory=dict)
    distance: Distance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """What a ticket asks of its technician. `exact_tier`: neither a lower nor a higher one will do."""

    tier_level: int
    exact_tier: bool = False
    territory_id: UUID | None = None
    max_jobs_per_day: int | None = None
    skills: Mapping[UUID, int] = field(default_factory=dict)
    skill_names: Mapping[UUID, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A technician beside a ticket: what stands against them, and their rank, 1 the best; None: not eligible."""

    technician: TechnicianFacts
    rejections: tuple[Rejection, ...]
    rank: int | None


def rejections(technician: TechnicianFacts, needed: Requirements) -> tuple[Rejection, ...]:
    """Return every reason against this technician; none means eligible."""
    return tuple(
        Rejection(constraint=kind, count=1, message=message, technician_ids=(technician.id,))
        for kind, message in _complaints(technician, needed)
    )


def overridable(reasons: Iterable[Rejection]) -> bool:
    """Tell whether a dispatcher may assign in spite of these reasons."""
    return all(reason.constraint in OVERRIDABLE for reason in reasons)


def ranked(technicians: Iterable[TechnicianFacts], needed: Requirements) -> list[Candidate]:
    """Return everybody with what stands against them: the eligible first, the best of them before the others.

    The best has the fewest active jobs, then the shortest way, then the smallest id. Those who fell
    out come in the order of how little stands against them.
    """
    judged = [(each, rejections(each, needed)) for each in technicians]
    judged.sort(key=lambda pair: (len(pair[1]), not overridable(pair[1]), _merit(pair[0])))
    eligible = sum(1 for _, reasons in judged if not reasons)
    return [
        Candidate(technician=each, rejections=reasons, rank=number if number <= eligible else None)
        for number, (each, reasons) in enumerate(judged, start=1)
    ]


def best(technicians: Iterable[TechnicianFacts], needed: Requirements) -> TechnicianFacts | None:
    """Return the best of the eligible, None when nobody is eligible."""
    eligible = [each for each in technicians if not rejections(each, needed)]
    return min(eligible, key=_merit, default=None)


def counted(candidates: Sequence[Candidate]) -> tuple[Rejection, ...]:
    """Return for each constraint how many failed it, with some of them, in the order of the constraints."""
    found: list[Rejection] = []
    for kind in ConstraintKind:
        failed = [
            (candidate.technician, reason)
            for candidate in candidates
            for reason in candidate.rejections
            if reason.constraint is kind
        ]
        who = list(dict.fromkeys(technician.id for technician, _ in failed))
        if who:
            message = failed[0][1].message if len(who) == 1 else f"{len(who)} technicians {_LACKS[kind]}."
            found.append(
                Rejection(constraint=kind, count=len(who), message=message, technician_ids=tuple(who[:_EXAMPLES]))
            )
    return tuple(found)


_LACKS: Mapping[ConstraintKind, str] = {
    ConstraintKind.INACTIVE: "are not active",
    ConstraintKind.TIER: "work at another tier",
    ConstraintKind.SKILL: "lack a skill",
    ConstraintKind.CERTIFICATE_EXPIRED: "have a certificate that has ended",
    ConstraintKind.TERRITORY: "work elsewhere",
    ConstraintKind.SHIFT: "are not on shift",
    ConstraintKind.TIME_OFF: "have time off",
    ConstraintKind.MAX_PER_DAY: "have as many jobs today as they may",
    ConstraintKind.PREVIOUSLY_REJECTED: "have rejected this ticket or let its offer expire",
}


def _merit(technician: TechnicianFacts) -> tuple[int, float, UUID]:
    distance = technician.distance
    return (technician.active_jobs, float("inf") if distance is None else distance.km, technician.id)


def _complaints(technician: TechnicianFacts, needed: Requirements) -> Iterable[tuple[ConstraintKind, str]]:
    name = technician.name
    if not technician.active:
        yield ConstraintKind.INACTIVE, f"{name} is not active."
    if technician.tier_level < needed.tier_level or (needed.exact_tier and technician.tier_level != needed.tier_level):
        yield (
            ConstraintKind.TIER,
            f"{name} works at tier {technician.tier_level}; tier {needed.tier_level} is needed.",
        )
    for skill_id, level in sorted(needed.skills.items()):
        skill, ends = needed.skill_names.get(skill_id, "a skill"), technician.certified_until.get(skill_id)
        if technician.skills.get(skill_id, 0) < level:
            yield ConstraintKind.SKILL, f"{name} lacks {skill} at level {level}."
        elif ends is not None and ends < technician.today:
            yield ConstraintKind.CERTIFICATE_EXPIRED, f"{name}'s certificate for {skill} ended on {ends}."
    if needed.territory_id is not None and technician.territories and needed.territory_id not in technician.territories:
        yield ConstraintKind.TERRITORY, f"{name} does not work in the ticket's territory."
    yield from _absences(technician, needed)
    if technician.has_rejected:
        yield ConstraintKind.PREVIOUSLY_REJECTED, f"{name} has rejected this ticket before."
    elif technician.let_expire:
        yield ConstraintKind.PREVIOUSLY_REJECTED, f"{name} has let an offer of this ticket expire."


def _absences(technician: TechnicianFacts, needed: Requirements) -> Iterable[tuple[ConstraintKind, str]]:
    name, most = technician.name, needed.max_jobs_per_day
    if technician.on_shift is False:
        yield ConstraintKind.SHIFT, f"{name} is not on shift."
    if technician.on_time_off:
        yield ConstraintKind.TIME_OFF, f"{name} has time off."
    if most is not None and technician.jobs_today >= most:
        yield ConstraintKind.MAX_PER_DAY, f"{name} has {technician.jobs_today} jobs today; {most} is the most."
