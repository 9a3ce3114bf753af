"""Who collects traces, by the settings alone."""

from app.integrations.trace_collectors import Collector
from app.settings import Settings


def collector_of(settings: Settings) -> Collector | None:
    """Return who collects traces; None where nobody does."""
    url = settings.traces_url
    return (
        None
        if url is None
        else Collector(
            url=url,
            headers=settings.traces_headers,
            service=settings.otel_service_name or settings.service_name,
            version=settings.service_version,
            sampler=settings.otel_traces_sampler,
            ratio=settings.otel_traces_sampler_arg,
        )
    )
