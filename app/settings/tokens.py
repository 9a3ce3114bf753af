"""What bearer tokens are checked with."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from app.auth.jwks import ASYMMETRIC
from app.auth.tokens import SECRET_CHARACTERS
from app.settings.addresses import web_address
from app.settings.declaring import Group, accepts

_WEB_ADDRESS = "an address that begins with https:// or http://"
_ALGORITHMS = f"one or more, comma separated, of {', '.join(sorted(ASYMMETRIC))}"


class TokenSettings(Group):
    """What bearer tokens are checked with."""

    jwt_secret_key: SecretStr | None = Field(
        None,
        description="Secret that signs and checks bearer tokens. With the embedded database, and "
        "neither this nor AUTH_JWKS_URL, one is made in FIELDGRAPH_HOME.",
        json_schema_extra=accepts("at least 32 random characters (48 for HS384, 64 for HS512)", secret=True),
    )
    jwt_algorithm: Literal["HS256", "HS384", "HS512"] = Field(
        "HS256",
        description="Algorithm used with JWT_SECRET_KEY.",
        json_schema_extra=accepts("HS256, HS384 or HS512"),
    )
    auth_jwks_url: str | None = Field(
        None,
        description="Where an identity provider publishes its keys (JWKS); tokens are checked against those.",
        json_schema_extra=accepts(_WEB_ADDRESS),
    )
    auth_service_url: str | None = Field(
        None,
        description="Address of the identity provider: its keys are looked for at "
        "`/.well-known/jwks.json` below it where AUTH_JWKS_URL is unset.",
        json_schema_extra=accepts(_WEB_ADDRESS),
    )
    auth_audience: str | None = Field(
        None,
        description="Audience (`aud`) that tokens must name; not looked at where unset.",
        json_schema_extra=accepts("a text"),
    )
    auth_issuer: str | None = Field(
        None,
        description="Issuer (`iss`) that tokens must name; not looked at where unset.",
        json_schema_extra=accepts("a text"),
    )
    auth_algorithms: Annotated[tuple[str, ...], NoDecode] = Field(
        ("RS256", "ES256"),
        description="Signature algorithms accepted with the identity provider's keys.",
        json_schema_extra=accepts(_ALGORITHMS),
    )

    @field_validator("jwt_algorithm", mode="before")
    @classmethod
    def _algorithm_in_capitals(cls, value: Any) -> Any:
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

    @field_validator("auth_jwks_url")
    @classmethod
    def _address_of_keys(cls, value: str | None) -> str | None:
        return None if value is None else web_address(value)

    @field_validator("auth_service_url")
    @classmethod
    def _address_of_provider(cls, value: str | None) -> str | None:
        return None if value is None else web_address(value, bare=True)

    def short_secret(self) -> Iterator[str]:
        """Say what is wrong with a secret that is too short for its algorithm."""
        least = SECRET_CHARACTERS[self.jwt_algorithm]
        if self.jwt_secret_key is not None and len(self.jwt_secret_key.get_secret_value()) < least:
            yield (
                f"JWT_SECRET_KEY is too short for {self.jwt_algorithm}: it needs at least {least} "
                f"characters, and has {len(self.jwt_secret_key.get_secret_value())}."
            )

    @model_validator(mode="after")
    def _keys_of_the_service(self) -> Self:
        if self.auth_jwks_url is None and self.auth_service_url is not None:
            # The model is frozen; this is still its construction.
            object.__setattr__(self, "auth_jwks_url", f"{self.auth_service_url.rstrip('/')}/.well-known/jwks.json")
        return self
