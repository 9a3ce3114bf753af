"""Saved views: filters of tickets that are right, under names that are one's own, seen by whom they are for."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db import locks
from app.db.transaction import transaction
from app.domain.views import MOST_OWN, MOST_SHARED
from app.services.views import save_view as saving
from app.services.views.save_view import SaveView, save_view
from schema.ids import global_id
from tests.serving import Served, serving, token
from tests.world import World, make_world, writer_for

VIEW = "id name filter orderBy shared version owner { name }"
ERRORS = "errors { __typename ... on UserError { code message field } ... on StaleVersionError { currentVersion } }"
SAVE = (
    "mutation($input: SaveViewInput!) { saveView(input: $input)"
    f" {{ changeId eventCursor savedView {{ {VIEW} }} {ERRORS} }} }}"
)
DELETE = f"mutation($input: DeleteInput!) {{ deleteView(input: $input) {{ changeId deletedId {ERRORS} }} }}"
LIST = f"{{ savedViews {{ {VIEW} }} }}"
NODE = f"query($id: ID!) {{ node(id: $id) {{ ... on SavedView {{ {VIEW} }} }} }}"
EVENTS = """query($after: EventCursor!) { events(after: $after) { events {
  __typename ... on RecordEvent { recordId changes { field old new } record { id } } ... on RemovedFromView { id }
} } }"""
OPEN = {"status": ["OPEN", "IN_PROGRESS"], "priority": ["P1"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A served organisation, and another one."""

    served: Served
    engine: AsyncEngine
    world: World
    other: World

    async def ask(self, name: str, query: str, world: World | None = None, **variables: Any) -> dict[str, Any]:
        """Return the data of an operation."""
        answer = await self.served.ask(token(world or self.world, name), query, variables)
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    async def save(self, who: str, /, **values: Any) -> dict[str, Any]:
        """Return what saving a view answers."""
        payload: dict[str, Any] = (await self.ask(who, SAVE, input={"filter": OPEN, **values}))["saveView"]
        return payload

    async def saved(self, who: str, /, **values: Any) -> dict[str, Any]:
        """Return a view that must be saved."""
        payload = await self.save(who, **values)
        assert payload["errors"] == [], payload
        view: dict[str, Any] = payload["savedView"]
        return view

    async def refused(self, who: str, /, **values: Any) -> tuple[str, list[str] | None]:
        """Return why a view is not saved: code and field."""
        payload = await self.save(who, **values)
        assert payload["savedView"] is None
        (error,) = payload["errors"]
        return error["code"], error["field"]

    async def delete(self, who: str, id_: str, **more: Any) -> dict[str, Any]:
        """Return what deleting a view answers."""
        payload: dict[str, Any] = (await self.ask(who, DELETE, input={"id": id_, **more}))["deleteView"]
        return payload

    async def names(self, who: str, world: World | None = None) -> list[str]:
        """Return the names of the views that somebody sees."""
        return [view["name"] for view in (await self.ask(who, LIST, world))["savedViews"]]

    async def cursor(self) -> str:
        """Return where the log stands."""
        data = await self.ask("admin", "{ viewer { organization { latestEventCursor } } }")
        cursor: str = data["viewer"]["organization"]["latestEventCursor"]
        return cursor


@pytest.fixture(params=[True, False], ids=["plans", "ordinary"])
async def shelf(
    request: pytest.FixtureRequest, database_url: str, engine: AsyncEngine, world: World
) -> AsyncIterator[Shelf]:
    """Both ways of reading."""
    other = await make_world(engine, "Elsewhere")
    async with serving(database_url, read_plans=request.param) as served:
        yield Shelf(served=served, engine=engine, world=world, other=other)


