"""Every kind of timer with what carries it out."""

from collections.abc import Mapping

from app.db.timers.carrying import Handler
from app.domain.timers import TimerKind
from app.jobs.appointments import hold_expires, series_extends, slot_freed, wait_ends
from app.jobs.deliveries import delivery
from app.jobs.files import file_erase, file_scan, upload_ends
from app.jobs.offers import offer_expires
from app.jobs.reminders import appointment_reminder
from app.services.attachments.files import Files
from app.services.invitations.posts import Posts
from app.services.perform import Writer


def handlers(writer: Writer, files: Files, posts: Posts) -> Mapping[TimerKind, Handler]:
    """Return the handlers of all kinds."""
    return {
        TimerKind.OFFER_EXPIRES: offer_expires(writer),
        TimerKind.HOLD_EXPIRES: hold_expires(writer),
        TimerKind.SLOT_FREED: slot_freed(writer),
        TimerKind.WAIT_ENDS: wait_ends(writer),
        TimerKind.SERIES_EXTENDS: series_extends(writer),
        TimerKind.UPLOAD_ENDS: upload_ends(writer, files),
        TimerKind.FILE_SCAN: file_scan(writer, files),
        TimerKind.FILE_ERASE: file_erase(writer, files),
        TimerKind.DELIVERY: delivery(writer, posts),
        TimerKind.APPOINTMENT_REMINDER: appointment_reminder(writer),
    }
