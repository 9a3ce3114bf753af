"""Files are seen by those who see their ticket or comment, and by nobody else, in whatever way one asks."""

from typing import Any

import pytest

from app.db.tables.attachments import attachments
from app.db.tables.tickets import comments, tickets
from app.domain.people import Role
from app.services.comments.add_comment import AddComment, add_comment
from schema.ids import global_id
from tests.files.conftest import Yard
from tests.files.sending import FILE, Sender
from tests.files.test_attaching import scanned
from tests.journeys.operations import MUTATIONS
from tests.journeys.stage import key
from tests.serving import token

NODE = f"query($id: ID!) {{ node(id: $id) {{ ... on Attachment {{ {FILE} }} }} }}"
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
EVENTS = (
    "query($after: EventCursor!) { events(after: $after) { events {"
    " ... on TicketEvent { type attachment { id fileName } changes { field new } }"
    " ... on JobEvent { type changes { field new } } } } }"
)
CURSOR = "{ viewer { organization { latestEventCursor } } }"


async def cursor(sender: Sender) -> str:
    told: str = (await sender.ask(CURSOR))["viewer"]["organization"]["latestEventCursor"]
    return told


async def comment(yard: Yard, by: str, *, internal: bool) -> str:
    command = AddComment(ticket_id=key(yard.ticket_id), body="Look.", internal=internal)
    written = await add_comment(yard.scene.writer, yard.scene.actor(by), command)
    return global_id("Comment", written.ids["comment"])


async def test_internal_files_are_there_for_staff_alone(yard: Yard) -> None:
    customer, dispatcher = yard.sender("customer"), yard.sender("dispatcher")
    after = await cursor(customer)
    said = await comment(yard, "dispatcher", internal=True)
    files = [
        await dispatcher.attach(yard.ticket_id, "alone.txt", b"alone", internal=True),
        # That of an internal comment is internal whatever was asked for.
        await dispatcher.attach(yard.ticket_id, "said.txt", b"said", commentId=said, internal=False),
    ]
    public = await dispatcher.attach(yard.ticket_id, "public.txt", b"public")
    ids = [each["id"] for each in (*files, public)]

    assert [each["internal"] for each in files] == [True, True]
    assert {each["id"] for each in await dispatcher.listed(yard.ticket_id)} == set(ids)
    assert [each["id"] for each in await customer.listed(yard.ticket_id)] == [public["id"]]
    for each in files:
        assert (await dispatcher.ask(NODE, id=each["id"]))["node"]["fileName"] == each["fileName"]
        assert (await customer.ask(NODE, id=each["id"]))["node"] is None
        refused = await customer.delete(each["id"])
        assert [error["code"] for error in refused["errors"]] == ["NOT_FOUND"]
    assert [each and each["id"] for each in (await customer.ask(NODES, ids=ids))["nodes"]] == [None, None, public["id"]]
    told = (await customer.ask(EVENTS, after=after))["events"]["events"]
    assert {each["attachment"]["id"] for each in told if each["type"].startswith("ATTACHMENT")} == {public["id"]}
    assert "alone.txt" not in str(told)


async def test_a_customer_cannot_attach_internally_or_to_what_they_do_not_see(yard: Yard) -> None:
    customer, content = yard.sender("customer"), b"x"
    internal, staffs = await comment(yard, "ann", internal=True), await comment(yard, "ann", internal=False)
    for more, code in (
        ({"internal": True}, "FORBIDDEN"),
        ({"commentId": internal}, "NOT_FOUND"),
        ({"commentId": staffs}, "FORBIDDEN"),
        ({"commentId": yard.ticket_id}, "VALIDATION_FAILED"),
    ):
        refused = await customer.create(yard.ticket_id, "a.txt", content, **more)
        assert [error["code"] for error in refused["errors"]] == [code], more


async def test_who_may_not_know_of_the_ticket_does_not_know_of_its_files(yard: Yard) -> None:
    attached = await yard.sender("dispatcher").attach(yard.ticket_id, "a.txt", b"a")
    stranger = yard.sender("stranger")
    nobody = Sender(
        yard.served, token(yard.world, "customer", roles=[Role.END_USER], user_id=yard.world.users["stranger"])
    )

    for each in (stranger, nobody):
        assert (await each.ask(NODE, id=attached["id"]))["node"] is None
        assert [error["code"] for error in (await each.delete(attached["id"]))["errors"]] == ["NOT_FOUND"]
    await nobody.client.aclose()


