"""All settings together."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator

from app.settings.appointments import AppointmentSettings
from app.settings.database import DatabaseSettings
from app.settings.declaring import SettingsError, accepted, accepts, env_name, is_secret, shown
from app.settings.endpoint import EndpointSettings
from app.settings.files import FileSettings
from app.settings.invitations import InvitationSettings
from app.settings.limits import LimitSettings
from app.settings.promises import PromiseSettings
from app.settings.serving import ServingSettings
from app.settings.tokens import TokenSettings
from app.settings.tracing import TracingSettings
from app.settings.wake_ups import WakeUpSettings
from app.settings.watching import WatchingSettings


class Settings(
    LimitSettings,
    EndpointSettings,
    FileSettings,
    PromiseSettings,
    InvitationSettings,
    AppointmentSettings,
    TokenSettings,
    WakeUpSettings,
    WatchingSettings,
    TracingSettings,
    DatabaseSettings,
    ServingSettings,
):
    """The settings; a field's name in capitals is its name in the environment.

    Empty variables count as unset. Construction raises pydantic's ValidationError; `load_settings`
    turns that into a text for people.
    """

    ticket_service_url: str | None = Field(
        None,
        description="Accepted for older deployments and not used: tickets live here.",
        json_schema_extra=accepts("anything"),
    )
    api_v1_prefix: str | None = Field(
        None,
        description="Accepted for older deployments and not used: there is one endpoint, /graphql.",
        json_schema_extra=accepts("anything"),
    )

    @model_validator(mode="after")
    def _agree(self) -> Self:
        # Each of the groups' own checks knows one setting; only one check of the whole tells all at once.
        disagreements = (
            self.ways_to_no_database,
            self.short_secret,
            self.nothing_to_enforce,
            self.illegible_headers,
            self.resolved_before_answered,
        )
        found = [sentence for each in disagreements for sentence in each()]
        if found:
            raise ValueError("\n".join(found))
        return self

    @property
    def upload_folder(self) -> Path:
        """Where attached files are kept, and what is being checked of those that are kept elsewhere."""
        return self.upload_dir or self.fieldgraph_home / "uploads"

    @property
    def unused(self) -> tuple[str, ...]:
        """The names of settings that are set and that nothing uses."""
        given = {
            "TICKET_SERVICE_URL": self.ticket_service_url,
            "API_V1_PREFIX": self.api_v1_prefix,
            "GOOGLE_CALENDAR_API_KEY": self.google_calendar_api_key,
        }
        return tuple(name for name, value in given.items() if value is not None)


def load_settings(**given: Any) -> Settings:
    """Return the settings of this process; what is `given` wins over the environment and `.env`.

    Raises:
        SettingsError: with one line for each setting that is wrong. No secret is repeated.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        problems = [_sentence(detail) for detail in error.errors(include_url=False)]
        raise SettingsError("\n".join(problems)) from None
    except UnicodeDecodeError as error:
        raise SettingsError(".env cannot be read: it must be UTF-8 text.") from error


def _sentence(detail: Mapping[str, Any]) -> str:
    reason = str(detail.get("ctx", {}).get("error", ""))
    if not detail["loc"]:
        return reason or detail["msg"]
    name = str(detail["loc"][0])
    field = Settings.model_fields[name]
    said = env_name(name) if is_secret(field) else f"{env_name(name)}={shown(str(detail['input']))}"
    because = f" ({reason})" if reason else ""
    return f"{said} cannot be used{because}: give {accepted(field)}."
