"""Files in an object store: clients send to it under addresses that it signs, and nobody else gets in."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest
from joserfc.jwk import RSAKey
from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import now
from app.domain.file_addresses import FileKey
from app.integrations.file_stores import StorageDriverMissing, store_at
from app.services.attachments.files import NothingArrived, StoreFailed
from schema.ids import global_id
from tests.files import samples
from tests.files.object_store import ACCESS, FakeS3, fake_s3
from tests.files.sending import Sender
from tests.services.scene import Scene
from tests.serving import serving, token
from tests.world import World

KEY, OTHER = FileKey(UUID(int=1), UUID(int=2)), FileKey(UUID(int=1), UUID(int=3))


@pytest.fixture
async def bucket(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeS3]:
    """An S3, and its credentials where its tools look for them."""
    async with fake_s3() as fake:
        for name, value in fake.environment.items():
            monkeypatch.setenv(name, value)
        yield fake


def entries(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def put(url: str, content: bytes) -> int:
    async with httpx.AsyncClient() as client:
        return (
            await client.put(url, content=content, headers={"Content-Type": "application/octet-stream"})
        ).status_code


async def test_a_file_goes_to_the_store_is_copied_checked_and_had_through_us(
    bucket: FakeS3, database_url: str, engine: AsyncEngine, world: World, tmp_path: Path
) -> None:
    ticket = global_id("Ticket", await Scene(engine=engine, world=world).ticket("customer"))
    content = samples.pdf(b"x" * 2_000_000)
    async with serving(database_url, storage_url="s3://files/fieldgraph", upload_dir=tmp_path) as served:
        customer = Sender(served, token(world, "customer"))
        created = await customer.create(ticket, "a.pdf", content)
        url = created["upload"]["url"]
        assert await put(url, content) == 200
        payload = await customer.finalize(created["upload"])
        attached: dict[str, Any] = payload["attachment"]
        # The address is still good at the store, and of no use any more.
        assert await put(url, b"<script>alert(1)</script>") == 200
        whole = await customer.download(attached)
        part = await customer.download(attached, Range="bytes=5-9")
        second = (await customer.create(ticket, "b.pdf", content))["upload"]
        assert await put(second["url"], content) == 200
        again = (await customer.finalize(second))["attachment"]
        gone = await customer.delete(attached["id"])
        await customer.client.aclose()

    assert payload["errors"] == []
    assert url.startswith(f"http://127.0.0.1:{bucket.port}/files/fieldgraph/uploads/{world.organization_id}/")
    asked = parse_qs(urlsplit(url).query)
    assert 880 <= int(asked["X-Amz-Expires"][0]) <= 900
    assert attached["scanState"] == "SKIPPED"
    assert (whole.content, part.content, part.status_code) == (content, content[5:10], 206)
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert again["sha256"] == attached["sha256"]
    assert gone["errors"] == []
    assert [path for path in bucket.objects if "/contents/" in path and bucket.objects[path] != content] == []
    assert len([path for path in bucket.objects if "/contents/" in path]) == 1
    assert bucket.refused == []
    # What was looked at had no name, and is gone.
    assert entries(tmp_path) == []


async def test_an_address_is_for_one_object_and_one_method_and_a_while(bucket: FakeS3, tmp_path: Path) -> None:
    store, moment = store_at("s3://files", tmp_path), now()
    target = await store.target(KEY, 3, now=moment, expires_at=moment + timedelta(minutes=15))
    short = await store.target(KEY, 3, now=moment, expires_at=moment + timedelta(seconds=1))
    await asyncio.sleep(2.1)

    async with httpx.AsyncClient() as client:
        got = (await client.get(target.url)).status_code
    codes = [
        await put(target.url.replace(str(KEY.id), str(OTHER.id)), b"abc"),
        await put(target.url.replace("X-Amz-Expires=900", "X-Amz-Expires=90000"), b"abc"),
        await put(target.url.partition("?")[0], b"abc"),
        await put(short.url, b"abc"),
    ]

    assert (got, codes) == (403, [403, 403, 403, 403])
    assert bucket.objects == {}
    assert await put(target.url, b"abc") == 200


async def test_what_came_is_copied_once_and_erased(bucket: FakeS3, tmp_path: Path) -> None:
    store, moment = store_at("s3://files", tmp_path), now()
    with pytest.raises(NothingArrived):
        await store.take(KEY, OTHER, longest=10)
    await put((await store.target(KEY, 3, now=moment, expires_at=moment + timedelta(minutes=1))).url, b"abcdef")

    assert await store.take(KEY, OTHER, longest=5) == 6
    assert [path for path in bucket.objects if "/contents/" in path] == []
    assert await store.take(KEY, OTHER, longest=6) == 6
    assert b"".join([piece async for piece in store.read(OTHER, 1, 4)]) == b"bcd"
    async with store.opened(OTHER) as file:
        file.seek(2)
        assert file.read() == b"cdef"
    for _ in range(2):
        await store.end_upload(KEY)
        await store.forget_upload(KEY)
        await store.erase(OTHER)
    assert bucket.objects == {}
    with pytest.raises(StoreFailed):
        [piece async for piece in store.read(OTHER, 0, 6)]


async def test_a_store_that_refuses_us_is_said_to_without_its_secrets(
    bucket: FakeS3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    store = store_at("s3://files", tmp_path)

    with pytest.raises(StoreFailed) as failed:
        await store.take(KEY, OTHER, longest=10)

    assert bucket.refused
    assert ACCESS not in str(failed.value)
    assert "127.0.0.1" not in str(failed.value)


@pytest.mark.parametrize(
    ("url", "env", "begins", "headers"),
    [
        (
            "gs://files",
            {"GOOGLE_SERVICE_ACCOUNT_KEY": None},
            "https://storage.googleapis.com/files/uploads/",
            {"Content-Type": "application/octet-stream"},
        ),
        (
            "az://files",
            {"AZURE_STORAGE_ACCOUNT_NAME": "account", "AZURE_STORAGE_ACCOUNT_KEY": "c2VjcmV0c2VjcmV0"},
            "https://account.blob.core.windows.net/files/uploads/",
            {"Content-Type": "application/octet-stream", "x-ms-blob-type": "BlockBlob"},
        ),
    ],
)
async def test_other_stores_sign_their_own_way(
    url: str,
    env: dict[str, str | None],
    begins: str,
    headers: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value or service_account())
    moment = now()

    target = await store_at(url, tmp_path).target(KEY, 3, now=moment, expires_at=moment + timedelta(minutes=15))

    assert target.url.startswith(begins)
    assert (target.method, target.headers) == ("PUT", headers)
    asked = parse_qs(urlsplit(target.url).query)
    assert {"X-Goog-Signature", "X-Goog-Expires"} <= set(asked) or {"sig", "se", "sp"} <= set(asked)


def service_account() -> str:
    """Return an account of Google's with a key made for this test."""
    key = RSAKey.generate_key(2048, private=True)
    account = {
        "type": "service_account",
        "project_id": "p",
        "private_key": key.as_pem(private=True).decode(),
        "private_key_id": "1",
        "client_email": "fieldgraph@p.iam.gserviceaccount.com",
        "gcs_base_url": "https://storage.googleapis.com",
        "disable_oauth": False,
    }
    return json.dumps(account)


def test_without_the_driver_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    monkeypatch.delitem(sys.modules, "app.integrations.object_files", raising=False)

    with pytest.raises(StorageDriverMissing, match=r"fieldgraph\[storage\]"):
        store_at("s3://files", tmp_path)
