"""Holds that run out, time that became free, waits that end, series that go on."""

from datetime import timedelta

from app.db.timers.carrying import Handler
from app.domain.people import Actor, EventSource, Role
from app.domain.timers import Timer, TooEarly
from app.services.appointments.end_wait import EndWait, end_wait
from app.services.appointments.expire_hold import ExpireHold, expire_hold
from app.services.appointments.extend_series import ExtendSeries, extend_series
from app.services.appointments.offer_freed_time import OfferFreedTime, offer_freed_time
from app.services.perform import Writer


def hold_expires(writer: Writer) -> Handler:
    """Return what gives the time of a hold back that has run out."""

    async def carry(timer: Timer) -> None:
        await expire_hold(writer, _server(timer), ExpireHold(hold_id=timer.subject_id))

    return carry


def slot_freed(writer: Writer) -> Handler:
    """Return what offers time that became free to who waits for it."""

    async def carry(timer: Timer) -> None:
        await offer_freed_time(writer, _server(timer), OfferFreedTime(booking_id=timer.subject_id))

    return carry


def wait_ends(writer: Writer) -> Handler:
    """Return what ends a wait whose time is over."""

    async def carry(timer: Timer) -> None:
        await end_wait(writer, _server(timer), EndWait(entry_id=timer.subject_id))

    return carry


def series_extends(writer: Writer) -> Handler:
    """Return what makes the appointments of a series that come within the next weeks, one after the other."""

    async def carry(timer: Timer) -> None:
        while True:
            again = await extend_series(writer, _server(timer), ExtendSeries(series_id=timer.subject_id))
            if again is None:
                return
            wait = again - writer.clock()
            if wait > timedelta():
                raise TooEarly(wait)

    return carry


def _server(timer: Timer) -> Actor:
    return Actor(
        organization_id=timer.organization_id,
        user_id=None,
        roles=frozenset({Role.DISPATCHER}),
        source=EventSource.SYSTEM,
    )
