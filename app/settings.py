"""Every setting of the product, read from the environment and from `.env`.

Only the command line, `main` and tests make a `Settings`; everything below is given values.
"""

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import URL

from app.auth.jwks import ASYMMETRIC
from app.auth.tokens import SECRET_CHARACTERS

_POSTGRES_SCHEMES = frozenset({"postgres", "postgresql", "postgresql+asyncpg"})
_DATABASE_ADDRESS = "an address such as postgresql://user:password@host:5432/name"
_WEB_ADDRESS = "an address that begins with https:// or http://"
_ALGORITHMS = f"one or more, comma separated, of {', '.join(sorted(ASYMMETRIC))}"


class SettingsError(Exception):
    """The settings cannot be used; the text names each wrong one and what would be right."""


def _accepts(text: str, *, secret: bool = False) -> dict[str, Any]:
    return {"accepts": text, "secret": secret}


class Settings(BaseSettings):
    """The settings; a field's name in capitals is its name in the environment.

    Empty variables count as unset. Construction raises pydantic's ValidationError; `load_settings`
    turns that into a text for people.
    """

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore", frozen=True
    )

    host: str = Field(
        "127.0.0.1",
        description="Address the server listens on; 0.0.0.0 is every IPv4 address of the machine.",
        json_schema_extra=_accepts("a host name or IP address"),
    )
    port: int = Field(
        8000,
        ge=0,
        le=65535,
        description="Port the server listens on; 0 takes a free one.",
        json_schema_extra=_accepts("a number from 0 to 65535"),
    )
    service_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="Another name for PORT, which wins where both are set.",
        json_schema_extra=_accepts("a number from 0 to 65535"),
    )
    fieldgraph_home: Path = Field(
        Path(".fieldgraph"),
        description="Folder for the embedded PostgreSQL and the secret made for it.",
        json_schema_extra=_accepts("a path"),
    )
    pg_bin_dir: Path | None = Field(
        None,
        description="Folder with the programs of a PostgreSQL 18 (initdb, pg_ctl, postgres, psql) to "
        "use for the embedded server in place of the one installed with the product.",
        json_schema_extra=_accepts("a folder that exists"),
    )
    database_url: str | None = Field(
        None,
        repr=False,
        description="PostgreSQL 18 or newer to use; no embedded server is started then.",
        json_schema_extra=_accepts(_DATABASE_ADDRESS, secret=True),
    )
    database_direct_url: str | None = Field(
        None,
        repr=False,
        description="The same database without a pooler between, for migrations and listening. "
        "DATABASE_URL where unset.",
        json_schema_extra=_accepts(_DATABASE_ADDRESS, secret=True),
    )
    database_pool_size: int = Field(
        10,
        ge=1,
        le=200,
        description="Most connections that one server process holds to the database for queries and mutations; "
        "four more follow the log.",
        json_schema_extra=_accepts("a number from 1 to 200"),
    )
    db_host: str | None = Field(
        None,
        description="Host of the database. Without DATABASE_URL, one of DB_HOST, DB_NAME and "
        "DB_PASSWORD is enough to use a server of your own; the rest have defaults.",
        json_schema_extra=_accepts("a host name or IP address"),
    )
    db_port: int = Field(
        5432,
        ge=1,
        le=65535,
        description="Port of the database at DB_HOST.",
        json_schema_extra=_accepts("a number from 1 to 65535"),
    )
    db_name: str | None = Field(
        None,
        description="Name of the database at DB_HOST; `fieldgraph` where unset.",
        json_schema_extra=_accepts("a database's name"),
    )
    db_user: str = Field(
        "fieldgraph",
        description="Login at DB_HOST.",
        json_schema_extra=_accepts("a login's name"),
    )
    db_password: SecretStr | None = Field(
        None,
        description="Password of DB_USER.",
        json_schema_extra=_accepts("a password", secret=True),
    )
    jwt_secret_key: SecretStr | None = Field(
        None,
        description="Secret that signs and checks bearer tokens. With the embedded database, and "
        "neither this nor AUTH_JWKS_URL, one is made in FIELDGRAPH_HOME.",
        json_schema_extra=_accepts("at least 32 random characters (48 for HS384, 64 for HS512)", secret=True),
    )
    jwt_algorithm: Literal["HS256", "HS384", "HS512"] = Field(
        "HS256",
        description="Algorithm used with JWT_SECRET_KEY.",
        json_schema_extra=_accepts("HS256, HS384 or HS512"),
    )
    auth_jwks_url: str | None = Field(
        None,
        description="Where an identity provider publishes its keys (JWKS); tokens are checked against those.",
        json_schema_extra=_accepts(_WEB_ADDRESS),
    )
    auth_service_url: str | None = Field(
        None,
        description="Address of the identity provider: its keys are looked for at "
        "`/.well-known/jwks.json` below it where AUTH_JWKS_URL is unset.",
        json_schema_extra=_accepts(_WEB_ADDRESS),
    )
    auth_audience: str | None = Field(
        None,
        description="Audience (`aud`) that tokens must name; not looked at where unset.",
        json_schema_extra=_accepts("a text"),
    )
    auth_issuer: str | None = Field(
        None,
        description="Issuer (`iss`) that tokens must name; not looked at where unset.",
        json_schema_extra=_accepts("a text"),
    )
    auth_algorithms: Annotated[tuple[str, ...], NoDecode] = Field(
        ("RS256", "ES256"),
        description="Signature algorithms accepted with the identity provider's keys.",
        json_schema_extra=_accepts(_ALGORITHMS),
    )
    service_name: str = Field(
        "fieldgraph",
        description="Name in health answers and logs.",
        json_schema_extra=_accepts("a text"),
    )
    service_version: str = Field(
        default_factory=lambda: version("fieldgraph"),
        description="Version in health answers and logs; the installed version where unset.",
        json_schema_extra=_accepts("a text"),
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO",
        description="Least severe log line that is written.",
        json_schema_extra=_accepts("DEBUG, INFO, WARNING or ERROR"),
    )
    replay_days: int = Field(
        30,
        ge=1,
        le=3650,
        description="How many days back a subscription may begin.",
        json_schema_extra=_accepts("a number of days from 1 to 3650"),
    )
    heartbeat_seconds: float = Field(
        20,
        ge=0.1,
        le=300,
        description="How often an idle subscription says that it is alive.",
        json_schema_extra=_accepts("a number of seconds from 0.1 to 300"),
    )
    statement_timeout_seconds: float = Field(
        10,
        ge=0.1,
        le=600,
        description="How long one SQL statement of a request may take.",
        json_schema_extra=_accepts("a number of seconds from 0.1 to 600"),
    )
    read_plans: bool = Field(
        True,
        description="Whether reads are compiled to one SQL statement each; off, every field is resolved by itself.",
        json_schema_extra=_accepts("true or false"),
    )
    ticket_service_url: str | None = Field(
        None,
        description="Accepted for older deployments and not used: tickets live here.",
        json_schema_extra=_accepts("anything"),
    )
    api_v1_prefix: str | None = Field(
        None,
        description="Accepted for older deployments and not used: there is one endpoint, /graphql.",
        json_schema_extra=_accepts("anything"),
    )

    @property
    def embedded(self) -> bool:
        """Whether the database is the embedded one."""
        return self.database_url is None

    @property
    def unused(self) -> tuple[str, ...]:
        """The names of settings that are set and that nothing uses."""
        given = {"TICKET_SERVICE_URL": self.ticket_service_url, "API_V1_PREFIX": self.api_v1_prefix}
        return tuple(name for name, value in given.items() if value is not None)

    @model_validator(mode="before")
    @classmethod
    def _other_name_of_port(cls, values: Any) -> Any:
        if isinstance(values, dict) and "service_port" in values:
            values.setdefault("port", values["service_port"])
        return values

    @field_validator("log_level", "jwt_algorithm", mode="before")
    @classmethod
    def _in_capitals(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @field_validator("auth_algorithms", mode="before")
    @classmethod
    def _separated_by_commas(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(name for part in value.split(",") if (name := part.strip()))
        return value

    @field_validator("auth_algorithms")
    @classmethod
    def _only_public_key_algorithms(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or set(value) - ASYMMETRIC:
            raise ValueError("not on the list")
        return value

    @field_validator("pg_bin_dir")
    @classmethod
    def _existing_folder(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError("there is no such folder")
        return value

    @field_validator("database_url", "database_direct_url")
    @classmethod
    def _postgres_address(cls, value: str | None) -> str | None:
        if value is not None:
            _check_database_address(value)
        return value

    @field_validator("auth_jwks_url", "auth_service_url")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value is not None:
            parts = urlsplit(value)
            if parts.scheme not in {"http", "https"} or not parts.hostname:
                raise ValueError("not a web address")
        return value

    @model_validator(mode="after")
    def _secret_long_enough(self) -> Self:
        # A check of two fields; a field's own check would not know the algorithm yet.
        least = SECRET_CHARACTERS[self.jwt_algorithm]
        if self.jwt_secret_key is not None and len(self.jwt_secret_key.get_secret_value()) < least:
            raise ValueError(
                f"JWT_SECRET_KEY is too short for {self.jwt_algorithm}: it needs at least {least} "
                f"characters, and has {len(self.jwt_secret_key.get_secret_value())}."
            )
        return self

    @model_validator(mode="after")
    def _derived_addresses(self) -> Self:
        derived: dict[str, str] = {}
        if self.auth_jwks_url is None and self.auth_service_url is not None:
            derived["auth_jwks_url"] = f"{self.auth_service_url.rstrip('/')}/.well-known/jwks.json"
        address = self.database_url
        if address is None and any((self.db_host, self.db_name, self.db_password)):
            address = derived["database_url"] = self._address_of_parts()
        if self.database_direct_url is None and address is not None:
            derived["database_direct_url"] = address
        for name, value in derived.items():
            # The model is frozen; this is still its construction.
            object.__setattr__(self, name, value)
        return self

    def _address_of_parts(self) -> str:
        address = URL.create(
            "postgresql",
            username=self.db_user,
            password=self.db_password.get_secret_value() if self.db_password else None,
            host=self.db_host or "localhost",
            port=self.db_port,
            database=self.db_name or "fieldgraph",
        )
        return address.render_as_string(hide_password=False)


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


def env_name(field: str) -> str:
    """Return the name that a field of `Settings` has in the environment."""
    return field.upper()


def accepted(field: FieldInfo) -> str:
    """Return what values a field takes, in words."""
    return str(_extra(field)["accepts"])


def is_secret(field: FieldInfo) -> bool:
    """Tell whether a field's value must not be shown."""
    return bool(_extra(field)["secret"])


def _extra(field: FieldInfo) -> dict[str, Any]:
    extra = field.json_schema_extra
    if not isinstance(extra, dict):
        raise TypeError("every setting says what it accepts")
    return dict(extra)


def _check_database_address(value: str) -> None:
    parts = urlsplit(value)
    if parts.scheme not in _POSTGRES_SCHEMES:
        raise ValueError("it must begin with postgresql://, postgres:// or postgresql+asyncpg://")
    if not parts.path.strip("/"):
        raise ValueError("it names no database")
    try:
        parts.port  # noqa: B018 - a port is checked only when it is read
    except ValueError:
        raise ValueError("its port is no number from 1 to 65535") from None


def _sentence(detail: Mapping[str, Any]) -> str:
    reason = str(detail.get("ctx", {}).get("error", ""))
    if not detail["loc"]:
        return reason or detail["msg"]
    name = str(detail["loc"][0])
    field = Settings.model_fields[name]
    said = env_name(name) if is_secret(field) else f"{env_name(name)}={detail['input']!s}"
    because = f" ({reason})" if reason else ""
    return f"{said} cannot be used{because}: give {accepted(field)}."
