"""What takes deliveries out of the house, as ports: a mail server, and calendars of technicians."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from app.domain.calendar_connections import CalendarProvider
from app.domain.invitations import CalendarEntry, Party
from app.domain.letters import Letter


class NotNow(Exception):
    """It could not be taken, and may be later; the text says why and holds no secret."""

    def __init__(self, reason: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Never(Exception):
    """It will not be taken however often it is tried; the text says why and holds no secret."""


class GrantEnded(Never):
    """The technician, or the provider, has taken back the leave to write into the calendar."""


class MailPost(Protocol):
    """Takes letters."""

    @property
    def sender(self) -> str:
        """The address that letters come from."""

    async def send(self, letter: Letter) -> None:
        """Hand over a letter; one that is sent again bears the same Message-ID. Raises NotNow, Never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A technician's leave to write into a calendar."""

    organization_id: UUID
    technician_id: UUID
    calendar_id: str
    refresh_token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an entry stands, or may stand already, in a calendar.

    `key` is the same for whatever is written of one invitation, and another one once it was called off. `known_as` is
    the other side's name for it; None where nobody has heard it.
    """

    key: UUID
    known_as: str | None = None
    may_be_there: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What a calendar answered: its name for the entry, and the grant's new token where it gave one."""

    known_as: str | None
    refresh_token: str | None = field(default=None, repr=False)


class CalendarPost(Protocol):
    """Writes into calendars of one provider, so that what is repeated has its effect once."""

    async def put(self, grant: Grant, place: Place, entry: CalendarEntry) -> Entered:
        """Let the calendar have the entry as it is now. Raises NotNow, Never, GrantEnded."""

    async def remove(self, grant: Grant, place: Place, entry: CalendarEntry) -> Entered:
        """Let the calendar have it no longer; one that is gone is fine. Raises NotNow, Never, GrantEnded."""


class Seal(Protocol):
    """Keeps tokens so that whoever reads the database has nothing."""

    def close(self, token: str) -> bytes:
        """Return the token sealed."""

    def open(self, sealed: bytes) -> str:
        """Return a sealed token. Raises Never where no key opens it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posts:
    """By which ways a process can send; None and absent are those that are not set up."""

    mail: MailPost | None = None
    calendars: Mapping[CalendarProvider, CalendarPost] = field(default_factory=dict)
    seal: Seal | None = None

    def sender(self, organization: str) -> Party:
        """Return who letters of an organisation come from. Raises NotNow."""
        if self.mail is None:
            raise NotNow("SMTP_URL and MAIL_FROM are not set for this worker, and were where this was put down")
        return Party(name=organization, email=self.mail.sender)
