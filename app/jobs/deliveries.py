"""What is to leave the house about appointments."""

from app.db.timers.carrying import Handler
from app.domain.people import Actor, EventSource
from app.domain.timers import Timer
from app.services.invitations.deliver import deliver
from app.services.invitations.posts import Posts
from app.services.perform import Writer


def delivery(writer: Writer, posts: Posts) -> Handler:
    """Return what sends a delivery."""

    async def carry(timer: Timer) -> None:
        server = Actor(
            organization_id=timer.organization_id, user_id=None, roles=frozenset(), source=EventSource.SYSTEM
        )
        await deliver(writer, server, timer.subject_id, posts)

    return carry