async def test_a_view_is_kept_changed_and_deleted(shelf: Shelf) -> None:
    order = [{"field": "PRIORITY", "direction": "ASC"}]
    view = await shelf.saved("ann", name="  Mine ", orderBy=order)
    assert (view["name"], view["filter"], view["orderBy"], view["shared"]) == ("Mine", OPEN, order, False)
    assert view["owner"] == {"name": "Ann"}
    changed = await shelf.saved("ann", id=view["id"], name="Urgent", filter={}, shared=True, expectedVersion=1)
    assert (changed["id"], changed["name"], changed["filter"], changed["version"]) == (view["id"], "Urgent", {}, 2)
    assert changed["orderBy"] is None
    assert (await shelf.ask("bob", NODE, id=view["id"]))["node"] == changed
    deleted = await shelf.delete("ann", view["id"], expectedVersion=2)
    assert (deleted["errors"], deleted["deletedId"]) == ([], view["id"])
    assert await shelf.names("ann") == []
    (gone,) = (await shelf.delete("ann", view["id"]))["errors"]
    assert gone["code"] == "NOT_FOUND"


async def test_what_is_kept_is_what_tickets_takes(shelf: Shelf) -> None:
    wanted = {"customerId": {"eq": global_id("Customer", shelf.world.customer_id)}, "not": {"tags": ["x"]}}
    view = await shelf.saved("dispatcher", name="Theirs", filter=wanted, orderBy={"field": "STATUS"})
    assert view["orderBy"] == [{"field": "STATUS"}]
    query = "query($f: TicketFilter, $o: [TicketOrder!]) { tickets(filter: $f, orderBy: $o) { nodes { id } } }"
    found = await shelf.ask("dispatcher", query, f=view["filter"], o=view["orderBy"])
    assert found["tickets"]["nodes"] == []


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"filter": {"status": ["OPNE"]}}, ["filter", "status", "0"]),
        ({"filter": {"customerId": {"eq": "x"}}}, ["filter", "customerId", "eq"]),
        ({"filter": {"colour": "red"}}, ["filter"]),
        ({"filter": "OPEN"}, ["filter"]),
        ({"filter": []}, ["filter"]),
        ({"filter": {"tags": ["\x00"]}}, ["filter", "tags"]),
        ({"filter": {"tags": ["x"] * 101}}, ["filter", "tags"]),
        ({"orderBy": [{"field": "COLOUR"}]}, ["orderBy", "0", "field"]),
        ({"name": " "}, ["name"]),
        ({"name": "x" * 101}, ["name"]),
        ({"name": "a\x00"}, ["name"]),
        ({"id": "x"}, ["id"]),
    ],
)
async def test_what_makes_no_sense_is_refused_by_its_place(
    shelf: Shelf, values: Mapping[str, Any], field: list[str]
) -> None:
    assert await shelf.refused("ann", **{"name": "Mine", **values}) == ("VALIDATION_FAILED", field)
    assert await shelf.names("ann") == []


async def test_a_name_is_taken_once_by_each(shelf: Shelf) -> None:
    mine = await shelf.saved("ann", name="Open")
    assert await shelf.refused("ann", name="OPEN") == ("VALIDATION_FAILED", ["name"])
    await shelf.saved("bob", name="Open")
    other = await shelf.saved("ann", name="Other")
    assert await shelf.refused("ann", id=other["id"], name="open") == ("VALIDATION_FAILED", ["name"])
    assert (await shelf.saved("ann", id=mine["id"], name="OPEN"))["name"] == "OPEN"


async def test_who_sees_and_changes_a_view(shelf: Shelf) -> None:
    private = await shelf.saved("ann", name="Private")
    shared = await shelf.saved("ann", name="Shared", shared=True)
    own = await shelf.saved("customer", name="Customer's")
    assert await shelf.names("ann") == ["Private", "Shared"]
    assert await shelf.names("admin") == ["Shared"]
    assert await shelf.names("customer") == ["Customer's"]
    assert await shelf.names("stranger") == []
    assert await shelf.names("admin", shelf.other) == []
    for who, id_ in (("admin", private["id"]), ("customer", shared["id"]), ("admin", own["id"])):
        assert (await shelf.ask(who, NODE, id=id_))["node"] is None
        assert await shelf.refused(who, id=id_, name="Mine") == ("NOT_FOUND", ["id"])
        assert (await shelf.delete(who, id_))["errors"][0]["code"] == "NOT_FOUND"
    assert await shelf.refused("admin", id=shared["id"], name="Mine") == ("FORBIDDEN", ["id"])
    assert await shelf.refused("customer", name="For all", shared=True) == ("FORBIDDEN", None)
    assert (await shelf.delete("dispatcher", shared["id"]))["errors"][0]["code"] == "FORBIDDEN"
    assert (await shelf.delete("manager", shared["id"]))["errors"] == []


