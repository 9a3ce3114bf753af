"""A mail server as servers are: STARTTLS or TLS, a login, and answers that are ordered beforehand."""

import asyncio
import email.policy
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "post", "p@ss/word"


@dataclass(slots=True)
class MailServer:
    """What came in, and how it answers."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    # Said to the next letters in place of taking them, or (`after`) after taking them.
    says: list[str] = field(default_factory=list)
    after: bool = False
    silent: bool = False
    # Letters are taken, and that is said when this is set.
    holds_back: asyncio.Event | None = None
    # Nobody gets in who does not speak TLS.
    at_once: bool = False

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd looks for this name
        """Take a letter."""
        if self.silent:
            await asyncio.sleep(30)
        instead = self.says.pop(0) if self.says else None
        if instead is None or self.after:
            content = envelope.content
            assert isinstance(content, bytes)
            message = BytesParser(EmailMessage, policy=email.policy.default).parsebytes(content)
            assert isinstance(message, EmailMessage)
            self.letters.append(message)
            self.recipients += envelope.rcpt_tos
            self.encrypted.append(self.at_once or session.ssl is not None)
        if self.holds_back is not None:
            await self.holds_back.wait()
        return instead or "250 Taken"

    def let_in(self, _server: SMTP, _session: Session, _envelope: Envelope, _way: str, given: object) -> AuthResult:
        """Check a login."""
        assert isinstance(given, LoginPassword)
        right = (given.login.decode(), given.password.decode()) == (USER, PASSWORD)
        if right:
            self.logins.append(given.login.decode())
        return AuthResult(success=right, handled=False)


@asynccontextmanager
async def mail_server(
    *, tls: ssl.SSLContext | None = None, at_once: bool = False, login: bool = False
) -> AsyncIterator[MailServer]:
    """Serve until the block ends: with `tls` by STARTTLS or, `at_once`, encrypted from the start."""
    fake = MailServer(at_once=at_once)
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        with warnings.catch_warnings():
            # It advises against a login in the open, which is what is to be tried.
            warnings.simplefilter("ignore", UserWarning)
            return SMTP(
                fake,
                hostname="mail.test.example",
                tls_context=None if at_once else tls,
                authenticator=fake.let_in if login else None,
                auth_required=login,
                auth_require_tls=tls is not None and not at_once,
                loop=loop,
            )

    server = await loop.create_server(session, "127.0.0.1", 0, ssl=tls if at_once else None)
    fake.port = server.sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        server.close()
        await server.wait_closed()
