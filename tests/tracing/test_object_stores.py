"""What an object store is asked for is told by the store's own words, and never about which file."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import now
from app.domain.file_addresses import FileKey
from app.integrations.file_stores import store_at
from app.services.attachments.files import NothingArrived, StoreFailed
from app.tracing.object_stores import StoreMethod, StoreName
from schema.ids import global_id
from tests.files import samples
from tests.files.clamd import fake_clamd
from tests.files.object_store import FakeS3, fake_s3
from tests.files.sending import Sender
from tests.files.test_object_store import KEY, OTHER, put
from tests.services.scene import Scene
from tests.serving import serving, token
from tests.tracing.collector import CLIENT, CONSUMER, Collector, Span
from tests.tracing.telling import telling
from tests.waiting import until
from tests.world import World

# As each arrives at the store, by its method of HTTP.
ARRIVES = {"S3.HeadObject": "HEAD", "S3.CopyObject": "PUT", "S3.GetObject": "GET", "S3.DeleteObjects": "POST"}


@pytest.fixture
async def bucket(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeS3]:
    """An S3, and its credentials where its tools look for them."""
    async with fake_s3() as fake:
        for name, value in fake.environment.items():
            monkeypatch.setenv(name, value)
        yield fake


def names(spans: list[Span]) -> list[str]:
    return [each.name for each in sorted(spans, key=lambda each: each.began)]


def told_of_keys(collector: Collector, *keys: FileKey) -> list[str]:
    sent = b"".join(collector.bodies)
    return [str(each) for key in keys for each in (key.id, key.organization_id) if str(each).encode() in sent]


async def test_each_thing_that_a_store_is_asked_for_is_a_call(
    bucket: FakeS3, collector: Collector, tmp_path: Path
) -> None:
    async with telling(collector) as traces:
        store, moment = store_at("s3://files/below", tmp_path, traces), now()
        target = await store.target(KEY, 3, now=moment, expires_at=moment + timedelta(minutes=1))
        await put(target.url, b"abcdef")
        bucket.asked.clear()
        await store.take(KEY, OTHER, longest=6)
        assert b"".join([piece async for piece in store.read(OTHER, 1, 4)]) == b"bcd"
        async with store.opened(OTHER) as file:
            file.seek(2)
            assert file.read() == b"cdef"
        await store.end_upload(KEY)
        await store.erase(OTHER)

    found = names(collector.spans)
    assert found[0] == "S3.SignAddress"
    assert [ARRIVES[each] for each in found[1:]] == [method for method, _ in bucket.asked]
    assert set(found[1:]) == set(ARRIVES)
    assert {each.kind for each in collector.spans} == {CLIENT}
    assert not any(each.failed or each.events for each in collector.spans)
    copied = await collector.one("S3.CopyObject")
    assert copied.about == {"rpc.system.name": "aws-api", "rpc.method": "S3/CopyObject", "aws.s3.bucket": "files"}
    assert told_of_keys(collector, KEY, OTHER) == []
    assert b"below" not in b"".join(collector.bodies)


async def test_what_is_not_there_is_no_failure_but_of_what_was_kept(
    bucket: FakeS3, collector: Collector, tmp_path: Path
) -> None:
    async with telling(collector) as traces:
        store = store_at("s3://files", tmp_path, traces)
        with pytest.raises(NothingArrived):
            await store.take(KEY, OTHER, longest=10)
        with pytest.raises(StoreFailed):
            [piece async for piece in store.read(OTHER, 0, 6)]

    assert bucket.refused == []
    asked, lost = await collector.one("S3.HeadObject"), await collector.one("S3.GetObject")
    assert (asked.failed, asked.about["fieldgraph.outcome"]) == (False, "absent")
    assert (lost.failed, lost.said, lost.about["error.type"]) == (True, "FileNotFoundError", "FileNotFoundError")


async def test_a_store_that_refuses_us_is_told_by_the_class_of_the_failure_alone(
    bucket: FakeS3, collector: Collector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    async with telling(collector) as traces:
        store = store_at("s3://files", tmp_path, traces)
        for asking in (store.take(KEY, OTHER, longest=10), store.erase(OTHER)):
            with pytest.raises(StoreFailed):
                await asking

    assert bucket.refused
    assert {each.said for each in collector.spans} == {"PermissionDeniedError"}
    assert {each.about["error.type"] for each in collector.spans} == {"PermissionDeniedError"}
    assert told_of_keys(collector, KEY, OTHER) == []


async def test_a_read_that_breaks_off_has_failed(bucket: FakeS3, collector: Collector, tmp_path: Path) -> None:
    bucket.objects[f"/files/contents/{OTHER.organization_id}/{OTHER.id}"] = b"x" * 1_000_000
    # The driver asks for the rest, a few times.
    bucket.breaks_off = 100_000
    async with telling(collector) as traces:
        with pytest.raises(StoreFailed):
            [piece async for piece in store_at("s3://files", tmp_path, traces).read(OTHER, 0, 1_000_000)]

    read = await collector.one("S3.GetObject")
    assert (read.failed, read.said) == (True, "GenericError")


async def test_a_read_lasts_until_the_last_piece_has_come(bucket: FakeS3, collector: Collector, tmp_path: Path) -> None:
    async with telling(collector) as traces:
        store = store_at("s3://files", tmp_path, traces)
        bucket.objects[f"/files/contents/{OTHER.organization_id}/{OTHER.id}"] = b"x" * 1_000_000
        with traces.job("reading"):
            pieces = store.read(OTHER, 0, 1_000_000)
            await anext(pieces)
            # What is done between two pieces is none of the store's.
            with traces.call("scan", "clamd", "there", 3310):
                pass
            left = store.read(OTHER, 0, 1_000_000)
            await anext(left)
            await left.aclose()
            assert sum([len(piece) async for piece in pieces]) < 1_000_000

    job = await collector.one("job reading")
    whole, _ = (each for each in collector.below(job) if each.name == "S3.GetObject")
    assert names(collector.below(job)) == ["S3.GetObject", "clamd scan", "S3.GetObject"]
    assert whole.ended > max(each.ended for each in collector.below(job) if each is not whole)
    assert not any(each.failed for each in collector.spans)


async def test_a_file_is_followed_through_the_store_and_the_scanner(
    bucket: FakeS3, database_url: str, engine: AsyncEngine, world: World, collector: Collector, tmp_path: Path
) -> None:
    ticket = global_id("Ticket", await Scene(engine=engine, world=world).ticket("customer"))
    content = samples.pdf(b"x" * 300_000)
    async with fake_clamd() as clamd:
        outside = {"storage_url": "s3://files", "upload_dir": tmp_path, "clamd_url": clamd.url, "run_worker": True}
        async with serving(database_url, otel_exporter_otlp_endpoint=collector.url, **outside) as served:
            customer = Sender(served, token(world, "customer"))
            upload = (await customer.create(ticket, "a.pdf", content))["upload"]
            assert await put(upload["url"], content) == 200
            assert (await customer.finalize(upload))["errors"] == []
            await until(lambda: bool(collector.named("clamd scan")))
            (listed,) = await customer.listed(ticket)
            assert (await customer.download(listed)).content == content
            await customer.client.aclose()

    def below(name: str, *, of: int | None = None) -> list[str]:
        (found,) = (each for each in collector.spans if each.name == name and of in {None, each.kind})
        return [each for each in names(collector.below(found)) if each.startswith(("S3.", "clamd"))]

    assert below("GET /files/{token}") == ["S3.GetObject"]
    assert below("job file-scan", of=CONSUMER) == ["clamd scan"]
    (scan,) = collector.named("clamd scan")
    assert scan.about["fieldgraph.outcome"] == "clean"
    assert below("clamd scan") == ["S3.GetObject"]
    finalized = {each.parent for each in collector.named("S3.CopyObject")}
    (operation,) = (each for each in collector.spans if {each.id} == finalized)
    assert operation.about["graphql.operation.type"] == "mutation"
    assert bucket.refused == []
    assert str(world.organization_id).encode() not in b"".join(collector.bodies)


@pytest.mark.parametrize(
    ("scheme", "name", "about"),
    [
        ("s3", "S3.GetObject", {"rpc.system.name": "aws-api", "rpc.method": "S3/GetObject", "aws.s3.bucket": "files"}),
        ("gs", "CloudStorage.GetObject", {"gcp.client.service": "storage", "rpc.method": "CloudStorage/GetObject"}),
        (
            "az",
            "BlobStorage.GetObject",
            {"azure.resource_provider.namespace": "Microsoft.Storage", "rpc.method": "BlobStorage/GetObject"},
        ),
    ],
)
def test_every_store_has_its_names(scheme: str, name: str, about: dict[str, str]) -> None:
    store = StoreName(scheme=scheme, bucket="files")

    assert (store.called(StoreMethod.GET), store.about(StoreMethod.GET)) == (name, about)
