"""How the processes that share a database learn of each other's writes."""

from urllib.parse import SplitResult

from pydantic import Field, field_validator

from app.settings.addresses import parts_of
from app.settings.declaring import Group, accepts

_SCHEMES = frozenset({"nats", "redis"})


class WakeUpSettings(Group):
    """How the processes that share a database learn of each other's writes."""

    event_bus_url: str | None = Field(
        None,
        repr=False,
        description="NATS or Redis server by which server processes wake each other when something was written. "
        "PostgreSQL's LISTEN and NOTIFY where unset.",
        json_schema_extra=accepts(
            "an address such as nats://user:password@host:4222 or redis://user:password@host:6379", secret=True
        ),
    )
    log_poll_seconds: float = Field(
        1,
        ge=0.1,
        le=300,
        description="How often each process looks for what was written, in case a wake-up got lost.",
        json_schema_extra=accepts("a number of seconds from 0.1 to 300"),
    )

    @field_validator("event_bus_url")
    @classmethod
    def _bus_address(cls, value: str | None) -> str | None:
        if value is not None:
            _check_bus_address(value)
        return value


def _check_bus_address(value: str) -> None:
    parts = parts_of(value)
    if parts.scheme not in _SCHEMES:
        raise ValueError("it must begin with nats:// or redis://")
    if not parts.hostname:
        raise ValueError("it names no host")
    # Channels belong to no database of Redis, so that a number is as good as none.
    if parts.query or parts.fragment or not (parts.path in {"", "/"} or _is_database(parts)):
        raise ValueError("nothing may follow the host and the port")


def _is_database(parts: SplitResult) -> bool:
    return parts.scheme == "redis" and parts.path.removeprefix("/").isdecimal()