async def test_files_go_with_their_ticket_and_their_comment(yard: Yard) -> None:
    dispatcher, said = yard.sender("dispatcher"), await comment(yard, "dispatcher", internal=False)
    of_comment = await dispatcher.attach(yard.ticket_id, "said.txt", b"said", commentId=said)
    clean = await scanned(yard, of_comment["id"])
    open_ = (await dispatcher.create(yard.ticket_id, "late.txt", b"late", commentId=said))["upload"]
    await dispatcher.put(open_, b"late")
    await yard.scene.change(comments, key(said), deleted_at=yard.scene.clock())
    assert await dispatcher.listed(yard.ticket_id) == []
    assert (await dispatcher.ask(NODE, id=of_comment["id"]))["node"] is None
    assert (await dispatcher.download(clean)).status_code == 404
    (late,) = (await dispatcher.finalize(open_))["errors"]
    assert (late["code"], late["field"]) == ("NOT_FOUND", ["commentId"])

    alone = await scanned(yard, (await dispatcher.attach(yard.ticket_id, "alone.txt", b"alone"))["id"])
    await yard.scene.change(tickets, key(yard.ticket_id), deleted_at=yard.scene.clock())
    assert (await dispatcher.ask(NODE, id=alone["id"]))["node"] is None
    assert (await dispatcher.download(alone)).status_code == 404
    assert [error["code"] for error in (await dispatcher.delete(alone["id"]))["errors"]] == ["NOT_FOUND"]


@pytest.mark.parametrize(
    ("who", "code"), [("ann", "FORBIDDEN"), ("dispatcher", None), ("customer", None), ("manager", None)]
)
async def test_a_file_is_deleted_by_whoever_attached_it_or_dispatches(yard: Yard, who: str, code: str | None) -> None:
    attached = await yard.sender("customer").attach(yard.ticket_id, "a.txt", b"a")
    clean = await scanned(yard, attached["id"])

    refused = await yard.sender(who).delete(attached["id"])

    assert [error["code"] for error in refused["errors"]] == ([] if code is None else [code])
    if code is None:
        assert await yard.sender("customer").listed(yard.ticket_id) == []
        assert (await yard.sender("customer").download(clean)).status_code == 404


async def test_the_files_of_a_report_are_its_jobs(yard: Yard) -> None:
    ann = yard.sender("ann")
    job = global_id("Assignment", await yard.scene.job("ann", key(yard.ticket_id)))
    hidden = await ann.attach(yard.ticket_id, "inside.txt", b"inside", internal=True)
    shown = await ann.attach(yard.ticket_id, "outside.txt", b"outside")
    elsewhere = global_id("Ticket", await yard.scene.ticket())
    other = await ann.attach(elsewhere, "other.txt", b"other")
    after = await cursor(ann)
    for step in ("acceptAssignment", "startWork"):
        assert (await ann.ask(MUTATIONS[step], input={"assignmentId": job}))[step]["errors"] == []

    async def complete(*files: dict[str, Any]) -> list[dict[str, Any]]:
        report = {"assignmentId": job, "outcome": "SUCCESS", "timeSpentHours": 1}
        asked = {**report, "attachmentIds": [each["id"] for each in files]}
        errors: list[dict[str, Any]] = (await ann.ask(MUTATIONS["completeAssignment"], input=asked))[
            "completeAssignment"
        ]["errors"]
        return errors

    (refused,) = await complete(shown, other)
    assert (refused["code"], refused["field"]) == ("NOT_FOUND", ["attachmentIds", "1"])
    assert await complete(shown, hidden, shown) == []
    found = await ann.ask(
        f"query($id: ID!) {{ assignment(id: $id) {{ attachments {{ nodes {{ {FILE} }} }} }} }}", id=job
    )
    theirs = await yard.sender("customer").ask(
        "query($id: ID!) { assignment(id: $id) { attachments { nodes { id } } } }", id=job
    )

    assert {each["fileName"] for each in found["assignment"]["attachments"]["nodes"]} == {"inside.txt", "outside.txt"}
    assert theirs["assignment"]["attachments"]["nodes"] == [{"id": shown["id"]}]
    (told,) = [
        each for each in (await ann.ask(EVENTS, after=after))["events"]["events"] if each["type"] == "JOB_COMPLETED"
    ]
    assert {"field": "attachments", "new": [shown["id"], hidden["id"]]} in told["changes"]
    seen = (await yard.sender("customer").ask(EVENTS, after=after))["events"]["events"]
    assert hidden["id"] not in str(seen)
    assert {row.assignment_id for row in await yard.scene.rows(attachments, attachments.c.id == key(shown["id"]))} == {
        key(job)
    }
