"""What `fieldgraph check` finds of one subject."""

from dataclasses import asdict, dataclass
from enum import StrEnum


class State(StrEnum):
    """How a subject is."""

    OK = "ok"
    NOT_USED = "not used"
    NOT_LOOKED_AT = "not looked at"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One subject and its state; a `remedy` stands with what is wrong, and only there."""

    subject: str
    state: State
    detail: str
    remedy: str | None = None

    def __post_init__(self) -> None:
        if (self.remedy is not None) is not (self.state is State.WRONG):
            raise ValueError("what is wrong has a remedy, and nothing else has")

    def as_json(self) -> dict[str, str | None]:
        """Return it as a JSON object."""
        return {**asdict(self), "state": self.state.value}


def ok(subject: str, detail: str) -> Finding:
    """Return that a subject is in order."""
    return Finding(subject=subject, state=State.OK, detail=detail)


def not_used(subject: str, setting: str) -> Finding:
    """Return that a subject is switched off by a setting that is unset."""
    return Finding(subject=subject, state=State.NOT_USED, detail=f"{setting} is unset.")


def not_looked_at(subject: str, needs: str) -> Finding:
    """Return that a subject could not be looked at for what it needs."""
    return Finding(subject=subject, state=State.NOT_LOOKED_AT, detail=f"It needs the {needs} to be in order.")


def wrong(subject: str, detail: str, remedy: str) -> Finding:
    """Return that a subject is not in order, and what helps."""
    return Finding(subject=subject, state=State.WRONG, detail=detail, remedy=remedy)
