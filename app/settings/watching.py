"""Who may read the figures of a process, and where a worker tells its own."""

from pydantic import Field, SecretStr

from app.settings.declaring import Group, accepts


class WatchingSettings(Group):
    """Who may read the figures of a process, and where a worker tells its own."""

    metrics_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="Bearer token that /metrics asks for; where unset, whoever reaches the port may read the figures.",
        json_schema_extra=accepts("a text of at least 16 characters", secret=True),
    )
    worker_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="Port on HOST at which `fieldgraph worker` answers /health and /metrics; none where unset.",
        json_schema_extra=accepts("a number from 0 to 65535"),
    )

    @property
    def scrape_token(self) -> str | None:
        """The token that whoever reads the figures must bring."""
        return None if self.metrics_token is None else self.metrics_token.get_secret_value()
