"""A mail server that takes letters, over a connection for each."""

import ssl
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

import aiosmtplib

from app.domain.invitations import one_line
from app.domain.letters import Letter
from app.services.invitations.posts import Never, NotNow
from app.tracing.traces import UNTRACED, Traces

_SECONDS = 20.0
_SUBMISSION_PORT, _ENCRYPTED_PORT = 587, 465
# Answers from here on are final (RFC 5321, 4.2.1).
_FINAL = 500
_LONGEST_ANSWER = 120


class SmtpMail:
    """Hands letters to a server, such as that at smtp://user:password@host:port.

    With smtps:// the connection is encrypted from the start, otherwise by STARTTLS where the server can. A password is
    only sent over an encrypted one, or within this machine.
    """

    def __init__(
        self,
        url: str,
        sender: str,
        *,
        seconds: float = _SECONDS,
        tls: ssl.SSLContext | None = None,
        traces: Traces = UNTRACED,
    ) -> None:
        parts = urlsplit(url)
        self._traces = traces
        self.sender = sender
        self._host = parts.hostname or ""
        self._encrypted = parts.scheme == "smtps"
        self._port = parts.port or (_ENCRYPTED_PORT if self._encrypted else _SUBMISSION_PORT)
        self._user = None if parts.username is None else unquote(parts.username)
        self._password = None if parts.password is None else unquote(parts.password)
        self._seconds = seconds
        self._tls = tls

    async def send(self, letter: Letter) -> None:
        """Hand over a letter. Raises NotNow, Never."""
        try:
            with self._traces.call("send", "smtp", self._host, self._port) as step:
                try:
                    await self._send(letter)
                except aiosmtplib.SMTPException as error:
                    step.failed(_code_of(error))
                    raise
        except aiosmtplib.SMTPAuthenticationError as error:
            # Whoever runs the server can put it right.
            raise NotNow(f"the mail server does not let us in ({error.code})") from None
        except aiosmtplib.SMTPRecipientsRefused as error:
            first = error.recipients[0]
            raise _refusal(first.code, first.message) from None
        except aiosmtplib.SMTPResponseException as error:
            raise _refusal(error.code, error.message) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NotNow(f"the mail server cannot be used ({type(error).__name__})") from None
        except (ValueError, MessageError) as error:
            raise Never(f"the letter cannot be written ({type(error).__name__})") from None

    async def try_out(self) -> None:
        """Connect, and log in where there is a password. Raises NotNow."""
        try:
            async with self._client() as client:
                await client.noop()
        except aiosmtplib.SMTPAuthenticationError as error:
            raise NotNow(f"the mail server does not let us in ({error.code})") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NotNow(f"the mail server cannot be used ({type(error).__name__})") from None

    async def _send(self, letter: Letter) -> None:
        async with self._client() as client:
            await client.send_message(message_of(letter), sender=letter.sender.email, recipients=[letter.to.email])

    def _client(self) -> aiosmtplib.SMTP:
        must = self._user is not None and not self._encrypted and not _is_here(self._host)
        return aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            username=self._user,
            password=self._password,
            timeout=self._seconds,
            use_tls=self._encrypted,
            start_tls=False if self._encrypted else (True if must else None),
            tls_context=self._tls,
        )


def message_of(letter: Letter) -> EmailMessage:
    """Return a letter as a message (RFC 5322): words, the invitation as calendars take it, and once more as a file.

    Its Message-ID and date are those of the letter, so that a repeat is known again.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(letter.sender.name, letter.sender.email)
    message["To"] = _address(letter.to.name, letter.to.email)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.written_at)
    message["Message-ID"] = f"<{letter.id}@{letter.sender.email.rpartition('@')[2]}>"
    # Nobody who is away is to answer it (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    if letter.calendar is not None and letter.method is not None:
        text = letter.calendar.decode()
        message.add_alternative(text, subtype="calendar", params={"method": letter.method.value})
        message.add_attachment(letter.calendar, maintype="application", subtype="ics", filename="appointment.ics")
    return message


def _address(name: str, email: str) -> Address:
    return Address(display_name=one_line(name), addr_spec=email)


def _refusal(code: int, said: str) -> Exception:
    reason = f"the mail server says {code} {one_line(said)[:_LONGEST_ANSWER]}".strip()
    return Never(reason) if code >= _FINAL else NotNow(reason)


def _code_of(error: aiosmtplib.SMTPException) -> str:
    """Return what the server answered, by its number alone; the error's class where it did not."""
    match error:
        case aiosmtplib.SMTPResponseException():
            return str(error.code)
        case aiosmtplib.SMTPRecipientsRefused():
            return str(error.recipients[0].code)
    return type(error).__name__


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
