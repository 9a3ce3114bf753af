"""What `fieldgraph check` says of what is outside: files' store, bus, scanner, provider's keys, collector of traces."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from app.auth.jwks import UnusableKeySet, fetch_key_set
from app.cli.findings import Finding, State, not_used, ok, wrong
from app.integrations.bus_drivers import BusDriverMissing, driver_of
from app.integrations.bus_line import BusRefused, Line
from app.integrations.clamd import Clamd
from app.integrations.file_stores import StorageDriverMissing, try_out
from app.integrations.trace_collectors import CollectorFailed, CollectorRefused, TracingLibraryMissing
from app.integrations.trace_collectors import try_out as collect_nothing
from app.main.collector import collector_of
from app.services.attachments.files import ScannerFailed, StoreFailed
from app.settings import Settings

SUBJECTS = ("storage", "event bus", "scanner", "identity provider", "traces")
_SECONDS = 10.0
_FIRST_WORD_AGAIN_SECONDS = 0.2
_SUBJECT = "fieldgraph.wake.check"
_MEGABYTE = 1024 * 1024
_HARMLESS = b"fieldgraph check"


async def storage(settings: Settings) -> Finding:
    """Write a small file where files are kept, and erase it; in the folder too if they are kept in an object store."""
    here = await asyncio.to_thread(_folder, settings.upload_folder, settings.file_limits.max_bytes)
    # What is kept elsewhere is looked at here before.
    if settings.storage_url is None or here.state is State.WRONG:
        return here
    where = urlsplit(settings.storage_url).hostname
    try:
        await try_out(settings.storage_url)
    except StorageDriverMissing as missing:
        return wrong("storage", str(missing), "Install fieldgraph[storage], or unset STORAGE_URL.")
    except StoreFailed as failed:
        return wrong(
            "storage",
            f"Nothing can be written to {where}: {failed}.",
            "Check STORAGE_URL, that the bucket exists, and the credentials in the environment.",
        )
    return ok("storage", f"Files can be written to {where} and erased.")


async def event_bus(settings: Settings) -> Finding:
    """Say something on the bus and hear it."""
    url = settings.event_bus_url
    if url is None:
        return not_used("event bus", "EVENT_BUS_URL")
    heard = asyncio.Event()
    try:
        line = driver_of(url)(url, _SUBJECT, lambda _: heard.set())
    except BusDriverMissing as missing:
        return wrong("event bus", str(missing), "Install fieldgraph[bus], or unset EVENT_BUS_URL.")
    try:
        async with asyncio.timeout(_SECONDS):
            await _hear_myself(line, heard)
    except BusRefused:
        return wrong(
            "event bus",
            "It does not let us in.",
            "Check user and password in EVENT_BUS_URL, and that the user may publish to and hear fieldgraph.wake.>.",
        )
    except Exception as lost:  # noqa: BLE001 - a driver may raise anything, and its text may repeat the password
        return wrong(
            "event bus",
            f"It cannot be used ({type(lost).__name__}).",
            "Check host and port in EVENT_BUS_URL, and that the bus runs and may be reached from here.",
        )
    return ok("event bus", "What is said on it is heard.")


async def scanner(settings: Settings) -> Finding:
    """Have the scanner look at a few harmless bytes."""
    if settings.clamd_url is None:
        return not_used("scanner", "CLAMD_URL")
    try:
        await Clamd(settings.clamd_url, seconds=_SECONDS).scan(_pieces())
    except ScannerFailed as failed:
        return wrong(
            "scanner",
            f"{failed}.",
            "Check CLAMD_URL, that clamd runs, and that it listens there. Until then no attached file can be had.",
        )
    return ok("scanner", "clamd looks at what it is given.")


async def _hear_myself(line: Line, heard: asyncio.Event) -> None:
    try:
        await line.open()
        # A bus may begin to listen a moment later than it says.
        while not heard.is_set():
            await line.publish({"check": True})
            with suppress(TimeoutError):
                async with asyncio.timeout(_FIRST_WORD_AGAIN_SECONDS):
                    await heard.wait()
    finally:
        # A line that is lost cannot be closed in form, and what was lost is to be told instead.
        with suppress(Exception):
            await line.close()


async def provider_keys(settings: Settings) -> Finding:
    """Fetch the keys of the identity provider."""
    url = settings.auth_jwks_url
    if url is None:
        return not_used("identity provider", "AUTH_JWKS_URL")
    try:
        async with asyncio.timeout(_SECONDS), httpx.AsyncClient(timeout=_SECONDS) as client:
            keys = await fetch_key_set(client, httpx.URL(url))
    except UnusableKeySet as unusable:
        detail = f"What it publishes is no key set ({unusable})."
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        detail = f"Its keys cannot be fetched ({type(error).__name__})."
    else:
        if keys:
            return ok("identity provider", f"It publishes {len(keys)} usable keys.")
        detail = "It publishes no key that can check signatures."
    return wrong("identity provider", detail, "Check AUTH_JWKS_URL, and that it may be reached from here.")


async def traces(settings: Settings) -> Finding:
    """Hand no spans at all over to the collector."""
    collector = collector_of(settings)
    if collector is None:
        return not_used("traces", "OTEL_EXPORTER_OTLP_ENDPOINT")
    try:
        await collect_nothing(collector, seconds=_SECONDS)
    except TracingLibraryMissing as missing:
        return wrong("traces", str(missing), "Install fieldgraph[tracing], or unset OTEL_EXPORTER_OTLP_ENDPOINT.")
    except CollectorRefused as refused:
        return wrong("traces", f"{refused}.", "Set OTEL_EXPORTER_OTLP_HEADERS to what the collector asks for.")
    except CollectorFailed as failed:
        return wrong(
            "traces",
            f"{failed}.",
            "Check OTEL_EXPORTER_OTLP_ENDPOINT: that the collector runs, takes OTLP over HTTP there (usually at port "
            "4318), and may be reached from here. Until then traces are dropped.",
        )
    return ok("traces", "The collector takes them.")


def _folder(path: Path, largest: int) -> Finding:
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path) as file:
            file.write(_HARMLESS)
            file.flush()
        free = shutil.disk_usage(path).free
    except OSError as error:
        return wrong(
            "storage",
            f"Nothing can be written to {path}: {error.strerror}.",
            "Let UPLOAD_DIR be a folder that the process may write to, on a disk with room.",
        )
    return room_for(path, free, largest)


def room_for(path: Path, free: int, largest: int) -> Finding:
    """Return whether a folder with so many bytes free can take the largest file that may be attached."""
    if free < largest:
        return wrong(
            "storage",
            f"On the disk of {path} {free // _MEGABYTE} MB are free, and a file may have {largest // _MEGABYTE} MB.",
            "Make room, let UPLOAD_DIR be a folder on a larger disk, or lower MAX_FILE_SIZE_MB.",
        )
    return ok("storage", f"Files can be written to {path}.")


async def _pieces() -> AsyncIterator[bytes]:
    yield _HARMLESS
