"""What `fieldgraph check` says of the ways out of the house: the mail server, and technicians' calendars."""

from app.cli.findings import Finding, State, not_used, ok, wrong
from app.domain.calendar_connections import CalendarProvider
from app.domain.deliveries import Channel
from app.integrations.smtp_mail import SmtpMail
from app.services.invitations.posts import NotNow
from app.settings import Settings

_SECONDS = 10.0
SUBJECTS = ("e-mail", "calendars")


async def mail(settings: Settings) -> Finding:
    """Connect to the mail server and log in; no letter is sent."""
    url = settings.smtp_url
    if url is None:
        return not_used("e-mail", "SMTP_URL")
    if settings.mail_from is None:
        return wrong("e-mail", "MAIL_FROM is unset, so that nothing is sent.", "Set MAIL_FROM, or unset SMTP_URL.")
    try:
        await SmtpMail(url.get_secret_value(), settings.mail_from, seconds=_SECONDS).try_out()
    except NotNow as failure:
        said = str(failure)
        return wrong(
            "e-mail",
            f"{said[:1].upper()}{said[1:]}.",
            "Check SMTP_URL: host, port, user and password, and that the server's certificate is trusted here.",
        )
    return ok("e-mail", "The mail server lets us in.")


async def calendars(settings: Settings) -> Finding:
    """Tell whose calendars can be written into; nobody is asked, as each grant is a technician's own."""
    given = {
        CalendarProvider.GOOGLE: (settings.google_calendar_client_id, settings.google_calendar_client_secret),
        CalendarProvider.MICROSOFT: (settings.microsoft_graph_client_id, settings.microsoft_graph_client_secret),
    }
    begun = [provider for provider, values in given.items() if any(values)]
    half = [provider for provider in begun if not all(given[provider])]
    if half:
        names = ", ".join(half)
        return wrong("calendars", f"Client id or secret is unset: {names}.", "Set both, or unset both.")
    if begun and not settings.token_keys:
        return wrong(
            "calendars",
            "CALENDAR_TOKEN_KEY is unset, so that no grant can be kept.",
            "Set it to 32 random bytes in URL-safe base64.",
        )
    if not begun:
        return Finding(
            subject="calendars",
            state=State.NOT_USED,
            detail="GOOGLE_CALENDAR_CLIENT_ID and MICROSOFT_GRAPH_CLIENT_ID are unset.",
        )
    open_ways = ", ".join(sorted(settings.channels - {Channel.EMAIL}))
    return ok("calendars", f"Appointments can be written into calendars of {open_ways}.")
