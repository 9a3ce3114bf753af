"""Who may get a ticket, and every reason why not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from app.domain.refusals import ConstraintKind, Rejection

# What a dispatcher may override; the others would leave the job with someone who cannot do it.
OVERRIDABLE = frozenset({ConstraintKind.SKILL, ConstraintKind.PREVIOUSLY_REJECTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class TechnicianFacts:
    """What eligibility asks of a technician. `skills` maps a skill to its level, 1 to 5."""

    id: UUID
    name: str
    active: bool
    tier_level: int
    team_id: UUID | None
    user_id: UUID
    active_jobs: int
    has_rejected: bool
    skills: Mapping[UUID, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """What a ticket asks of its technician. `exact_tier`: neither a lower nor a higher one will do."""

    tier_level: int
    exact_tier: bool = False
    skills: Mapping[UUID, int] = field(default_factory=dict)
    skill_names: Mapping[UUID, str] = field(default_factory=dict)


def rejections(technician: TechnicianFacts, needed: Requirements) -> tuple[Rejection, ...]:
    """Return every reason against this technician; none means eligible."""
    return tuple(
        Rejection(constraint=kind, count=1, message=message, technician_ids=(technician.id,))
        for kind, message in _complaints(technician, needed)
    )


def overridable(reasons: Iterable[Rejection]) -> bool:
    """Tell whether a dispatcher may assign in spite of these reasons."""
    return all(reason.constraint in OVERRIDABLE for reason in reasons)


def best(technicians: Iterable[TechnicianFacts], needed: Requirements) -> TechnicianFacts | None:
    """Return the eligible technician with the fewest active jobs, None when nobody is eligible."""
    eligible = [each for each in technicians if not rejections(each, needed)]
    return min(eligible, key=lambda each: (each.active_jobs, each.id), default=None)


def _complaints(technician: TechnicianFacts, needed: Requirements) -> Iterable[tuple[ConstraintKind, str]]:
    if not technician.active:
        yield ConstraintKind.INACTIVE, f"{technician.name} is not active."
    if technician.tier_level < needed.tier_level or (needed.exact_tier and technician.tier_level != needed.tier_level):
        yield (
            ConstraintKind.TIER,
            f"{technician.name} works at tier {technician.tier_level}; tier {needed.tier_level} is needed.",
        )
    for skill_id, level in sorted(needed.skills.items()):
        if technician.skills.get(skill_id, 0) < level:
            name = needed.skill_names.get(skill_id, "a skill")
            yield ConstraintKind.SKILL, f"{technician.name} lacks {name} at level {level}."
    if technician.has_rejected:
        yield ConstraintKind.PREVIOUSLY_REJECTED, f"{technician.name} has rejected this ticket before."
