"""Downloads: in parts, by their name, and only while the address and the file are good."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from app.clock import now
from app.db.tables.attachments import attachments
from app.domain.file_addresses import FileAddresses, FileKey
from app.transfers.downloads import disposition
from tests.files import samples
from tests.files.conftest import Yard
from tests.files.test_attaching import scanned
from tests.journeys.stage import key

LINES = b"0123456789" * 10


@pytest.fixture
async def clean(yard: Yard) -> dict[str, Any]:
    """A file of a hundred bytes that can be had."""
    attached = await yard.sender("customer").attach(yard.ticket_id, "a.txt", LINES)
    return await scanned(yard, attached["id"])


@pytest.mark.parametrize(
    ("asked", "status", "got", "told"),
    [
        ("bytes=0-9", 206, LINES[:10], "bytes 0-9/100"),
        ("bytes=90-", 206, LINES[90:], "bytes 90-99/100"),
        ("bytes=-7", 206, LINES[93:], "bytes 93-99/100"),
        ("bytes=95-1000", 206, LINES[95:], "bytes 95-99/100"),
        ("bytes=-1000", 200, LINES, None),
        ("bytes=0-", 200, LINES, None),
        ("bytes=100-", 416, None, "bytes */100"),
        ("bytes=-0", 416, None, "bytes */100"),
        # What is no range of ours is no range at all.
        ("bytes=0-1,5-6", 200, LINES, None),
        ("bytes=9-1", 200, LINES, None),
        ("lines=1-2", 200, LINES, None),
        ("bytes=-", 200, LINES, None),
    ],
)
async def test_a_part_can_be_had(
    yard: Yard, clean: dict[str, Any], asked: str, status: int, got: bytes | None, told: str | None
) -> None:
    answer = await yard.sender("customer").download(clean, Range=asked)

    assert (answer.status_code, answer.headers.get("content-range")) == (status, told)
    assert got is None or answer.content == got


async def test_a_part_of_what_has_changed_is_all_of_it(yard: Yard, clean: dict[str, Any]) -> None:
    sender, tag = yard.sender("customer"), f'"{samples.digest(LINES)}"'
    same = await sender.download(clean, Range="bytes=0-0", **{"If-Range": tag})
    other = await sender.download(clean, Range="bytes=0-0", **{"If-Range": '"x"'})
    head = await sender.download(clean, "HEAD")

    assert (same.status_code, same.headers["etag"], other.status_code) == (206, tag, 200)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "100", b"")
    assert (await sender.download(clean, "POST")).status_code == 405


async def test_an_address_is_good_for_a_while_and_for_nobody_elses_file(yard: Yard, clean: dict[str, Any]) -> None:
    sender, url = yard.sender("customer"), clean["downloadUrl"]
    token = url.rpartition("/")[2]
    over = FileAddresses.of_log(b"another key of 32 bytes, or more!", "").download(
        FileKey(yard.world.organization_id, key(clean["id"])), now()
    )
    codes = [
        (await sender.client.get(sender.address(each))).status_code
        for each in (url, over, url[:-1] + ("A" if url[-1] != "A" else "B"), f"/files/{token}x", "/files/x")
    ]

    assert codes == [200, 403, 403, 403, 403]


async def test_both_ways_of_reading_give_the_same_address(yard: Yard, clean: dict[str, Any]) -> None:
    sender = yard.sender("customer")
    planned = await sender.ask(
        "query($id: ID!) { node(id: $id) { ... on Attachment { downloadUrl } } }", id=clean["id"]
    )
    # Events are read field by field.
    ordinary = await sender.ask(
        "query($id: ID!, $after: EventCursor!) { node(id: $id) { ... on Attachment { downloadUrl } }"
        " events(after: $after) { hasMore } }",
        id=clean["id"],
        after=(await sender.ask("{ viewer { organization { latestEventCursor } } }"))["viewer"]["organization"][
            "latestEventCursor"
        ],
    )

    assert planned["node"] == ordinary["node"]


async def test_what_is_found_to_be_infected_later_cannot_be_had_any_more(yard: Yard, clean: dict[str, Any]) -> None:
    await yard.scene.change(attachments, key(clean["id"]), scan_state="INFECTED")

    answer = await yard.sender("customer").download(clean)

    assert answer.status_code == 403
    assert LINES not in answer.content


async def test_bytes_that_are_lost_are_said_to_be(yard: Yard, clean: dict[str, Any]) -> None:
    for each in yard.kept():
        each.unlink()

    answer = await yard.sender("customer").download(clean)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert str(yard.folder) not in answer.text


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("plan.pdf", 'attachment; filename="plan.pdf"'),
        ("a 100%.txt", "attachment; filename=\"a 100_.txt\"; filename*=UTF-8''a%20100%25.txt"),
        ("é\u4e2d.txt", "attachment; filename=\"__.txt\"; filename*=UTF-8''%C3%A9%E4%B8%AD.txt"),
        ("it's; x=1.txt", 'attachment; filename="it\'s; x=1.txt"'),
    ],
)
def test_names_are_told_as_every_browser_reads_them(name: str, told: str) -> None:
    assert disposition(name) == told


async def test_many_who_read_slowly_do_not_keep_others(yard: Yard) -> None:
    content = samples.pdf(b"x" * 900_000)
    attached = await yard.sender("customer").attach(yard.ticket_id, "a.pdf", content)
    url = (await scanned(yard, attached["id"]))["downloadUrl"]
    readers = []
    for _ in range(30):
        reader, writer = await asyncio.open_connection("127.0.0.1", yard.served.port, limit=1024)
        writer.write(f"GET {url} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
        readers.append((reader, writer))
    began = asyncio.get_running_loop().time()

    answer = await yard.sender("customer").download({"downloadUrl": url})

    assert answer.content == content
    assert timedelta(seconds=asyncio.get_running_loop().time() - began) < timedelta(seconds=5)
    for _, writer in readers:
        writer.close()
