"""How what is agreed leaves the house: by letter, and into technicians' calendars."""

from collections.abc import Mapping

from cryptography.fernet import Fernet
from pydantic import Field, SecretStr, field_validator

from app.domain.calendar_connections import CalendarApplication, CalendarProvider
from app.domain.deliveries import Channel
from app.settings.addresses import parts_of, web_address
from app.settings.declaring import Group, accepts

_WEB_ADDRESS = "an address that begins with https:// or http://"
_MAIL_SCHEMES = frozenset({"smtp", "smtps"})


class InvitationSettings(Group):
    """How what is agreed leaves the house: by letter, and into technicians' calendars."""

    smtp_url: SecretStr | None = Field(
        None,
        description="Mail server that takes invitations and reminders. With smtp:// the connection is encrypted by"
        " STARTTLS where the server can, and a password is never sent without; with smtps:// from the start. Nothing is"
        " sent by e-mail where unset.",
        json_schema_extra=accepts(
            "an address such as smtp://user:password@host:587 or smtps://user:password@host:465", secret=True
        ),
    )
    mail_from: str | None = Field(
        None,
        description="Address that invitations come from; needed with SMTP_URL.",
        json_schema_extra=accepts("an e-mail address"),
    )
    calendar_token_key: SecretStr | None = Field(
        None,
        description="Keys that grants to write into calendars are encrypted with: the first one encrypts, all of them"
        " decrypt. Needed to write into any.",
        json_schema_extra=accepts(
            "one or more keys of Fernet, comma separated: each 32 random bytes in URL-safe base64", secret=True
        ),
    )
    google_calendar_client_id: str | None = Field(
        None,
        description="OAuth client that technicians let write into their Google calendars.",
        json_schema_extra=accepts("a client id of the Google Cloud console"),
    )
    google_calendar_client_secret: SecretStr | None = Field(
        None,
        description="Secret of GOOGLE_CALENDAR_CLIENT_ID.",
        json_schema_extra=accepts("a client secret", secret=True),
    )
    google_calendar_api_key: SecretStr | None = Field(
        None,
        description="Accepted for older deployments and not used: a key lets nobody write into a calendar.",
        json_schema_extra=accepts("anything", secret=True),
    )
    google_calendar_url: str = Field(
        "https://www.googleapis.com/calendar/v3",
        description="Where Google's calendars are.",
        json_schema_extra=accepts(_WEB_ADDRESS),
    )
    google_token_url: str = Field(
        "https://oauth2.googleapis.com/token",
        description="Where Google's grants are exchanged.",
        json_schema_extra=accepts(_WEB_ADDRESS),
    )
    microsoft_graph_client_id: str | None = Field(
        None,
        description="Application that technicians let write into their Outlook calendars.",
        json_schema_extra=accepts("an application id of Microsoft Entra"),
    )
    microsoft_graph_client_secret: SecretStr | None = Field(
        None,
        description="Secret of MICROSOFT_GRAPH_CLIENT_ID.",
        json_schema_extra=accepts("a client secret", secret=True),
    )
    microsoft_graph_tenant: str = Field(
        "common",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,99}$",
        description="Whose people those are.",
        json_schema_extra=accepts("a tenant's id or domain, or common, organizations or consumers"),
    )
    microsoft_graph_url: str = Field(
        "https://graph.microsoft.com/v1.0",
        description="Where Microsoft Graph is.",
        json_schema_extra=accepts(_WEB_ADDRESS),
    )
    microsoft_login_url: str = Field(
        "https://login.microsoftonline.com",
        description="Where Microsoft's grants are exchanged.",
        json_schema_extra=accepts(_WEB_ADDRESS),
    )

    @property
    def channels(self) -> frozenset[Channel]:
        """By which ways something can leave."""
        mail = {Channel.EMAIL} if self.smtp_url is not None and self.mail_from is not None else set()
        return frozenset({*mail, *(Channel(provider.value) for provider in self.calendar_applications)})

    @property
    def calendar_applications(self) -> Mapping[CalendarProvider, CalendarApplication]:
        """As what each provider knows us; whose grants could not be kept is left out."""
        login = f"{self.microsoft_login_url}/{self.microsoft_graph_tenant}/oauth2/v2.0/token"
        known = {
            CalendarProvider.GOOGLE: _application(
                self.google_calendar_url,
                self.google_token_url,
                self.google_calendar_client_id,
                self.google_calendar_client_secret,
            ),
            CalendarProvider.MICROSOFT: _application(
                self.microsoft_graph_url, login, self.microsoft_graph_client_id, self.microsoft_graph_client_secret
            ),
        }
        return {provider: each for provider, each in known.items() if each is not None and self.token_keys}

    @property
    def token_keys(self) -> tuple[str, ...]:
        """The keys of grants, the one that encrypts first."""
        return () if self.calendar_token_key is None else _split(self.calendar_token_key.get_secret_value())

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parts = parts_of(value.get_secret_value())
            if parts.scheme not in _MAIL_SCHEMES or not parts.hostname:
                raise ValueError("not the address of a mail server")
            if parts.path not in {"", "/"} or parts.query or parts.fragment:
                raise ValueError("nothing may follow the port")
            if (parts.username is None) is not (parts.password is None):
                raise ValueError("a user needs a password")
        return value

    @field_validator("mail_from")
    @classmethod
    def _one_address(cls, value: str | None) -> str | None:
        if value is not None:
            local, at, domain = value.partition("@")
            if not (local and at and domain) or "@" in domain or not value.isascii() or set(value) & set(" <>,;\r\n\t"):
                raise ValueError("not an e-mail address")
        return value

    @field_validator("calendar_token_key")
    @classmethod
    def _keys(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            keys = _split(value.get_secret_value())
            if not keys:
                raise ValueError("no key")
            for key in keys:
                try:
                    Fernet(key)
                except ValueError:
                    raise ValueError("not a key of Fernet") from None
        return value

    @field_validator("google_calendar_url", "google_token_url", "microsoft_graph_url", "microsoft_login_url")
    @classmethod
    def _base(cls, value: str) -> str:
        return web_address(value, bare=True).rstrip("/")


def _split(text: str) -> tuple[str, ...]:
    return tuple(key for part in text.split(",") if (key := part.strip()))


def _application(
    url: str, token_url: str, client_id: str | None, client_secret: SecretStr | None
) -> CalendarApplication | None:
    if client_id is None or client_secret is None:
        return None
    secret = client_secret.get_secret_value()
    return CalendarApplication(url=url, token_url=token_url, client_id=client_id, client_secret=secret)