async def test_another_version_is_refused_and_a_repeat_changes_nothing(shelf: Shelf) -> None:
    view = await shelf.saved("ann", name="Mine", idempotencyKey="k")
    assert (await shelf.saved("ann", name="Mine", idempotencyKey="k"))["id"] == view["id"]
    await shelf.saved("ann", id=view["id"], name="Ours")
    stale = (await shelf.save("ann", id=view["id"], name="Theirs", expectedVersion=1))["errors"]
    assert [(each["code"], each["currentVersion"]) for each in stale] == [("STALE_VERSION", 2)]
    assert (await shelf.saved("ann", id=view["id"], name="Ours", expectedVersion=2))["version"] == 2


async def test_the_log_tells_of_a_view_to_whom_it_is_for(shelf: Shelf) -> None:
    cursor = await shelf.cursor()
    view = await shelf.saved("ann", name="Mine")

    async def seen(who: str) -> list[str]:
        found = (await shelf.ask(who, EVENTS, after=cursor))["events"]["events"]
        return [each["__typename"] for each in found]

    assert await seen("ann") == ["RecordEvent"]
    assert await seen("admin") == await seen("customer") == []
    await shelf.saved("ann", id=view["id"], name="Mine", shared=True)
    assert await seen("dispatcher") == ["RecordEvent"]
    await shelf.saved("ann", id=view["id"], name="Mine", shared=False)
    assert await seen("dispatcher") == ["RecordEvent", "RemovedFromView"]
    assert await seen("customer") == []
    (first, *_) = (await shelf.ask("ann", EVENTS, after=cursor))["events"]["events"]
    told = {each["field"]: each["new"] for each in first["changes"]}
    assert (told["name"], told["filter"], told["owner"]) == ("Mine", OPEN, global_id("User", shelf.world.users["ann"]))


async def test_views_are_bounded(shelf: Shelf) -> None:
    writer = writer_for(shelf.engine)
    for number in range(MOST_OWN):
        await save_view(writer, shelf.world.actor("ann"), SaveView(name=f"{number}", filter={}))
    assert await shelf.refused("ann", name="One more") == ("VALIDATION_FAILED", [])
    assert len(await shelf.names("ann")) == MOST_OWN
    async with transaction(shelf.engine, shelf.world.organization_id) as connection:
        insert = (
            "INSERT INTO saved_views (organization_id, id, owner_id, name, filter, shared, created_at, updated_at)"
            " SELECT :organization, uuidv7(), :owner, n::text, '{}', true, now(), now()"
            " FROM generate_series(CAST(1 AS integer), CAST(:count AS integer)) AS n"
        )
        values = {"organization": shelf.world.organization_id, "owner": shelf.world.users["cleo"]}
        await connection.execute(sa.text(insert), {**values, "count": MOST_SHARED})
    assert await shelf.refused("bob", name="For all", shared=True) == ("VALIDATION_FAILED", ["shared"])
    assert (await shelf.saved("bob", name="For me"))["shared"] is False


async def of_one_name(engine: AsyncEngine, world: World, count: int) -> list[str]:
    """Return what comes of saving views of one name at once."""
    writer, actor = writer_for(engine), world.actor("ann")
    attempts = (save_view(writer, actor, SaveView(name="Mine", filter={})) for _ in range(count))
    return sorted(type(each).__name__ for each in await asyncio.gather(*attempts, return_exceptions=True))


async def test_of_many_at_once_one_gets_the_name(engine: AsyncEngine, world: World) -> None:
    assert await of_one_name(engine, world, 20) == ["Invalid"] * 19 + ["Written"]


async def test_without_the_lock_the_other_would_fail_instead_of_being_refused(
    engine: AsyncEngine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, check_name = asyncio.Barrier(2), saving._check_name

    async def unlocked(*_: Any) -> None:
        return

    async def both_look(*arguments: Any) -> None:
        await check_name(*arguments)
        await both.wait()

    monkeypatch.setattr(locks, "lock_views", unlocked)
    monkeypatch.setattr(saving, "_check_name", both_look)
    assert await of_one_name(engine, world, 2) == ["IntegrityError", "Written"]
