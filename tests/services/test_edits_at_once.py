"""Two who change one comment at once: one is told that it is stale, and what holds that up."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.db.tables.tickets import comments
from app.domain.refusals import StaleVersion
from app.services.comments.add_comment import AddComment, add_comment
from app.services.comments.finding import save_comment
from app.services.comments.update_comment import UpdateComment, update_comment
from app.services.perform import Written
from tests.services.scene import Scene


async def said(scene: Scene) -> UUID:
    """Return a comment of the dispatcher's, as its first version."""
    written = await add_comment(
        scene.writer, scene.actor("dispatcher"), AddComment(ticket_id=await scene.ticket(), body="It drips.")
    )
    return written.ids["comment"]


async def edited_at_once(scene: Scene, comment_id: UUID, count: int) -> list[Written | BaseException]:
    """Let so many change the comment they have all read; return what came of each."""
    edits = (UpdateComment(id=comment_id, body=f"Edit {n}.", expected_version=1) for n in range(count))
    return await asyncio.gather(
        *(update_comment(scene.writer, scene.actor("dispatcher"), edit) for edit in edits), return_exceptions=True
    )


async def told(scene: Scene, answers: list[Written | BaseException]) -> list[tuple[Any, Any]]:
    """Return what the log says of the comment's text: before and after, for each that was written."""
    found = [await scene.events(each) for each in answers if isinstance(each, Written)]
    return [(change.old, change.new) for events in found for event in events for change in event.changes]


async def test_of_those_who_change_one_comment_at_once_exactly_one_does(scene: Scene) -> None:
    comment_id = await said(scene)

    answers = await edited_at_once(scene, comment_id, 20)

    (change,) = await told(scene, answers)
    assert [type(each) for each in answers if isinstance(each, BaseException)] == [StaleVersion] * 19
    comment = await scene.row(comments, comment_id)
    assert (comment.version, change) == (2, ("It drips.", comment.body))


async def test_without_the_comments_lock_one_edit_would_be_lost(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    comment_id = await said(scene)
    both = asyncio.Barrier(2)

    async def saved_when_both_have_read(*arguments: Any, **values: Any) -> None:
        await both.wait()
        await save_comment(*arguments, **values)

    monkeypatch.setattr(sa.Select, "with_for_update", lambda query, **_options: query)
    monkeypatch.setattr("app.services.comments.update_comment.save_comment", saved_when_both_have_read)

    answers = await edited_at_once(scene, comment_id, 2)

    # Both were told that theirs stands, and the log has both replace the same text.
    assert [type(each) for each in answers] == [Written, Written]
    assert [before for before, _ in await told(scene, answers)] == ["It drips."] * 2
    assert (await scene.row(comments, comment_id)).version == 2


async def test_without_the_comparison_of_versions_each_edit_would_undo_the_one_before(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    comment_id = await said(scene)
    monkeypatch.setattr("app.services.comments.update_comment.expect_comment", lambda _comment, _expected: None)

    answers = await edited_at_once(scene, comment_id, 2)

    assert [type(each) for each in answers] == [Written, Written]
    assert (await scene.row(comments, comment_id)).version == 3
