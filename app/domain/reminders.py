"""When an appointment is to be reminded of."""

from datetime import datetime, timedelta

from app.domain.organizations import BookingRules


def remind_at(starts_at: datetime, rules: BookingRules, *, now: datetime) -> datetime | None:
    """Return when to remind of an appointment; None: never, or it is so near that its invitation reminds."""
    if rules.reminder_hours_before == 0:
        return None
    moment = starts_at - timedelta(hours=rules.reminder_hours_before)
    return moment if moment > now else None
