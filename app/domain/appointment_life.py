"""The life of an appointment: the table of its steps, and what each of them does to it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from app.domain.appointments import Appointment, AppointmentStatus
from app.domain.organizations import BookingRules
from app.domain.refusals import InvalidTransition

# The life of an appointment; moving it to another time lets it begin anew.
TRANSITIONS: Mapping[AppointmentStatus, frozenset[AppointmentStatus]] = MappingProxyType(
    {
        AppointmentStatus.SCHEDULED: frozenset(
            {
                AppointmentStatus.CONFIRMED,
                AppointmentStatus.IN_PROGRESS,
                AppointmentStatus.COMPLETED,
                AppointmentStatus.NO_SHOW,
                AppointmentStatus.CANCELLED,
            }
        ),
        AppointmentStatus.CONFIRMED: frozenset(
            {
                AppointmentStatus.SCHEDULED,
                AppointmentStatus.IN_PROGRESS,
                AppointmentStatus.COMPLETED,
                AppointmentStatus.NO_SHOW,
                AppointmentStatus.CANCELLED,
            }
        ),
        AppointmentStatus.IN_PROGRESS: frozenset(
            {AppointmentStatus.COMPLETED, AppointmentStatus.NO_SHOW, AppointmentStatus.CANCELLED}
        ),
        AppointmentStatus.COMPLETED: frozenset(),
        AppointmentStatus.NO_SHOW: frozenset(),
        AppointmentStatus.CANCELLED: frozenset(),
    }
)
# Time is taken for these.
OPEN = tuple(status for status, following in TRANSITIONS.items() if following)
# Nobody has come yet.
AHEAD = frozenset({AppointmentStatus.SCHEDULED, AppointmentStatus.CONFIRMED})


def moved(appointment: Appointment, to: AppointmentStatus) -> Appointment:
    """Return the appointment at another point of its life.

    Raises:
        InvalidTransition: its life has no such step.
    """
    allowed = TRANSITIONS[appointment.status]
    if to not in allowed:
        following = [each for each in TRANSITIONS if each in allowed]
        raise InvalidTransition(subject="appointment", current=appointment.status, to=to, allowed=following)
    return replace(appointment, status=to)


def cancelled(
    appointment: Appointment, *, reason: str, at: datetime, fee: Decimal | None = None, currency: str | None = None
) -> Appointment:
    """Return the appointment called off; whoever was invited is to be told so, so its invitation's number rises.

    Raises:
        InvalidTransition: it is over.
    """
    called_off = followed(moved(appointment, AppointmentStatus.CANCELLED), AppointmentStatus.CANCELLED, reason, at=at)
    return replace(called_off, cancellation_fee=fee, currency=None if fee is None else currency)


def followed(appointment: Appointment, to: AppointmentStatus, reason: str | None, *, at: datetime) -> Appointment:
    """Return an open appointment as its job has left it: whatever became of the work became of the appointment."""
    if to is not AppointmentStatus.CANCELLED:
        return replace(appointment, status=to, remind_at=None)
    return replace(
        appointment,
        status=to,
        cancelled_at=at,
        cancellation_reason=reason,
        remind_at=None,
        invite_sequence=appointment.invite_sequence + 1,
    )


def fee_of(appointment: Appointment, rules: BookingRules, *, at: datetime) -> tuple[Decimal | None, datetime]:
    """Return what cancelling costs at a moment, None: nothing, and until when it is free of charge."""
    free_until = appointment.starts_at - timedelta(hours=rules.free_cancellation_hours)
    late = at > free_until and rules.late_cancellation_fee
    return (rules.late_cancellation_fee if late else None), free_until


def remind_at(starts_at: datetime, rules: BookingRules, *, now: datetime) -> datetime | None:
    """Return when to remind of an appointment, None: not at all, or it is too late for that."""
    at = starts_at - timedelta(hours=rules.reminder_hours_before)
    return at if rules.reminder_hours_before > 0 and at > now else None
