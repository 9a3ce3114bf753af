"""A file from its announcement to its download, and all that can be wrong with that."""

import asyncio
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from app.services.attachments.create_attachment import MOST_OPEN
from schema.ids import global_id
from tests.files import samples
from tests.files.conftest import Yard
from tests.files.sending import Sender
from tests.services.scene import Scene
from tests.serving import serving, token
from tests.world import World

PATIENCE = 20.0


async def scanned(yard: Yard, id_: str, state: str = "CLEAN", who: str = "dispatcher") -> dict[str, Any]:
    """Return the attachment once the scanner has said this of it."""
    async with asyncio.timeout(PATIENCE):
        while True:
            for each in await yard.sender(who).listed(yard.ticket_id):
                if each["id"] == id_ and each["scanState"] == state:
                    return each
            await asyncio.sleep(0.05)


async def test_a_file_is_announced_sent_checked_scanned_and_had(yard: Yard) -> None:
    customer, content = yard.sender("customer"), samples.pdf(b"x" * 300_000)

    created = await customer.create(yard.ticket_id, "../Plan für Pumpe.pdf", content)
    upload = created["upload"]
    nobody_has_it = await customer.listed(yard.ticket_id)
    sent = await customer.put(upload, content)
    payload = await customer.finalize(upload)
    attached = payload["attachment"]
    clean = await scanned(yard, attached["id"], who="customer")
    had = await customer.download(clean)

    assert (created["attachment"], nobody_has_it) == (None, [])
    assert (upload["method"], sent.status_code) == ("PUT", 204)
    # A worker may have been quick.
    assert attached.pop("scanState") in {"PENDING", "CLEAN"}
    assert (attached.pop("downloadUrl") is None) == (attached.pop("version") == 1)
    assert attached == {
        "id": upload["id"],
        "fileName": "Plan für Pumpe.pdf",
        "contentType": "application/pdf",
        "sizeBytes": len(content),
        "sha256": samples.digest(content),
        "internal": False,
        "uploadedBy": {"name": "Customer"},
    }
    assert clean["version"] == 2
    assert had.content == content
    assert had.headers["content-type"] == "application/pdf"
    assert had.headers["content-disposition"] == (
        "attachment; filename=\"Plan f_r Pumpe.pdf\"; filename*=UTF-8''Plan%20f%C3%BCr%20Pumpe.pdf"
    )
    assert had.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in had.headers["content-security-policy"]
    assert "no-store" in had.headers["cache-control"]
    assert yard.clamd.lengths == [len(content)]
    assert [each.stat().st_size for each in yard.kept()] == [len(content)]


async def test_pages_of_allowed_origins_may_send_and_have_files(
    database_url: str, engine: AsyncEngine, world: World, tmp_path: Path
) -> None:
    ticket = global_id("Ticket", await Scene(engine=engine, world=world).ticket("customer"))
    settings = {
        "upload_dir": tmp_path,
        "allowed_origins": "https://board.example",
        "public_url": "https://files.example/",
    }
    async with serving(database_url, **settings) as served:
        customer = Sender(served, token(world, "customer"))
        upload = (await customer.create(ticket, "a.txt", b"a"))["upload"]
        path = upload["url"].removeprefix("https://files.example")
        asked = {"Origin": "https://board.example", "Access-Control-Request-Method": "PUT"}
        preflight = await customer.client.options(customer.address(path), headers=asked)
        other = await customer.client.options(
            customer.address(path), headers={**asked, "Origin": "https://evil.example"}
        )
        sent = await customer.put({**upload, "url": path}, b"a", Origin="https://board.example")
        attached = (await customer.finalize(upload))["attachment"]
        had = await customer.client.get(
            customer.address(attached["downloadUrl"].removeprefix("https://files.example")),
            headers={"Origin": "https://board.example"},
        )
        await customer.client.aclose()

    assert path.startswith("/uploads/")
    assert preflight.headers["access-control-allow-methods"] == "PUT"
    assert preflight.headers["access-control-allow-origin"] == "https://board.example"
    assert "access-control-allow-origin" not in other.headers
    assert sent.headers["access-control-allow-origin"] == had.headers["access-control-allow-origin"]
    assert (sent.status_code, had.content, attached["scanState"]) == (204, b"a", "SKIPPED")


async def test_a_full_disk_is_said_to_be_and_leaves_nothing(yard: Yard) -> None:
    customer = yard.sender("customer")
    upload = (await customer.create(yard.ticket_id, "a.txt", b"a"))["upload"]
    # Nobody, not even root, makes a folder where a file is.
    yard.folder.write_text("in the way")

    answer = await customer.put(upload, b"a")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert str(yard.folder) not in answer.text
    yard.folder.unlink()
    assert (await customer.put(upload, b"a")).status_code == 204
    assert (await customer.finalize(upload))["errors"] == []


async def test_a_user_has_a_hundred_open_uploads_at_most(yard: Yard) -> None:
    customer = yard.sender("customer")
    for _ in range(MOST_OPEN):
        assert (await customer.create(yard.ticket_id, "a.txt", b"a"))["errors"] == []

    (refused,) = (await customer.create(yard.ticket_id, "a.txt", b"a"))["errors"]

    assert refused["code"] == "VALIDATION_FAILED"
    assert (await yard.sender("dispatcher").create(yard.ticket_id, "a.txt", b"a"))["errors"] == []


async def test_uploads_are_counted_by_how_they_ended(yard: Yard) -> None:
    customer = yard.sender("customer")
    await customer.attach(yard.ticket_id, "a.txt", b"a")
    upload = (await customer.create(yard.ticket_id, "b.txt", b"b"))["upload"]
    await customer.put(upload, b"bb")

    figures = (await customer.client.get(customer.address("/metrics"))).text

    assert 'fieldgraph_uploads_total{outcome="204"} 1.0' in figures
    assert 'fieldgraph_uploads_total{outcome="413"} 1.0' in figures
