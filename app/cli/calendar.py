"""`fieldgraph calendar`: technicians' own calendars, and the addresses of their feeds."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import typer

from app.cli.console import results
from app.cli.migrate import bring_up, direct_url
from app.cli.organization import Organization, chosen
from app.cli.refusals import Refusal
from app.cli.workplace import begin, database_ready
from app.clock import now
from app.db.engine import open_engine
from app.domain.calendar_connections import CalendarProvider
from app.domain.people import Actor, EventSource
from app.domain.refusals import Invalid, NotFound
from app.integrations.sealing import FernetSeal
from app.services.invitations.calendar_connections import LONGEST_TOKEN, connect_calendar, disconnect_calendar
from app.services.invitations.calendar_feeds import revoke_feed
from app.services.perform import Writer
from app.settings import Settings

Technician = Annotated[UUID, typer.Option(help="Key of the technician.")]
Provider = Annotated[CalendarProvider, typer.Option(case_sensitive=False, help="Whose calendars it is among.")]
CalendarId = Annotated[
    str | None,
    typer.Option(help="Which calendar: of Google its id, primary otherwise; of Microsoft me or users/…, me otherwise."),
]
_USUAL = {CalendarProvider.GOOGLE: "primary", CalendarProvider.MICROSOFT: "me"}

Work = Callable[[Writer, Actor], Awaitable[str]]

calendar = typer.Typer(help="Technicians' own calendars and feeds.", no_args_is_help=True)


class CalendarRefusal(Refusal):
    """What was asked for of a calendar cannot be done."""


@calendar.command()
def connect(
    technician: Technician, provider: Provider, calendar_id: CalendarId = None, organization: Organization = None
) -> None:
    """Write a technician's appointments into a calendar; the refresh token is read from standard input."""
    settings = begin()
    if not settings.token_keys:
        raise CalendarRefusal("CALENDAR_TOKEN_KEY is unset: a grant is only kept encrypted.")
    if provider not in settings.calendar_applications:
        raise CalendarRefusal(f"{provider} is not set up: its client id or secret is unset.")
    if sys.stdin.isatty():
        results.print("The refresh token, and then the end of input:")
    token = sys.stdin.read(LONGEST_TOKEN + 2).strip()
    seal = FernetSeal(settings.token_keys)

    async def work(writer: Writer, actor: Actor) -> str:
        await connect_calendar(
            writer,
            actor,
            technician,
            provider,
            calendar_id=calendar_id or _USUAL[provider],
            refresh_token=token,
            seal=seal,
        )
        return "Connected."

    _run(settings, organization, work)


@calendar.command()
def disconnect(technician: Technician, provider: Provider, organization: Organization = None) -> None:
    """Forget a technician's grant; entries that were written stay."""

    async def work(writer: Writer, actor: Actor) -> str:
        done = await disconnect_calendar(writer, actor, technician, provider)
        return "Disconnected." if done else "Was not connected."

    _run(begin(), organization, work)


@calendar.command()
def revoke_address(technician: Technician, organization: Organization = None) -> None:
    """Let the present address of a technician's feed hold no longer."""

    async def work(writer: Writer, actor: Actor) -> str:
        await revoke_feed(writer, actor, technician)
        return "Revoked; calendarFeedUrl tells the new address."

    _run(begin(), organization, work)


def _run(settings: Settings, organization: UUID | None, work: Work) -> None:
    with database_ready(settings) as ready:
        bring_up(ready)
        results.print(asyncio.run(_done(ready, organization, work)))


async def _done(settings: Settings, organization: UUID | None, work: Work) -> str:
    engine = open_engine(direct_url(settings), size=1)
    actor = Actor(
        organization_id=await chosen(settings, organization),
        user_id=None,
        roles=frozenset(),
        source=EventSource.SYSTEM,
    )
    try:
        return await work(Writer(engine=engine, clock=now, wake=lambda _organization_id: None), actor)
    except Invalid as invalid:
        raise CalendarRefusal(invalid.problem) from invalid
    except NotFound as missing:
        raise CalendarRefusal(f"There is no such {missing.kind}.") from missing
    finally:
        await engine.dispose()
