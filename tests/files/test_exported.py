"""The bytes of somebody's files come with the export of what is kept of them, for a day."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from httpx import Response
from uuid_utils.compat import uuid7

from app.clock import now
from app.db import log
from app.db.tables.attachments import attachments
from app.db.tables.tickets import tickets
from app.db.transaction import system_transaction
from app.domain.file_addresses import BadAddress, FileAddresses, FileKey
from schema.ids import global_id
from schema.sheets.persons import FILES_LAST
from tests.files.conftest import Yard
from tests.files.test_attaching import scanned
from tests.journeys.stage import key

LETTER, DRAFT = b"A letter.\n", b"For us alone.\n"


@pytest.fixture
async def letter(yard: Yard) -> dict[str, Any]:
    """A file of the customer's that can be had."""
    attached = await yard.sender("customer").attach(yard.ticket_id, "letter.txt", LETTER)
    return await scanned(yard, attached["id"])


async def export(yard: Yard, by: str) -> Response:
    """Return the answer to the export of the customer's user."""
    asked = {"userId": global_id("User", yard.world.users["customer"])}
    sender = yard.sender(by)
    headers = {"Authorization": f"Bearer {sender.token}"}
    return await sender.client.get(sender.address("/exports/person.json"), params=asked, headers=headers)


async def exported(yard: Yard, by: str) -> dict[str, Any]:
    """Return the addresses of the exported files, by their names."""
    answer = await export(yard, by)
    assert answer.status_code == 200, answer.text
    (files,) = [each["rows"] for each in answer.json()["tables"] if each["table"] == "attachments"]
    return {each["file_name"]: each["downloadUrl"] for each in files}


@pytest.mark.parametrize("by", ["admin", "customer"])
async def test_the_bytes_are_had_by_the_export(yard: Yard, letter: dict[str, Any], by: str) -> None:
    found = await exported(yard, by)

    answer = await yard.sender(by).client.get(yard.sender(by).address(found[letter["fileName"]]))
    assert (answer.status_code, answer.content) == (200, LETTER)


async def test_the_addresses_last_for_as_long_as_is_said(yard: Yard, letter: dict[str, Any]) -> None:
    answer = await export(yard, "admin")
    told = answer.json()
    (files,) = [each["rows"] for each in told["tables"] if each["table"] == "attachments"]
    token = files[0]["downloadUrl"].rpartition("/")[2]
    until = datetime.fromisoformat(told["filesUntil"])
    async with system_transaction(yard.engine) as connection:
        addresses = FileAddresses.of_log((await log.identity(connection)).cursor_key, "")

    assert until - datetime.fromisoformat(told["madeAt"]) == FILES_LAST
    assert abs(until - now() - FILES_LAST) < timedelta(minutes=5)
    assert addresses.wanted(token, until - timedelta(seconds=2)).id == key(letter["id"])
    with pytest.raises(BadAddress):
        addresses.wanted(token, until)


async def test_what_cannot_be_had_has_no_address(yard: Yard, letter: dict[str, Any]) -> None:
    scene, file = yard.scene, key(letter["id"])
    good = (await exported(yard, "admin"))["letter.txt"]

    for table, id_, values in (
        (attachments, file, {"scan_state": "INFECTED"}),
        (attachments, file, {"scan_state": "PENDING"}),
        (tickets, key(yard.ticket_id), {"deleted_at": now()}),
    ):
        before = {name: getattr(await scene.row(table, id_), name) for name in values}
        await scene.change(table, id_, **values)
        assert await exported(yard, "admin") == {"letter.txt": None}
        assert (await yard.sender("admin").client.get(yard.sender("admin").address(good))).status_code in {403, 404}
        await scene.change(table, id_, **before)
    await yard.sender("customer").delete(letter["id"])

    assert await exported(yard, "admin") == {"letter.txt": None}


async def test_whoever_is_none_of_the_staff_gets_no_internal_file(yard: Yard, letter: dict[str, Any]) -> None:
    draft = await yard.sender("dispatcher").attach(yard.ticket_id, "draft.txt", DRAFT, internal=True)
    await scanned(yard, draft["id"])

    assert set(await exported(yard, "customer")) == {letter["fileName"]}
    assert set(await exported(yard, "admin")) == {letter["fileName"], "draft.txt"}
    assert all((await exported(yard, "admin")).values())


def test_an_address_ends_when_it_is_said_to() -> None:
    addresses, at = FileAddresses(b"k" * 32), now()
    file = FileKey(uuid7(), uuid7())
    token = addresses.download_until(file, at + timedelta(hours=3)).rpartition("/")[2]

    assert addresses.wanted(token, at + timedelta(hours=2, minutes=59)) == file
    with pytest.raises(BadAddress):
        addresses.wanted(token, at + timedelta(hours=3))
