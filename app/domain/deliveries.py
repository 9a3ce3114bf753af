"""Deliveries: what is to leave the house about an appointment, to whom, by which way, and what became of it.

An appointment's `invite_sequence` counts its invitations. Each of them gives every addressee at most one delivery of a
purpose, so that whatever is repeated has its effect once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from app.domain.appointment_life import AHEAD, OPEN
from app.domain.appointments import Appointment


class Channel(StrEnum):
    """By which way something leaves: a letter, or an entry in somebody's calendar."""

    EMAIL = "EMAIL"
    GOOGLE = "GOOGLE"
    MICROSOFT = "MICROSOFT"


class DeliveryPurpose(StrEnum):
    """What is to be told: a time, another time, that there is none any more, that it is near, that it is agreed."""

    INVITE = "INVITE"
    UPDATE = "UPDATE"
    CANCEL = "CANCEL"
    REMINDER = "REMINDER"
    CONFIRMATION = "CONFIRMATION"


class DeliveryState(StrEnum):
    """What became of it; what was overtaken by a later one need not be sent."""

    DUE = "DUE"
    SENT = "SENT"
    OVERTAKEN = "OVERTAKEN"
    GIVEN_UP = "GIVEN_UP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Something that is to leave the house; every field is a column of the same name.

    It goes to a user or to a technician, as of `due_at`. Whoever sends it has it from `claimed_at` on; `attempts`
    counts how often it was about to be sent. `external_id` is what the other side calls it.
    """

    id: UUID
    organization_id: UUID
    appointment_id: UUID
    channel: Channel
    user_id: UUID | None
    technician_id: UUID | None
    purpose: DeliveryPurpose
    sequence: int
    state: DeliveryState = DeliveryState.DUE
    attempts: int = 0
    last_error: str | None = None
    external_id: str | None = None
    due_at: datetime
    claimed_at: datetime | None = None
    sent_at: datetime | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def addressee(self) -> "Addressee":
        """To whom it goes, and by which way."""
        return Addressee(channel=self.channel, user_id=self.user_id, technician_id=self.technician_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Somebody, by one way: a user, or a technician as such."""

    channel: Channel
    user_id: UUID | None = None
    technician_id: UUID | None = None


_INVITES = frozenset({DeliveryPurpose.INVITE, DeliveryPurpose.UPDATE})
# What calendars hold; the others are letters to be read and forgotten.
IN_CALENDARS = _INVITES | {DeliveryPurpose.CANCEL}


def to_send(
    purpose: DeliveryPurpose,
    *,
    invited: Iterable[Addressee],
    concerned: Iterable[Addressee],
    welcome: Iterable[Addressee],
) -> list[tuple[Addressee, DeliveryPurpose]]:
    """Decide who is told what, in the order given.

    `invited` have the appointment in their calendars, `concerned` are to have it, and `welcome` are those of them to
    whom something new may be sent. Whoever was invited is kept up to date, and told when it is no longer theirs.
    """
    have = list(dict.fromkeys(invited))
    if purpose is DeliveryPurpose.CANCEL:
        return [(each, DeliveryPurpose.CANCEL) for each in have]
    if purpose not in _INVITES:
        return [(each, purpose) for each in welcome]
    theirs = set(concerned)
    kept = [(each, DeliveryPurpose.UPDATE if each in theirs else DeliveryPurpose.CANCEL) for each in have]
    return kept + [(each, DeliveryPurpose.INVITE) for each in welcome if each not in have]


def invited_by(deliveries: Iterable[Delivery]) -> list[Addressee]:
    """Return those who have, or may have, the appointment in their calendars by what was sent, oldest first.

    Of an invitation that nobody has begun to send nobody knows.
    """
    has: dict[Addressee, bool] = {}
    for each in sorted(deliveries, key=lambda delivery: (delivery.sequence, delivery.id)):
        if each.purpose in _INVITES:
            has[each.addressee] = has.get(each.addressee, False) or not _never_sent(each)
        elif each.purpose is DeliveryPurpose.CANCEL:
            has[each.addressee] = False
    return [addressee for addressee, whether in has.items() if whether]


def _never_sent(delivery: Delivery) -> bool:
    return delivery.attempts == 0 and delivery.state in {DeliveryState.OVERTAKEN, DeliveryState.GIVEN_UP}


def overtaken(delivery: Delivery, appointment: Appointment, others: Iterable[Delivery]) -> str | None:
    """Return why a delivery need not be sent any more, None if it must be.

    `others` are the appointment's other deliveries.
    """
    later = any(
        each.addressee == delivery.addressee and each.sequence > delivery.sequence and each.purpose in IN_CALENDARS
        for each in others
    )
    if delivery.purpose in IN_CALENDARS and later:
        return "a later one followed"
    if delivery.purpose in _INVITES and appointment.status not in OPEN:
        return f"the appointment is {appointment.status}"
    if delivery.purpose is DeliveryPurpose.CANCEL:
        sent = any(
            each.addressee == delivery.addressee and each.attempts and each.purpose in _INVITES for each in others
        )
        return None if sent else "nothing was sent that it would call off"
    if delivery.purpose in _INVITES:
        return None
    if appointment.status not in AHEAD:
        return f"the appointment is {appointment.status}"
    return "the appointment was moved" if appointment.invite_sequence != delivery.sequence else None
