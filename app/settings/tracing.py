"""Whether traces are collected, by whom, and of how much; most names are OpenTelemetry's own."""

from collections.abc import Iterator, Mapping
from typing import Literal
from urllib.parse import unquote

from pydantic import Field, SecretStr, field_validator

from app.settings.addresses import parts_of, web_address
from app.settings.declaring import Group, accepts

Sampler = Literal[
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
]


class TracingSettings(Group):
    """Whether traces are collected, by whom, and of how much."""

    otel_exporter_otlp_endpoint: str | None = Field(
        None,
        repr=False,
        description="OpenTelemetry collector that traces are sent to, over HTTP to /v1/traces below this address. "
        "Nothing is traced where unset.",
        json_schema_extra=accepts("an address such as http://collector:4318", secret=True),
    )
    otel_exporter_otlp_headers: SecretStr | None = Field(
        None,
        description="Headers that the collector asks for; values are percent-encoded.",
        json_schema_extra=accepts("pairs such as Authorization=Bearer%20…, comma separated", secret=True),
    )
    otel_service_name: str | None = Field(
        None,
        max_length=100,
        description="Name in traces; SERVICE_NAME where unset.",
        json_schema_extra=accepts("a text of at most 100 characters"),
    )
    otel_traces_sampler: Sampler = Field(
        "parentbased_traceidratio",
        description="Which traces are kept: by chance (traceidratio), all or none; with parentbased, what the caller "
        "keeps, where the caller traces.",
        json_schema_extra=accepts(
            "always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off or "
            "parentbased_traceidratio"
        ),
    )
    otel_traces_sampler_arg: float = Field(
        1,
        ge=0,
        le=1,
        description="What part of the traces is kept by chance.",
        json_schema_extra=accepts("a number from 0 to 1"),
    )

    @property
    def traces_url(self) -> str | None:
        """Where spans are sent to; None where nothing is traced."""
        base = self.otel_exporter_otlp_endpoint
        return None if base is None else f"{base.rstrip('/')}/v1/traces"

    @property
    def traces_headers(self) -> Mapping[str, str]:
        """The headers that the collector asks for, by their names in small letters."""
        given = self.otel_exporter_otlp_headers
        return {} if given is None else _headers(given.get_secret_value())

    @field_validator("otel_exporter_otlp_endpoint")
    @classmethod
    def _collector_address(cls, value: str | None) -> str | None:
        if value is not None:
            _check_collector(value)
        return value

    def illegible_headers(self) -> Iterator[str]:
        """Say what is wrong with the headers that the collector asks for."""
        try:
            self.traces_headers  # noqa: B018  # reading checks them
        except ValueError as error:
            yield (
                f"OTEL_EXPORTER_OTLP_HEADERS cannot be used: {error}. Give pairs such as Authorization=Bearer%20…,"
                " comma separated."
            )


def _check_collector(value: str) -> None:
    parts = parts_of(web_address(value))
    if parts.username is not None or parts.query:
        raise ValueError("what the collector asks for belongs into OTEL_EXPORTER_OTLP_HEADERS")


def _headers(text: str) -> dict[str, str]:
    """Return headers by name. Raises ValueError, which repeats no value."""
    found = {}
    for number, pair in enumerate((each for each in text.split(",") if each.strip()), start=1):
        name, given, value = pair.partition("=")
        name, value = name.strip().lower(), unquote(value.strip())
        if not given or not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
            raise ValueError(f"its part {number} is no name=value")
        if not value.isprintable():
            raise ValueError(f"the value of {name} cannot be sent")
        found[name] = value
    return found
