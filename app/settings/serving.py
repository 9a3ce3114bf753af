"""Where the server listens, what it is called, and how its streams behave."""

from datetime import timedelta
from importlib.metadata import version
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from app.settings.addresses import host
from app.settings.declaring import Group, accepts


class ServingSettings(Group):
    """Where the server listens, what it is called, and how its streams behave."""

    host: str = Field(
        "127.0.0.1",
        description="Address the server listens on; 0.0.0.0 is every IPv4 address of the machine.",
        json_schema_extra=accepts("a host name or IP address"),
    )
    port: int = Field(
        8000,
        ge=0,
        le=65535,
        description="Port the server listens on; 0 takes a free one.",
        json_schema_extra=accepts("a number from 0 to 65535"),
    )
    service_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        description="Another name for PORT, which wins where both are set.",
        json_schema_extra=accepts("a number from 0 to 65535"),
    )
    service_name: str = Field(
        "fieldgraph",
        max_length=100,
        description="Name in health answers and logs.",
        json_schema_extra=accepts("a text of at most 100 characters"),
    )
    service_version: str = Field(
        default_factory=lambda: version("fieldgraph"),
        max_length=100,
        description="Version in health answers and logs; the installed version where unset.",
        json_schema_extra=accepts("a text of at most 100 characters"),
    )
    run_worker: bool | None = Field(
        None,
        description="Whether the server carries out timers, too; where unset, only with the embedded database."
        " Any number of `fieldgraph worker` may do so beside it.",
        json_schema_extra=accepts("true or false"),
    )
    job_takeover_seconds: float = Field(
        30,
        ge=1,
        le=3600,
        description="How long a worker may be silent before its jobs are given to another.",
        json_schema_extra=accepts("a number of seconds from 1 to 3600"),
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO",
        description="Least severe log line that is written.",
        json_schema_extra=accepts("DEBUG, INFO, WARNING or ERROR"),
    )
    replay_days: int = Field(
        30,
        ge=1,
        le=3650,
        description="How many days back a subscription may begin.",
        json_schema_extra=accepts("a number of days from 1 to 3650"),
    )
    heartbeat_seconds: float = Field(
        20,
        ge=0.1,
        le=300,
        description="How often an idle subscription says that it is alive.",
        json_schema_extra=accepts("a number of seconds from 0.1 to 300"),
    )
    statement_timeout_seconds: float = Field(
        10,
        ge=0.1,
        le=600,
        description="How long one SQL statement of a request may take.",
        json_schema_extra=accepts("a number of seconds from 0.1 to 600"),
    )

    @property
    def runs_worker(self) -> bool:
        """Whether the server carries out timers."""
        return self.run_worker is True

    @property
    def job_takeover(self) -> timedelta:
        """How long a worker may be silent."""
        return timedelta(seconds=self.job_takeover_seconds)

    @field_validator("host")
    @classmethod
    def _host_to_listen_on(cls, value: str) -> str:
        return host(value)

    @model_validator(mode="after")
    def _other_name_of_port(self) -> Self:
        if self.service_port is not None and "port" not in self.model_fields_set:
            # The model is frozen; this is still its construction.
            object.__setattr__(self, "port", self.service_port)
        return self

    @field_validator("log_level", mode="before")
    @classmethod
    def _level_in_capitals(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value
