"""Somebody calls an appointment off."""

from dataclasses import dataclass
from uuid import UUID

from app.domain import validation
from app.domain.appointment_life import fee_of
from app.domain.people import Actor
from app.domain.refusals import CancellationFeeRequired
from app.services.appointments.agreed import expect_bookable_by, expect_version, lock_agreed
from app.services.appointments.booking import ids_of
from app.services.appointments.ending import call_off
from app.services.appointments.offered import rules_of
from app.services.appointments.scopes import SeriesScope, end_series, lock_series_of, others_of
from app.services.change import Change
from app.services.perform import Writer, Written, perform


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAppointment:
    """Which appointment, and why; 1 to 2,000 characters. `accept_fee`: also where that costs something."""

    appointment_id: UUID
    reason: str
    accept_fee: bool = False
    scope: SeriesScope = SeriesScope.THIS
    expected_version: int | None = None
    idempotency_key: str | None = None


async def cancel_appointment(writer: Writer, actor: Actor, command: CancelAppointment) -> Written:
    """Cancel an appointment that is ahead; its job is called off, its ticket OPEN.

    Of a series it may be those that follow too, or all that are ahead: the series comes no more then. The fee is
    asked for the one that is named. Ids: appointment, ticket, assignment, series.

    Guard: the series' row lock, the tickets' row locks, then the technicians'.

    Raises:
        CancellationFeeRequired: it is too late to do so free of charge, and the fee was not accepted.
        InvalidTransition: it is over, or the work has begun.
    """

    async def work(change: Change) -> dict[str, UUID]:
        reason = validation.text(command.reason, "reason", longest=validation.LONGEST_REASON)
        series = await lock_series_of(change, command.appointment_id, command.scope)
        agreed = await lock_agreed(change, command.appointment_id)
        expect_bookable_by(change, agreed, words="cancel this appointment")
        expect_version(agreed.appointment, command.expected_version)
        rules, settings = await rules_of(writer, change)
        fee, free_until = fee_of(agreed.appointment, rules, at=change.now)
        if fee is not None and not command.accept_fee:
            raise CancellationFeeRequired(
                field=("acceptFee",), fee=fee, currency=settings.currency, free_until=free_until
            )
        others = () if series is None else await others_of(change, series, agreed.appointment, command.scope)
        ids = ids_of(await call_off(change, agreed, reason=reason, fee=fee, currency=settings.currency))
        for each in others:
            await call_off(change, each, reason=reason)
        if series is None:
            return ids
        ended = await end_series(change, series, agreed.appointment, command.scope)
        return {**ids, "series": ended.id}

    return await perform(writer, actor, "cancelAppointment", command, work)
