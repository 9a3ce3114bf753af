"""The judge is judged: what it is there to find is done on purpose, and it must say so."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import asyncpg
import pytest

from schema.ids import global_id
from tests.faults.checker import Finding, Kind, judge, judge_repeat, judge_stream
from tests.faults.ledger import Ledger
from tests.faults.stored import Baseline, Stored, baseline, stored
from tests.faults.traffic import Traffic
from tests.serving import serving, token
from tests.world import World

_TICKETS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Work that is done, and how things stood before it."""

    traffic: Traffic
    before: Baseline
    url: str

    @property
    def ledger(self) -> Ledger:
        """What the clients were promised."""
        return self.traffic.ledger

    async def after(self) -> Stored:
        """Read how things stand now."""
        return await stored(self.url, self.before)

    async def judged(self) -> list[Finding]:
        """Judge how things stand now."""
        return judge(self.ledger, self.before, await self.after())

    async def tamper(self, *statements: str) -> None:
        """Change the database behind the product's back."""
        connection = await asyncpg.connect(self.url)
        try:
            # The log defends itself by triggers, which a replica's applier does not fire.
            for statement in ("SET session_replication_role = replica", *statements):
                await connection.execute(statement)
        finally:
            await connection.close()


@pytest.fixture
async def done(database_url: str, world: World, request: pytest.FixtureRequest) -> AsyncIterator[Done]:
    """Work of one client, without faults; `indirect` False is a client without keys."""
    async with serving(database_url) as served:
        traffic = Traffic(
            address=f"127.0.0.1:{served.port}/graphql",
            tokens={"dispatcher": token(world, "dispatcher"), "technician": token(world, "ann")},
            technician=global_id("Technician", world.technicians["ann"]),
            dice=random.Random(5),
            keyed=getattr(request, "param", True),
        )
        before = await baseline(database_url, world.organization_id)
        await traffic.tickets(_TICKETS)
        yield Done(traffic=traffic, before=before, url=database_url)


async def test_work_without_faults_is_found_to_be_as_promised(done: Done) -> None:
    assert len(done.ledger.promises) == 5 * _TICKETS
    assert done.ledger.trouble["answer lost"] > 0
    assert await done.judged() == []
    for promise in done.ledger.promises:
        assert judge_repeat(promise, await done.traffic.repeat(promise)) == []


@pytest.mark.parametrize("done", [False], indirect=True)
async def test_clients_that_repeat_without_a_key_are_found_to_have_done_things_twice(done: Done) -> None:
    assert done.ledger.trouble["answer lost"] > 0

    found = await done.judged()

    assert sum("done 2 times" in finding.text for finding in found) > 0
    assert sum("nobody was promised" in finding.text for finding in found) > 0

    # What the server does by itself, as when a promise is broken meanwhile, is promised to nobody.
    await done.tamper("UPDATE events SET source = 'SYSTEM'")

    assert not any("nobody was promised" in finding.text for finding in await done.judged())


async def test_rows_that_are_gone_are_found_lost(done: Done) -> None:
    removals = {
        "addComment": "DELETE FROM comments WHERE body = '{}'",
        "assignTicket": "DELETE FROM assignments WHERE reason_note = '{}'",
        "createTicket": "DELETE FROM tickets WHERE title = '{}'",
    }
    for mutation, removal in removals.items():
        promise = next(each for each in done.ledger.promises if each.request.mutation == mutation)

        await done.tamper(removal.format(promise.request.marker))

        found = await done.judged()
        assert {finding.kind for finding in found} == {Kind.LOST}
        assert any(finding.text.startswith(promise.request.marker) for finding in found)


async def test_a_change_that_is_gone_from_the_log_is_found(done: Done) -> None:
    await done.tamper("DELETE FROM events WHERE position = (SELECT max(position) FROM events)")

    assert {finding.kind for finding in await done.judged()} == {Kind.LOG, Kind.LOST}


async def test_an_answer_that_a_repeat_would_get_otherwise_is_found(done: Done) -> None:
    await done.tamper("UPDATE idempotency_results SET position = position + 1 WHERE mutation = 'addComment'")

    promise = next(each for each in done.ledger.promises if each.request.mutation == "addComment")
    assert {finding.kind for finding in await done.judged()} == {Kind.CHANGED}
    assert [finding.kind for finding in judge_repeat(promise, await done.traffic.repeat(promise))] == [Kind.CHANGED]


async def test_a_ledger_that_says_more_or_less_than_was_done_is_found_out(done: Done) -> None:
    after, before, (first, *others) = await done.after(), done.before, done.ledger.promises
    nothing = before.organization_id
    invented = replace(
        first,
        request=replace(first.request, marker="never written"),
        row=global_id("Ticket", nothing),
        change_id=global_id("Change", nothing),
    )

    more = judge(Ledger(promises=[first, *others, invented]), before, after)
    less = judge(Ledger(promises=others), before, after)
    other_history = judge(done.ledger, replace(before, digest="another"), after)

    assert {finding.kind for finding in more} == {Kind.LOST}
    assert {finding.kind for finding in less} == {Kind.DOUBLE}
    assert [finding.kind for finding in other_history] == [Kind.LOG]


async def test_a_stream_that_misses_repeats_swaps_or_invents_is_found(done: Done) -> None:
    after = await done.after()
    told: list[str] = [global_id("Event", key) for key in after.events]
    alien = global_id("Event", done.before.organization_id)

    assert judge_stream(told, [], after) == []
    for wrong in (told[1:], [*told, told[-1]], [told[1], told[0], *told[2:]], [*told, alien]):
        assert [finding.kind for finding in judge_stream(wrong, [], after)] == [Kind.STREAM]
