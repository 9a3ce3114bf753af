"""Files in an object store: S3 and what speaks its protocol, Google Cloud Storage, Azure.

Clients send bytes to the store itself, under an address that it signs. What came is copied by the store to
where no signed address leads to, and the copy is what is checked and kept. Downloads pass through our own
route, so that the store needs to be open to nobody.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit
from uuid import uuid4

import obstore
from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, S3Store

from app.domain.file_addresses import FileKey
from app.services.attachments.files import FileStore, NothingArrived, StoreFailed, Target
from app.tracing.object_stores import StoreMethod, StoreName
from app.tracing.traces import UNTRACED, Traces

_PIECE = 256 * 1024
_BLOB = {"x-ms-blob-type": "BlockBlob"}
_CONNECT, _WHOLE = timedelta(seconds=5), timedelta(minutes=5)
_TRIES: dict[str, Any] = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}
_MAKERS = {"s3": S3Store, "gs": GCSStore, "az": AzureStore}

Store = S3Store | GCSStore | AzureStore


def open_store(url: str, folder: Path, traces: Traces) -> FileStore:
    """Return the store at an address that the settings have checked; `folder` is for what is being looked at."""
    parts = urlsplit(url)
    name = StoreName(scheme=parts.scheme, bucket=parts.hostname or "")
    return ObjectFiles(_store(url, _WHOLE, _TRIES), folder, name=name, traces=traces)


async def try_out(url: str) -> None:
    """Write a small object to the store at an address, and erase it. Raises StoreFailed."""
    with _translated():
        # An address without a region, or credentials that are none, are refused here already.
        store = _store(url, _CONNECT, {"max_retries": 0, "retry_timeout": _CONNECT})
        path = f"checks/{uuid4()}"
        try:
            await obstore.put_async(store, path, b"fieldgraph check", use_multipart=False)
        except FileNotFoundError:
            raise StoreFailed("the object store has no such bucket") from None
        await obstore.delete_async(store, path)


def _store(url: str, whole: timedelta, tries: dict[str, Any]) -> Store:
    maker: Any = _MAKERS[url.partition("://")[0]]
    # The driver takes it from the environment only where it is given no options at all.
    plain = os.environ.get("AWS_ALLOW_HTTP", "").lower() in {"true", "1"}
    options = {"connect_timeout": _CONNECT, "timeout": whole, "allow_http": plain}
    return cast("Store", maker.from_url(url, client_options=options, retry_config=tries))


class ObjectFiles:
    """Keeps files in an object store."""

    def __init__(self, store: Store, folder: Path, *, name: StoreName, traces: Traces = UNTRACED) -> None:
        self._store = store
        self._folder = folder
        self._name = name
        self._traces = traces

    async def target(self, upload: FileKey, size_bytes: int, *, now: datetime, expires_at: datetime) -> Target:  # noqa: ARG002  # a signed address cannot bound the length
        """Return an address that the store has signed."""
        headers = {"Content-Type": "application/octet-stream"}
        if isinstance(self._store, AzureStore):
            headers |= _BLOB
        with _translated(), self._asking(StoreMethod.SIGN):
            url = await obstore.sign_async(self._store, "PUT", _upload(upload), expires_at - now)
        return Target(url=url, method="PUT", headers=headers, expires_at=expires_at)

    async def take(self, upload: FileKey, content: FileKey, *, longest: int) -> int:
        """Have the store copy what came."""
        with _translated():
            try:
                if await self._size(_upload(upload)) > longest:
                    return longest + 1
                with self._asking(StoreMethod.COPY):
                    await obstore.copy_async(self._store, _upload(upload), _content(content))
            except FileNotFoundError:
                raise NothingArrived from None
            # What came may have been replaced between the two.
            return await self._size(_content(content))

    @asynccontextmanager
    async def opened(self, content: FileKey) -> AsyncIterator[BinaryIO]:
        """Fetch the bytes into a file without a name."""
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self._folder) as file:
            async for piece in self._pieces(content, None):
                await asyncio.to_thread(file.write, piece)
            yield cast("BinaryIO", file)

    async def read(self, content: FileKey, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """Yield pieces as the store sends them."""
        async for piece in self._pieces(content, (start, end)):
            yield piece

    async def end_upload(self, upload: FileKey) -> None:
        """Erase what came; what is sent to the address later is erased when its time is over."""
        await self._erase(_upload(upload))

    async def forget_upload(self, upload: FileKey) -> None:
        """Erase what came."""
        await self._erase(_upload(upload))

    async def erase(self, content: FileKey) -> None:
        """Erase bytes."""
        await self._erase(_content(content))

    async def _pieces(self, content: FileKey, part: tuple[int, int] | None) -> AsyncGenerator[bytes, None]:
        wanted = {} if part is None else {"options": {"range": part}}
        # Lasts until the last piece has come, and is never what is under way: whoever takes the pieces does more.
        step = self._traces.stored(self._name, StoreMethod.GET)
        try:
            with _translated():
                found = await obstore.get_async(self._store, _content(content), **wanted)  # type: ignore[arg-type]  # a plain dictionary
                async for piece in found.stream(min_chunk_size=_PIECE):
                    yield bytes(piece)
        except StoreFailed as failed:
            step.failed(type(failed.__cause__).__name__)
            raise
        finally:
            step.over()

    async def _size(self, path: str) -> int:
        with self._asking(StoreMethod.HEAD):
            return (await obstore.head_async(self._store, path))["size"]

    async def _erase(self, path: str) -> None:
        with _translated(), suppress(FileNotFoundError), self._asking(StoreMethod.DELETE):
            await obstore.delete_async(self._store, path)

    @contextmanager
    def _asking(self, method: StoreMethod) -> Iterator[None]:
        with self._traces.stored(self._name, method) as step:
            try:
                yield
            except FileNotFoundError:
                # Whether it should have been there is for others to say.
                step.ended("absent")
                raise


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except BaseError as error:
        # Its own text may repeat addresses with their signatures.
        raise StoreFailed(f"the object store failed: {type(error).__name__}") from error
    except FileNotFoundError as error:
        raise StoreFailed("the object store has lost a file") from error


def _upload(key: FileKey) -> str:
    return f"uploads/{key.organization_id}/{key.id}"


def _content(key: FileKey) -> str:
    return f"contents/{key.organization_id}/{key.id}"
