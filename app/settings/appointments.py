"""How time is booked in organisations that have settled nothing themselves."""

from decimal import Decimal

from pydantic import Field

from app.domain.organizations import HORIZON_DAYS, BookingRules
from app.settings.declaring import Group, accepts

_WHERE = "where the organisation has not settled it"


class AppointmentSettings(Group):
    """How time is booked in organisations that have settled nothing themselves."""

    max_bookings_per_technician_per_day: int = Field(
        6,
        ge=1,
        le=100,
        description=f"How many bookings a technician may have on one of their days, {_WHERE}.",
        json_schema_extra=accepts("a whole number from 1 to 100"),
    )
    service_bay_count: int = Field(
        8,
        ge=0,
        le=200,
        description="With how many service bays a new facility begins.",
        json_schema_extra=accepts("a whole number from 0 to 200"),
    )
    buffer_time_minutes: int = Field(
        30,
        ge=0,
        le=480,
        description=f"Minutes between two bookings of a technician or a bay, {_WHERE}.",
        json_schema_extra=accepts("a whole number from 0 to 480"),
    )
    hold_minutes: int = Field(
        15,
        ge=1,
        le=1440,
        description=f"For how many minutes a slot can be held, {_WHERE}.",
        json_schema_extra=accepts("a whole number from 1 to 1440"),
    )
    auto_book_critical_alerts: bool = Field(
        True,
        description=f"Whether alerts are booked without anybody being asked, as their kind of service says, {_WHERE}.",
        json_schema_extra=accepts("true or false"),
    )
    auto_book_within_days: int = Field(
        7,
        ge=1,
        le=HORIZON_DAYS,
        description=f"Within how many days alerts are booked, {_WHERE}.",
        json_schema_extra=accepts(f"a whole number from 1 to {HORIZON_DAYS}"),
    )
    send_reminder_hours_before: int = Field(
        24,
        ge=0,
        le=720,
        description=f"How many hours before an appointment a reminder is sent, {_WHERE}; 0: none.",
        json_schema_extra=accepts("a whole number from 0 to 720"),
    )
    send_confirmation_email: bool = Field(
        True,
        description=f"Whether invitations to appointments are sent by e-mail, {_WHERE}.",
        json_schema_extra=accepts("true or false"),
    )
    free_cancellation_hours: int = Field(
        24,
        ge=0,
        le=720,
        description=f"Until how many hours before it an appointment can be cancelled free of charge, {_WHERE}.",
        json_schema_extra=accepts("a whole number from 0 to 720"),
    )
    late_cancellation_fee: Decimal | None = Field(
        None,
        ge=0,
        max_digits=12,
        decimal_places=2,
        description=f"What cancelling later costs, in the organisation's currency, {_WHERE}; empty: nothing.",
        json_schema_extra=accepts("an amount such as 25.00"),
    )
    waitlist_offer_minutes: int = Field(
        30,
        ge=1,
        le=1440,
        description=f"For how many minutes a slot that became free is offered to each who waits, {_WHERE}.",
        json_schema_extra=accepts("a whole number from 1 to 1440"),
    )

    @property
    def booking_rules(self) -> BookingRules:
        """How time is booked where nobody has settled it."""
        return BookingRules(
            max_bookings_per_technician_per_day=self.max_bookings_per_technician_per_day,
            buffer_minutes=self.buffer_time_minutes,
            hold_minutes=self.hold_minutes,
            auto_book_critical_alerts=self.auto_book_critical_alerts,
            auto_book_within_days=self.auto_book_within_days,
            reminder_hours_before=self.send_reminder_hours_before,
            free_cancellation_hours=self.free_cancellation_hours,
            late_cancellation_fee=self.late_cancellation_fee,
            waitlist_offer_minutes=self.waitlist_offer_minutes,
            send_confirmation_email=self.send_confirmation_email,
        )
