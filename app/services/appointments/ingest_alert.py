"""Monitoring tells of something that is wrong: it becomes a ticket, and where it cannot wait, an appointment."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.tables.base import Uuid
from app.db.transaction import Mode, transaction
from app.domain import validation
from app.domain.appointments import Appointment, AppointmentType, LocationMode, Urgency, books_itself
from app.domain.assignments import AssignmentReason
from app.domain.people import Actor
from app.domain.places import AssetKind
from app.domain.policy import dispatches
from app.domain.refusals import (
    ConstraintKind,
    Forbidden,
    Invalid,
    NoCandidate,
    NotEligible,
    NotFound,
    Refusal,
    Rejection,
)
from app.domain.situations import Situation
from app.domain.wanted import Wanted
from app.planning.slots.reasons import rejection
from app.services.appointments.agendas import Agendas
from app.services.appointments.alerts import Alert, keep_alert, lock_alert, what_came_of
from app.services.appointments.booking import Terms, book, ids_of, ticket_for
from app.services.appointments.looking import Outlook, look, outlook_of
from app.services.appointments.offered import rules_of
from app.services.appointments.search import Found
from app.services.appointments.wanting import SlotQuestion, service_terms, wanted_of
from app.services.assignments.dispatch import dispatch_failed
from app.services.change import Change
from app.services.naming import no_longer_active
from app.services.organization import own_rules
from app.services.perform import Writer, Written, fingerprint, perform

LONGEST_ID = 255
# Tried one after the other while others book; then it is looked anew, so often at most.
_OFFERS = 5
_ROUNDS = 3
_ASSET = sa.text(
    """
    SELECT a.id, a.kind, a.active, c.active IS FALSE AS of_the_past, EXISTS (
        SELECT 1 FROM service_bays AS b WHERE b.organization_id = a.organization_id AND b.active
    ) AS has_bays
    FROM assets AS a
    LEFT JOIN customers AS c ON c.organization_id = a.organization_id AND c.id = a.customer_id
    WHERE a.organization_id = :organization_id AND a.external_id = :external_id
    """
).bindparams(sa.bindparam("organization_id", type_=Uuid))


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestAlert:
    """What is wrong with which asset, how badly, and what is to be done; the parts are critical, one of each.

    `alert_id` is monitoring's own, 1 to 255 characters: the same alert may be told of as often as it likes.
    """

    alert_id: str
    asset_external_id: str
    severity: Urgency
    service_type: AppointmentType
    message: str | None = None
    part_numbers: tuple[str, ...] = ()
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What an alert calls for; `outlook` is None where it is not booked by itself."""

    wanted: Wanted
    outlook: Outlook | None


class _Known(Exception):
    """Somebody else has told of the same alert meanwhile."""

    def __init__(self, written: Written) -> None:
        super().__init__("the alert is known")
        self.written = written


class _AllTaken(Exception):
    """Every slot that was found was booked by others meanwhile."""


async def ingest_alert(writer: Writer, actor: Actor, command: IngestAlert, agendas: Agendas) -> Written:
    """Make a ticket of an alert, and book it where the organisation books such by itself.

    Where no slot is left the ticket stays without an appointment, and it is told why (DISPATCH_FAILED); an alert that
    is not booked by itself has none either. The same alert again has the same answer and writes nothing.
    Ids: ticket, and where it is booked, appointment and assignment.

    Guard: the alert's advisory lock, under which its row is looked for; then the counter's row lock and those of
    booking. Slots are looked for before the transaction and judged again within it.

    Raises:
        Forbidden: the actor is no dispatcher.
        Invalid: a value makes no sense, the asset, its customer or a part is no longer active, or the alert said
            something else before.
        NotFound: there is no such asset, or part.
    """
    if not dispatches(actor):
        raise Forbidden(action="tell of alerts")
    told = _checked(command)
    alert = Alert(id=told.alert_id, input_hash=fingerprint(told))
    for rounds_left in reversed(range(_ROUNDS)):
        plan = await _planned(writer, actor, told, alert, agendas.horizon_days)
        if isinstance(plan, Written):
            return plan
        found = None
        if plan.outlook is not None:
            found = await look(agendas, actor.organization_id, plan.outlook, clock=writer.clock, limit=_OFFERS)
        try:
            return await _written(writer, actor, told, alert, plan, found, looks_again=rounds_left > 0)
        except _Known as known:
            return known.written
        except _AllTaken:
            continue
    raise AssertionError("the last round returns or raises")


