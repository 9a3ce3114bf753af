"""What is to be done by itself at a moment: the kinds of timers, and how long a failed one waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID


class TimerKind(StrEnum):
    """What a timer is for."""

    OFFER_EXPIRES = "offer-expires"
    HOLD_EXPIRES = "hold-expires"
    # Time that became free is offered to who waits.
    SLOT_FREED = "slot-freed"
    WAIT_ENDS = "wait-ends"
    SERIES_EXTENDS = "series-extends"
    # What was announced and is over, whether it came or not.
    UPLOAD_ENDS = "upload-ends"
    FILE_SCAN = "file-scan"
    # The bytes of an attachment that was deleted.
    FILE_ERASE = "file-erase"
    # What is to leave the house about an appointment.
    DELIVERY = "delivery"
    APPOINTMENT_REMINDER = "appointment-reminder"


@dataclass(frozen=True, slots=True)
class Timer:
    """What is to be done, and to which row of which organisation."""

    kind: TimerKind
    organization_id: UUID
    subject_id: UUID


class TooEarly(Exception):
    """What a timer is for is not due yet; it is to come again after `wait`."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"not due for another {wait}")
        self.wait = wait


# How long a timer waits after each failure; after one more it is set aside.
PAUSES: Sequence[timedelta] = tuple(timedelta(seconds=each) for each in (1, 5, 15, 60, 120, 300, 600))
# A timer that has lost so many workers kills them, and is set aside.
MOST_WORKERS_LOST = 3
