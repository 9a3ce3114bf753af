"""Carries deliveries out as a worker does, by hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx

from app.domain.calendar_connections import CalendarApplication, CalendarProvider
from app.domain.deliveries import Delivery, DeliveryState
from app.domain.timers import TooEarly
from app.integrations.outlets import posts_of
from app.services.invitations.deliver import deliver
from app.services.invitations.posts import Posts
from tests.invitations.diary import KEY, Diary
from tests.invitations.google import Google
from tests.invitations.grants import CLIENT_ID, CLIENT_SECRET
from tests.invitations.graph import Graph
from tests.invitations.mail import MailServer

SENDER = "service@test.example"


@asynccontextmanager
async def outside(
    diary: Diary, *, mail: MailServer | None = None, google: Google | None = None, graph: Graph | None = None
) -> AsyncIterator[Posts]:
    """Give what sends to these until the block ends."""
    applications = {}
    if google is not None:
        applications[CalendarProvider.GOOGLE] = _application(f"{google.url}/v3", f"{google.url}/token")
    if graph is not None:
        token_url = f"{graph.url}/common/oauth2/v2.0/token"
        applications[CalendarProvider.MICROSOFT] = _application(f"{graph.url}/v1.0", token_url)
    async with httpx.AsyncClient(timeout=5) as client:
        yield posts_of(
            smtp_url=None if mail is None else f"smtp://127.0.0.1:{mail.port}",
            mail_from=SENDER,
            applications=applications,
            token_keys=[KEY],
            http=client,
            clock=diary.scene.clock,
        )


def _application(url: str, token_url: str) -> CalendarApplication:
    return CalendarApplication(url=url, token_url=token_url, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)


async def carry(diary: Diary, posts: Posts, delivery: Delivery) -> timedelta | None:
    """Carry one delivery out; return after which time it is to be tried again, None when it is settled."""
    try:
        await deliver(diary.writer, diary.server, delivery.id, posts)
    except TooEarly as early:
        return early.wait
    return None


async def carry_all(diary: Diary, posts: Posts) -> list[str]:
    """Carry out what is due once, in order, and return the states of all deliveries."""
    for each in await diary.deliveries():
        if each.state is DeliveryState.DUE:
            await carry(diary, posts, each)
    return [each.state.value for each in await diary.deliveries()]
