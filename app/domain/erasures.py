"""Erasures: of whom, why, what stands in the way of one, and what the log says of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from app.domain.events import Concerned, EventType, FieldChange, NewEvent
from app.domain.mentions import Mentions
from app.domain.privacy.declaring import TOMBSTONE


class ErasureReason(StrEnum):
    """Why somebody's data is erased: a word, because words of one's own might be personal again."""

    REQUESTED = "REQUESTED"
    CONSENT_WITHDRAWN = "CONSENT_WITHDRAWN"
    NO_LONGER_NEEDED = "NO_LONGER_NEEDED"
    UNLAWFUL = "UNLAWFUL"


class ErasureSubject(StrEnum):
    """Whose data is erased; a technician's goes with their user's."""

    USER = "USER"
    TECHNICIAN = "TECHNICIAN"
    CUSTOMER = "CUSTOMER"

    @property
    def kind(self) -> str:
        """The kind of the log's events about such a row."""
        return self.value.capitalize()


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What an erasure did, or would do: by table the number of rows that are the person's; of the log, of events.

    `mentions` are where the person is named in what is not theirs, and stays.
    """

    rows: Mapping[str, int]
    mentions: tuple[Mentions, ...] = ()


def erasure_event(
    subject: ErasureSubject, id_: UUID, version: int, changes: Iterable[FieldChange], at: datetime
) -> NewEvent:
    """Tell that the data of a user or a customer was erased; no value of theirs is told."""
    return NewEvent(
        type=EventType.PERSONAL_DATA_ERASED,
        kind=subject.kind,
        id=id_,
        version=version,
        occurred_at=at,
        before=Concerned(),
        after=Concerned(),
        changes=tuple(changes),
    )


def tombstones(fields: Iterable[str]) -> tuple[FieldChange, ...]:
    """Tell of fields that they were erased."""
    return tuple(FieldChange(field=name, old=TOMBSTONE, new=TOMBSTONE) for name in fields)
