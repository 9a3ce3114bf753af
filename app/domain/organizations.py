"""How an organisation wants its work done, and its tiers of escalation."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from decimal import Decimal

from app.domain.refusals import TopTierReached
from app.domain.tickets import TicketPriority


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationSettings:
    """An organisation's settings; every field is a column of the same name.

    Minutes are how long an offer stands: `urgent_accept_minutes` at P1, where it is shorter. None: it
    does not end. `max_jobs_per_day` counts a technician's jobs by their local date, None: no bound.
    `hourly_rate` is what an hour of a technician costs, in `currency`; None: not known. A closed ticket can
    be reopened for `reopen_window_days`. New tickets get clocks if `sla_enabled`. What is None of those that
    `BookingRules` has too is as the server says.
    """

    offer_accept_minutes: int | None = None
    urgent_accept_minutes: int | None = None
    one_job_in_progress: bool = True
    max_jobs_per_day: int | None = None
    hourly_rate: Decimal | None = None
    currency: str = "EUR"
    reopen_window_days: int = 7
    sla_enabled: bool = True
    max_bookings_per_technician_per_day: int | None = None
    buffer_minutes: int | None = None
    hold_minutes: int | None = None
    auto_book_critical_alerts: bool | None = None
    auto_book_within_days: int | None = None
    reminder_hours_before: int | None = None
    free_cancellation_hours: int | None = None
    late_cancellation_fee: Decimal | None = None
    waitlist_offer_minutes: int | None = None
    send_confirmation_email: bool | None = None


# The tiers that an organisation begins with, lowest first: code and name.
FIRST_TIERS = (("L1", "First line"), ("L2", "Second line"), ("L3", "Specialists"))


# So far ahead slots are looked for, for people and for alerts.
HORIZON_DAYS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRules:
    """How time is booked; the server's settings say it, an organisation's own say it better.

    A hold stands for `hold_minutes`, an offer to who waits for `waitlist_offer_minutes`. Alerts are booked within
    `auto_book_within_days`, at most HORIZON_DAYS, if at all. A reminder comes `reminder_hours_before` the start; 0:
    none. Cancelling less than `free_cancellation_hours` before costs `late_cancellation_fee`; None: nothing.
    """

    max_bookings_per_technician_per_day: int = 6
    buffer_minutes: int = 30
    hold_minutes: int = 15
    auto_book_critical_alerts: bool = True
    auto_book_within_days: int = 7
    reminder_hours_before: int = 24
    free_cancellation_hours: int = 24
    late_cancellation_fee: Decimal | None = None
    waitlist_offer_minutes: int = 30
    send_confirmation_email: bool = True


def booking_rules(settings: OrganizationSettings, server: BookingRules) -> BookingRules:
    """Return how an organisation books: as it has settled, else as the server says."""
    own = {each.name: getattr(settings, each.name) for each in fields(BookingRules)}
    return replace(server, **{name: value for name, value in own.items() if value is not None})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A level of escalation; `accept_within_minutes` is how long its offers stand, None: as the settings say."""

    level: int
    code: str
    name: str
    accept_within_minutes: int | None = None


def first_tier(tiers: Sequence[Tier]) -> int:
    """Return the level at which tickets begin."""
    if not tiers:
        raise LookupError("the organisation has no tiers")
    return tiers[0].level


def tier_above(tiers: Sequence[Tier], level: int) -> int:
    """Return the next level up. Raises TopTierReached when there is none."""
    above = [each.level for each in tiers if each.level > level]
    if not above:
        raise TopTierReached(field=("ticketId",), level=level)
    return above[0]


def accept_by(
    tier: Tier, settings: OrganizationSettings, priority: TicketPriority, *, offered_at: datetime
) -> datetime | None:
    """Return until when an offer stands, None where it does not end."""
    minutes = settings.offer_accept_minutes if tier.accept_within_minutes is None else tier.accept_within_minutes
    urgent = settings.urgent_accept_minutes
    if priority is TicketPriority.P1 and urgent is not None:
        minutes = urgent if minutes is None else min(minutes, urgent)
    return None if minutes is None else offered_at + timedelta(minutes=minutes)
