"""A file from its announcement to its download, and all that can be wrong with that."""

import asyncio
from typing import Any

from tests.files import samples
from tests.files.conftest import Yard

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
