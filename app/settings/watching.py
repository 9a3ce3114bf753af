"""Who may read the figures of a process, and where a worker tells its own."""

import re

from pydantic import Field, SecretStr, field_validator

from app.settings.declaring import Group, accepts

_IN_A_HEADER = re.compile(r"[!-~]([ -~]*[!-~])?")


class WatchingSettings(Group):
    """Who may read the figures of a process, and where a worker tells its own."""

    metrics_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="Bearer token that /metrics asks for; where unset, whoever reaches the port may read the figures.",
        json_schema_extra=accepts("at least 16 letters, digits and signs of ASCII", secret=True),
    )
    worker_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="Port on HOST at which `fieldgraph worker` answers /health and /metrics; none where unset.",
        json_schema_extra=accepts("a number from 0 to 65535"),
    )

    @field_validator("metrics_token")
    @classmethod
    def _can_be_brought(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _IN_A_HEADER.fullmatch(value.get_secret_value()):
            raise ValueError("no header can hold it")
        return value

    @property
    def scrape_token(self) -> str | None:
        """The token that whoever reads the figures must bring."""
        return None if self.metrics_token is None else self.metrics_token.get_secret_value()
