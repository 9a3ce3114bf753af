"""Inputs of mutations on the organisation as a whole: its settings, tiers and kinds of service."""

from decimal import Decimal
from typing import Any

import strawberry

from app.domain.organizations import HORIZON_DAYS
from app.services.administration.organization import Settle, SettleServiceType, SettleTiers
from schema.enums import AppointmentType, AutoBooking, Urgency
from schema.ids import key_of, optional_key
from schema.inputs.administration.given import given
from schema.inputs.tickets import KEY, SkillRequirementInput
from schema.scalars import TimeZone

VERSION = "The organisation's version that was read; another one is refused."
_SERVER = "null: as the server says."


@strawberry.input(description="What an organisation is to be called, and where: what is left out stays.")
class UpdateOrganizationInput:
    """What an organisation is to be called, and where."""

    expected_version: int = strawberry.field(description=VERSION)
    name: str | None = strawberry.field(default=strawberry.UNSET, description="1 to 200 characters; not null.")
    time_zone: TimeZone | None = strawberry.field(
        default=strawberry.UNSET, description="The zone of dates that belong to no territory; not null."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> Settle:
        """Return the command."""
        values = given(self, "name", "time_zone")
        return Settle(expected_version=self.expected_version, values=values, idempotency_key=self.idempotency_key)


@strawberry.input(description="How an organisation wants its work done: what is left out stays.")
class UpdateOrganizationSettingsInput:
    """How an organisation wants its work done."""

    expected_version: int = strawberry.field(description=VERSION)
    offer_accept_minutes: int | None = strawberry.field(
        default=strawberry.UNSET, description="How long an offer stands, 1 to 43,200; null: without end."
    )
    urgent_accept_minutes: int | None = strawberry.field(
        default=strawberry.UNSET, description="The same at P1, where it is shorter; null: as any other."
    )
    one_job_in_progress: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether a technician works on one job at a time; not null."
    )
    max_jobs_per_day: int | None = strawberry.field(
        default=strawberry.UNSET, description="How many jobs a technician is given on one day, 1 to 1000; null: any."
    )
    hourly_rate: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="What an hour of a technician costs; null: not known."
    )
    currency: str | None = strawberry.field(
        default=strawberry.UNSET, description="In which currency amounts are, ISO 4217; not null."
    )
    reopen_window_days: int | None = strawberry.field(
        default=strawberry.UNSET, description="For how many days a closed ticket can be brought back; not null."
    )
    sla_enabled: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether new tickets get clocks; not null."
    )
    max_bookings_per_technician_per_day: int | None = strawberry.field(
        default=strawberry.UNSET, description=f"1 to 100; {_SERVER}"
    )
    buffer_minutes: int | None = strawberry.field(
        default=strawberry.UNSET, description=f"Between two bookings, 0 to 480; {_SERVER}"
    )
    hold_minutes: int | None = strawberry.field(
        default=strawberry.UNSET, description=f"For how long a slot is held, 1 to 1440; {_SERVER}"
    )
    auto_book_critical_alerts: bool | None = strawberry.field(
        default=strawberry.UNSET, description=f"Whether alerts are booked by themselves; {_SERVER}"
    )
    auto_book_within_days: int | None = strawberry.field(
        default=strawberry.UNSET, description=f"Within how many days they are, 1 to {HORIZON_DAYS}; {_SERVER}"
    )
    reminder_hours_before: int | None = strawberry.field(
        default=strawberry.UNSET, description=f"When a reminder is sent, 0 to 720; 0: none; {_SERVER}"
    )
    free_cancellation_hours: int | None = strawberry.field(
        default=strawberry.UNSET, description=f"Until when cancelling is free, 0 to 720; {_SERVER}"
    )
    late_cancellation_fee: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description=f"What it costs later; {_SERVER}"
    )
    waitlist_offer_minutes: int | None = strawberry.field(
        default=strawberry.UNSET, description=f"For how long who waits is offered a slot, 1 to 1440; {_SERVER}"
    )
    send_confirmation_email: bool | None = strawberry.field(
        default=strawberry.UNSET, description=f"Whether invitations are sent by e-mail; {_SERVER}"
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> Settle:
        """Return the command."""
        names = [name for name in self.__dataclass_fields__ if name not in {"expected_version", "idempotency_key"}]
        return Settle(
            expected_version=self.expected_version,
            values=given(self, *names),
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="A level of escalation.")
class EscalationTierInput:
    """A level of escalation."""

    level: int = strawberry.field(description="Its rank, 1 to 100; tickets climb to higher ones.")
    code: str = strawberry.field(description="Short, such as L1; 1 to 50 characters, no two alike.")
    name: str = strawberry.field(description="What it is called; 1 to 100 characters.")
    accept_within_minutes: int | None = strawberry.field(
        default=None, description="How long an offer stands at it, 1 to 43,200; null: as the settings say."
    )
    team_id: strawberry.ID | None = strawberry.field(default=None, description="The team that works it.")


@strawberry.input(description="All tiers as they are to be; one that something uses cannot be left out.")
class UpdateEscalationTiersInput:
    """All tiers as they are to be."""

    expected_version: int = strawberry.field(description=VERSION)
    tiers: list[EscalationTierInput] = strawberry.field(description="1 to 20; tickets begin at the lowest.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> SettleTiers:
        """Return the command. Raises Invalid for ids of another type."""
        tiers = tuple(
            {
                "level": tier.level,
                "code": tier.code,
                "name": tier.name,
                "accept_within_minutes": tier.accept_within_minutes,
                "team_id": optional_key("Team", tier.team_id, "tiers", str(at), "teamId"),
            }
            for at, tier in enumerate(self.tiers)
        )
        return SettleTiers(expected_version=self.expected_version, tiers=tiers, idempotency_key=self.idempotency_key)


@strawberry.input(description="What is usual for a kind of service: what is left out stays, null: as everywhere.")
class UpdateServiceTypeInput:
    """What is usual for a kind of service."""

    type: AppointmentType = strawberry.field(description="Which kind.")
    expected_version: int = strawberry.field(description=VERSION)
    duration_minutes: int | None = strawberry.field(
        default=strawberry.UNSET, description="How long it takes, 1 to 1440."
    )
    urgency: Urgency | None = strawberry.field(default=strawberry.UNSET, description="How soon it matters.")
    auto_book_from: AutoBooking | None = strawberry.field(
        default=strawberry.UNSET, description="Alerts of this severity and above are booked at once."
    )
    skills: list[SkillRequirementInput] | None = strawberry.field(
        default=strawberry.UNSET, description="What it asks of technicians, all of it; at most 20."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> SettleServiceType:
        """Return the command. Raises Invalid for ids of another type."""
        skills: Any = self.skills
        needed = (
            None
            if skills is strawberry.UNSET
            else tuple(
                {"skill_id": key_of("Skill", each.skill_id, "skills", str(at), "skillId"), "level": each.level}
                for at, each in enumerate(skills or ())
            )
        )
        return SettleServiceType(
            type=self.type,
            expected_version=self.expected_version,
            values=given(self, "duration_minutes", "urgency", "auto_book_from"),
            skills=needed,
            idempotency_key=self.idempotency_key,
        )
