"""What was put down to be told leaves the house: at least once, in order, and not again and again."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import records
from app.db.tables.appointments import appointments
from app.db.tables.deliveries import calendar_connections, deliveries
from app.db.tables.people import technicians, users
from app.domain.calendar_connections import CalendarConnection, CalendarProvider
from app.domain.deliveries import (
    IN_CALENDARS,
    Channel,
    Delivery,
    DeliveryPurpose,
    DeliveryState,
    overtaken,
)
from app.domain.invitations import Party
from app.domain.letters import letter
from app.domain.particulars import Audience, Particulars, entry_of
from app.domain.people import Actor
from app.domain.timers import PAUSES, TooEarly
from app.services.invitations.particulars import particulars
from app.services.invitations.posts import Entered, Grant, GrantEnded, Never, NotNow, Place, Posts
from app.services.perform import Writer, beside_the_log

# What takes longer is broken off, and counts as a failure.
SEND_SECONDS = 60.0
# Whoever has it for so long has ended: a worker that was killed, or a machine that stopped.
CLAIM_LASTS = timedelta(seconds=90)
_LOOK_AGAIN = timedelta(seconds=2)
_LONGEST_PAUSE = timedelta(hours=1)
_LONGEST_REASON = 300

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """A delivery that is ours to send, with all that is needed for it."""

    delivery: Delivery
    found: Particulars
    to: Party | None
    connection: CalendarConnection | None
    place: Place


async def deliver(writer: Writer, actor: Actor, delivery_id: UUID, posts: Posts) -> None:
    """Send what a delivery is about, or settle that it need not be sent.

    It may go out twice where a worker ends between sending and noting it: with the same ids, so that the other side
    takes it for the same. Nothing is locked meanwhile.

    Guard: the row locks of all deliveries of the appointment, under which it is claimed: of two of one addressee the
    second waits until the first is settled, so that they arrive in order.

    Raises:
        TooEarly: it failed and is tried again later, or is somebody else's for the moment.
    """
    claim = await _claimed(writer, actor, delivery_id)
    if claim is None:
        return
    try:
        async with asyncio.timeout(SEND_SECONDS):
            entered = await _sent(claim, posts)
    except Never as refusal:
        if isinstance(refusal, GrantEnded):
            await _broken(writer, actor, claim, str(refusal))
        await _settle(writer, actor, claim, DeliveryState.GIVEN_UP, reason=str(refusal))
    except NotNow as failure:
        await _failed(writer, actor, claim, str(failure), failure.retry_after)
    except TimeoutError:
        await _failed(writer, actor, claim, f"it took longer than {SEND_SECONDS:.0f} s", None)
    else:
        if entered.refresh_token is not None and posts.seal is not None:
            await _renewed(writer, actor, claim, posts.seal.close(entered.refresh_token))
        await _settle(writer, actor, claim, DeliveryState.SENT, known_as=entered.known_as)


async def _claimed(writer: Writer, actor: Actor, delivery_id: UUID) -> _Claim | None:
    """Return the delivery if it is to be sent now, counted as one more attempt. Raises TooEarly."""
    async with beside_the_log(writer, actor) as connection:
        now = writer.clock()
        every = await _of_one_appointment(connection, actor.organization_id, delivery_id)
        delivery = next((each for each in every if each.id == delivery_id), None)
        if delivery is None or delivery.state is not DeliveryState.DUE:
            return None
        others = [each for each in every if each.id != delivery_id]
        (found,) = await particulars(
            connection,
            appointments.c.organization_id == actor.organization_id,
            appointments.c.id == delivery.appointment_id,
            limit=1,
        )
        _expect_free(delivery, others, now)
        reason = overtaken(delivery, found.appointment, others)
        if reason is not None:
            await _write(connection, delivery, now, state=DeliveryState.OVERTAKEN, last_error=reason)
            log.info("delivery.overtaken", **_about(delivery), reason=reason)
            return None
        if delivery.due_at > now:
            raise TooEarly(delivery.due_at - now)
        await _write(connection, delivery, now, attempts=delivery.attempts + 1, claimed_at=now)
        return _Claim(
            delivery=replace(delivery, attempts=delivery.attempts + 1),
            found=found,
            to=await _address(connection, delivery),
            connection=await _connection(connection, delivery),
            place=_place(delivery, others),
        )


async def _of_one_appointment(connection: AsyncConnection, organization_id: UUID, delivery_id: UUID) -> list[Delivery]:
    of = deliveries.c
    appointment = sa.select(of.appointment_id).where(of.organization_id == organization_id, of.id == delivery_id)
    return await records.fetch(
        connection,
        deliveries,
        Delivery,
        of.organization_id == organization_id,
        of.appointment_id == appointment.scalar_subquery(),
        order=(of.id,),
        lock=True,
    )


def _expect_free(delivery: Delivery, others: Sequence[Delivery], now: datetime) -> None:
    """Raise TooEarly while this, or another one for the same addressee, is being sent."""
    for each in (delivery, *others):
        same = each.addressee == delivery.addressee and each.state is DeliveryState.DUE
        if same and each.claimed_at is not None and each.claimed_at + CLAIM_LASTS > now:
            raise TooEarly(_LOOK_AGAIN)


def _place(delivery: Delivery, others: Sequence[Delivery]) -> Place:
    """Return where the entry stands, by what was sent before."""
    before = [
        each
        for each in others
        if each.addressee == delivery.addressee and each.purpose in IN_CALENDARS and each.sequence <= delivery.sequence
    ]
    key, known_as, may_be_there = delivery.id, delivery.external_id, delivery.attempts > 0
    # From the last time on that it was called off, each is of one invitation.
    for each in sorted(before, key=lambda earlier: (earlier.sequence, earlier.id), reverse=True):
        if each.purpose is DeliveryPurpose.CANCEL:
            break
        key, known_as, may_be_there = each.id, known_as or each.external_id, may_be_there or each.attempts > 0
    return Place(key=key, known_as=known_as, may_be_there=may_be_there)


async def _address(connection: AsyncConnection, delivery: Delivery) -> Party | None:
    query = sa.select(users.c.name, users.c.email).where(users.c.organization_id == delivery.organization_id)
    if delivery.user_id is not None:
        query = query.where(users.c.id == delivery.user_id)
    else:
        same = (technicians.c.organization_id == users.c.organization_id) & (technicians.c.user_id == users.c.id)
        query = query.join(technicians, same).where(technicians.c.id == delivery.technician_id)
    row = (await connection.execute(query)).one()
    return None if row.email is None else Party(name=row.name, email=row.email)


async def _connection(connection: AsyncConnection, delivery: Delivery) -> CalendarConnection | None:
    if delivery.channel is Channel.EMAIL:
        return None
    of = calendar_connections.c
    found = await records.fetch(
        connection,
        calendar_connections,
        CalendarConnection,
        of.organization_id == delivery.organization_id,
        of.technician_id == delivery.technician_id,
        of.provider == CalendarProvider(delivery.channel.value),
    )
    return found[0] if found else None


async def _sent(claim: _Claim, posts: Posts) -> Entered:
    if claim.delivery.channel is Channel.EMAIL:
        return await _posted(claim, posts)
    return await _entered(claim, posts)


async def _posted(claim: _Claim, posts: Posts) -> Entered:
    delivery, found = claim.delivery, claim.found
    sender = posts.sender(found.organization)
    if claim.to is None:
        raise Never("they have no e-mail address any more")
    # What is called off, and what was overtaken by a move, is of the sequence it was put down with.
    numbered = replace(found, appointment=replace(found.appointment, invite_sequence=delivery.sequence))
    written = letter(delivery, numbered, sender=sender, to=claim.to)
    if posts.mail is not None:
        await posts.mail.send(written)
    return Entered(known_as=None)


async def _entered(claim: _Claim, posts: Posts) -> Entered:
    delivery, connection = claim.delivery, claim.connection
    post = posts.calendars.get(CalendarProvider(delivery.channel.value))
    if post is None or posts.seal is None:
        raise NotNow(f"{delivery.channel} is not set up for this worker, and was where this was put down")
    if connection is None or connection.sealed_token is None:
        raise Never("the calendar is not connected any more")
    if connection.broken_because is not None:
        raise Never(f"the calendar has to be connected anew: {connection.broken_because}")
    grant = Grant(
        organization_id=delivery.organization_id,
        technician_id=connection.technician_id,
        calendar_id=connection.calendar_id,
        refresh_token=posts.seal.open(connection.sealed_token),
    )
    entry = entry_of(claim.found, Audience.TECHNICIAN)
    if delivery.purpose is DeliveryPurpose.CANCEL:
        return await post.remove(grant, claim.place, entry)
    return await post.put(grant, claim.place, entry)


async def _failed(writer: Writer, actor: Actor, claim: _Claim, reason: str, retry_after: timedelta | None) -> None:
    """Let it be tried again after a pause, or give it up. Raises TooEarly."""
    delivery = claim.delivery
    if delivery.attempts > len(PAUSES):
        await _settle(writer, actor, claim, DeliveryState.GIVEN_UP, reason=reason)
        return
    pause = max(PAUSES[delivery.attempts - 1], min(retry_after or timedelta(), _LONGEST_PAUSE))
    async with beside_the_log(writer, actor) as connection:
        now = writer.clock()
        values = {"claimed_at": None, "due_at": now + pause, "last_error": reason[:_LONGEST_REASON]}
        await _write(connection, delivery, now, **values)
    writer.figures.deliveries.add(delivery.channel, "failed")
    log.warning("delivery.failed", **_about(delivery), attempt=delivery.attempts, reason=reason)
    raise TooEarly(pause)


async def _settle(
    writer: Writer,
    actor: Actor,
    claim: _Claim,
    state: DeliveryState,
    *,
    reason: str | None = None,
    known_as: str | None = None,
) -> None:
    delivery = claim.delivery
    async with beside_the_log(writer, actor) as connection:
        now = writer.clock()
        await _write(
            connection,
            delivery,
            now,
            state=state,
            claimed_at=None,
            last_error=None if reason is None else reason[:_LONGEST_REASON],
            external_id=known_as or delivery.external_id,
            sent_at=now if state is DeliveryState.SENT else None,
        )
    writer.figures.deliveries.add(delivery.channel, state.value.lower())
    if state is DeliveryState.SENT:
        log.info("delivery.sent", **_about(delivery), attempt=delivery.attempts)
    else:
        log.error("delivery.given_up", **_about(delivery), attempts=delivery.attempts, reason=reason)


async def _write(connection: AsyncConnection, delivery: Delivery, now: datetime, **values: object) -> None:
    """Write what changed of a delivery that is still due: what was settled stays."""
    of = deliveries.c
    await connection.execute(
        sa.update(deliveries)
        .where(of.organization_id == delivery.organization_id, of.id == delivery.id, of.state == DeliveryState.DUE)
        .values(**values, updated_at=now)
    )


async def _broken(writer: Writer, actor: Actor, claim: _Claim, reason: str) -> None:
    """Note that a grant is honoured no longer, so that nothing more is put down for it."""
    await _note(writer, actor, claim, broken_because=reason[:_LONGEST_REASON])
    log.error("calendar.disconnected", **_about(claim.delivery), reason=reason)


async def _renewed(writer: Writer, actor: Actor, claim: _Claim, sealed: bytes) -> None:
    await _note(writer, actor, claim, sealed_token=sealed)


async def _note(writer: Writer, actor: Actor, claim: _Claim, **values: object) -> None:
    """Write into the connection that was used, unless it was made anew meanwhile."""
    used, of = claim.connection, calendar_connections.c
    if used is None:
        return
    async with beside_the_log(writer, actor) as connection:
        await connection.execute(
            sa.update(calendar_connections)
            .where(
                of.organization_id == used.organization_id,
                of.technician_id == used.technician_id,
                of.provider == used.provider,
                of.version == used.version,
            )
            .values(**values, version=used.version + 1, updated_at=writer.clock())
        )


def _about(delivery: Delivery) -> dict[str, str]:
    return {
        "organization_id": str(delivery.organization_id),
        "delivery_id": str(delivery.id),
        "appointment_id": str(delivery.appointment_id),
        "channel": delivery.channel,
        "purpose": delivery.purpose,
    }
