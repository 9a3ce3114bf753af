"""By which ways things leave the house, as far as they are set up."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import httpx
import structlog

from app.domain.calendar_connections import CalendarApplication, CalendarProvider
from app.integrations.google_calendar import GoogleCalendar
from app.integrations.graph_calendar import SCOPE, GraphCalendar
from app.integrations.oauth_grants import Client, Grants
from app.integrations.sealing import FernetSeal
from app.integrations.smtp_mail import SmtpMail
from app.services.invitations.posts import CalendarPost, Posts
from app.tracing.traces import UNTRACED, Traces

log = structlog.get_logger(__name__)


def posts_of(
    *,
    smtp_url: str | None,
    mail_from: str | None,
    applications: Mapping[CalendarProvider, CalendarApplication],
    token_keys: Sequence[str],
    http: httpx.AsyncClient,
    clock: Callable[[], datetime],
    traces: Traces = UNTRACED,
) -> Posts:
    """Return what sends by all the ways that are set up, and say in the log which are not."""
    mail = None if smtp_url is None or mail_from is None else SmtpMail(smtp_url, mail_from, traces=traces)
    calendars = {
        provider: _calendar(provider, application, http, clock) for provider, application in applications.items()
    }
    if mail is None:
        log.info("outlet.closed", channel="EMAIL", needs="SMTP_URL, MAIL_FROM")
    for provider in CalendarProvider:
        if provider not in calendars:
            log.info("outlet.closed", channel=provider, needs="a client id, its secret, CALENDAR_TOKEN_KEY")
    return Posts(mail=mail, calendars=calendars, seal=FernetSeal(token_keys) if token_keys else None)


def _calendar(
    provider: CalendarProvider,
    application: CalendarApplication,
    http: httpx.AsyncClient,
    clock: Callable[[], datetime],
) -> CalendarPost:
    client = Client(
        token_url=application.token_url,
        client_id=application.client_id,
        client_secret=application.client_secret,
        scope=SCOPE if provider is CalendarProvider.MICROSOFT else None,
    )
    grants = Grants(http, client, clock)
    if provider is CalendarProvider.MICROSOFT:
        return GraphCalendar(grants, application.url)
    return GoogleCalendar(grants, application.url)
