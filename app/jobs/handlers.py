"""Every kind of timer with what carries it out."""

from collections.abc import Mapping

from app.db.timers.carrying import Handler
from app.domain.timers import TimerKind
from app.jobs.offers import offer_expires
from app.services.change import Writer


def handlers(writer: Writer) -> Mapping[TimerKind, Handler]:
    """Return the handlers of all kinds."""
    return {TimerKind.OFFER_EXPIRES: offer_expires(writer)}
