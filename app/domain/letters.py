"""Letters about appointments: what stands in them, and the invitation that goes with them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.domain.deliveries import Delivery, DeliveryPurpose
from app.domain.invitations import Method, Party, invitation, one_line
from app.domain.particulars import KINDS, Audience, Particulars, entry_of, lines_of, place_of, time_in_words

_LONGEST_SUBJECT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter to one person. Whoever gets it twice sees by its `id` that it is the same one."""

    id: UUID
    written_at: datetime
    sender: Party
    to: Party
    subject: str
    text: str
    calendar: bytes | None = None
    method: Method | None = None


def letter(delivery: Delivery, found: Particulars, *, sender: Party, to: Party) -> Letter:
    """Write what is to be delivered; reminders and confirmations are only read, the others go into calendars."""
    purpose = delivery.purpose
    audience = Audience.CUSTOMER if delivery.technician_id is None else Audience.TECHNICIAN
    method = _METHODS.get(purpose)
    calendar = None
    if method is not None:
        calendar = invitation(entry_of(found, audience), method, organizer=sender, attendee=to)
    return Letter(
        id=delivery.id,
        written_at=delivery.created_at,
        sender=sender,
        to=to,
        subject=_subject(purpose, found),
        text=_text(purpose, found, audience, to),
        calendar=calendar,
        method=method,
    )


_METHODS = {
    DeliveryPurpose.INVITE: Method.REQUEST,
    DeliveryPurpose.UPDATE: Method.REQUEST,
    DeliveryPurpose.CANCEL: Method.CANCEL,
}
_SUBJECTS = {
    DeliveryPurpose.INVITE: "Appointment",
    DeliveryPurpose.UPDATE: "Appointment changed",
    DeliveryPurpose.CANCEL: "Appointment cancelled",
    DeliveryPurpose.REMINDER: "Reminder of your appointment",
    DeliveryPurpose.CONFIRMATION: "Appointment confirmed",
}
_FIRST_LINES = {
    DeliveryPurpose.INVITE: "an appointment was made:",
    DeliveryPurpose.UPDATE: "your appointment is now:",
    DeliveryPurpose.CANCEL: "this appointment is off; you need do nothing:",
    DeliveryPurpose.REMINDER: "your appointment is near:",
    DeliveryPurpose.CONFIRMATION: "your appointment is confirmed:",
}


def _subject(purpose: DeliveryPurpose, found: Particulars) -> str:
    told = f"{_SUBJECTS[purpose]}: {KINDS[found.appointment.type]}, {found.ticket_number}"
    return one_line(told)[:_LONGEST_SUBJECT]


def _text(purpose: DeliveryPurpose, found: Particulars, audience: Audience, to: Party) -> str:
    lines = [f"Hello {one_line(to.name)},", "", _FIRST_LINES[purpose], ""]
    if purpose is DeliveryPurpose.CANCEL:
        # It may go to somebody whom another time does not concern.
        lines.append(f"{KINDS[found.appointment.type]}, {found.ticket_number}: {one_line(found.title)}")
    else:
        lines.append(time_in_words(found.appointment))
        place = place_of(found)
        if place is not None:
            lines.append(one_line(place))
        lines += ["", *lines_of(found, audience)]
    return "\n".join([*lines, "", one_line(found.organization), ""])