def _checked(command: IngestAlert) -> IngestAlert:
    if len(set(command.part_numbers)) != len(command.part_numbers):
        raise Invalid(field=("partNumbers",), problem="partNumbers must name each part once.")
    return replace(
        command,
        alert_id=validation.text(command.alert_id, "alertId", longest=LONGEST_ID),
        asset_external_id=validation.text(command.asset_external_id, "assetExternalId", longest=LONGEST_ID),
        message=validation.optional_text(command.message, "message"),
    )


async def _planned(
    writer: Writer, actor: Actor, told: IngestAlert, alert: Alert, horizon_days: int
) -> _Plan | Written:  # fmt: skip
    organization_id, now = actor.organization_id, writer.clock()
    async with transaction(writer.engine, organization_id, mode=Mode.READ) as connection:
        known = await what_came_of(connection, organization_id, alert)
        if known is not None:
            return known
        asset = await _asset(connection, organization_id, told.asset_external_id)
        in_bay = asset.kind == AssetKind.VEHICLE and asset.has_bays
        question = SlotQuestion(
            appointment_type=told.service_type,
            asset_id=asset.id,
            urgency=told.severity,
            location_mode=LocationMode.AT_FACILITY if in_bay else LocationMode.ON_SITE,
            part_numbers=told.part_numbers,
        )
        wanted = await wanted_of(connection, actor, question, now=now, horizon_days=horizon_days)
        rules = await own_rules(connection, organization_id, writer.booking_rules)
        terms = await service_terms(connection, organization_id, told.service_type)
        if not (rules.auto_book_critical_alerts and books_itself(told.severity, terms.auto_booking)):
            return _Plan(wanted=wanted, outlook=None)
        soon = replace(wanted, windows=((now, now + timedelta(days=rules.auto_book_within_days)),))
        return _Plan(wanted=wanted, outlook=await outlook_of(connection, organization_id, soon))


async def _asset(connection: AsyncConnection, organization_id: UUID, external_id: str) -> Any:
    values = {"organization_id": organization_id, "external_id": external_id}
    row = (await connection.execute(_ASSET, values)).one_or_none()
    if row is None:
        raise NotFound(field=("assetExternalId",), kind="asset")
    if not row.active or row.of_the_past:
        raise no_longer_active(("assetExternalId",), "asset" if not row.active else "asset's customer")
    return row


async def _written(
    writer: Writer,
    actor: Actor,
    told: IngestAlert,
    alert: Alert,
    plan: _Plan,
    found: Found | None,
    *,
    looks_again: bool,
) -> Written:
    async def work(change: Change) -> dict[str, UUID]:
        await lock_alert(change, alert)
        known = await what_came_of(change.connection, actor.organization_id, alert)
        if known is not None:
            raise _Known(known)
        description = told.message or f"Alert {alert.id}, told by monitoring."
        situation = await ticket_for(change, plan.wanted, description=description)
        rules, settings = await rules_of(writer, change)
        terms = Terms(rules=rules, settings=settings, reason=AssignmentReason.ALERT, automatic=True)
        appointment = None
        if found is not None:
            appointment = await _booked(change, situation, found, plan.wanted, terms, looks_again=looks_again)
        ticket_id = situation.ticket.id
        appointment_id = None if appointment is None else appointment.id
        await keep_alert(change, alert, ticket_id=ticket_id, appointment_id=appointment_id)
        return {"ticket": ticket_id} if appointment is None else ids_of(appointment)

    return await perform(writer, actor, "ingestAlert", told, work)


async def _booked(
    change: Change, situation: Situation, found: Found, wanted: Wanted, terms: Terms, *, looks_again: bool
) -> Appointment | None:
    """Book the first of the offers that is still to be had; with none left it is told how many stood against it."""
    refused: list[tuple[UUID, Refusal]] = []
    for each in found.offers:
        try:
            async with change.attempt():
                # When it is moved one day, it may go beyond the days within which it was booked by itself.
                return await book(change, replace(each, wanted=wanted), situation, terms)
        except Refusal as refusal:
            refused.append((each.technician_id, refusal))
    if refused and looks_again:
        raise _AllTaken
    reasons = (*found.rejections, *_counted(refused))
    change.no_candidate = NoCandidate(reasons=reasons)
    change.tell(dispatch_failed(change, situation, reasons))
    return None


def _counted(refused: Sequence[tuple[UUID, Refusal]]) -> tuple[Rejection, ...]:
    """Return what stood against slots that were there when they were looked for, technicians each once."""
    who: dict[ConstraintKind, dict[UUID, None]] = {}
    for technician_id, refusal in refused:
        kinds = [each.constraint for each in refusal.reasons] if isinstance(refusal, NotEligible) else []
        for kind in kinds or [ConstraintKind.OVERLAP]:
            who.setdefault(kind, {})[technician_id] = None
    return tuple(rejection(kind, list(technicians)) for kind, technicians in who.items())
