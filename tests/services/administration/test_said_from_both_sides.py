"""Who belongs to a customer is said by users and by customers: neither undoes what the other has said unseen."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from app.db.tables.customers import customer_users, customers
from app.db.tables.people import users
from app.domain.refusals import StaleVersion
from app.services.administration import drafting
from app.services.administration.customers import delete_customer, update_customer
from app.services.administration.saying import Create, Update
from app.services.administration.users import create_user, update_user
from app.services.deleting import Delete
from app.services.perform import Written
from tests.services.administration.storekeeping import CUSTOMERS
from tests.services.scene import Scene

ROUNDS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """A user and customers, and what each side says of the other."""

    scene: Scene
    user: UUID
    mill: UUID
    dairy: UUID

    async def version(self, of: Any, id_: UUID) -> int:
        """Return the version of a row."""
        (row,) = await self.scene.rows(of, of.c.id == id_)
        return int(row.version)

    async def user_says(self, *ids: UUID, version: int) -> Written:
        """Say as the user to whom they belong."""
        said = Update(id=self.user, expected_version=version, values={"customer_ids": ids})
        return await update_user(self.scene.writer, self.scene.actor("admin"), said)

    async def mill_says(self, *ids: UUID, version: int) -> Written:
        """Say as a customer who belongs to them."""
        said = Update(id=self.mill, expected_version=version, values={"user_ids": ids})
        return await update_customer(self.scene.writer, self.scene.actor("admin"), said)

    async def versions(self) -> tuple[int, int]:
        """Return the versions of the user and of the first customer."""
        return await self.version(users, self.user), await self.version(customers, self.mill)

    async def belongs(self) -> set[UUID]:
        """Return to whom the user belongs."""
        rows = await self.scene.rows(customer_users, customer_users.c.user_id == self.user)
        return {row.customer_id for row in rows}


@pytest.fixture
async def sides(scene: Scene) -> Sides:
    """A user who belongs to nobody, and two customers without anybody."""
    mill, dairy = await CUSTOMERS.new(scene, name="Mill"), await CUSTOMERS.new(scene, name="Dairy")
    return Sides(scene=scene, user=scene.world.users["stranger"], mill=mill, dairy=dairy)


async def test_a_list_from_before_the_other_side_spoke_is_refused_as_stale(sides: Sides) -> None:
    user, mill = await sides.versions()
    await sides.user_says(sides.mill, sides.dairy, version=user)
    with pytest.raises(StaleVersion) as refused:
        await sides.mill_says(version=mill)
    assert (refused.value.kind, refused.value.current) == ("Customer", mill + 1)
    assert await sides.belongs() == {sides.mill, sides.dairy}

    await sides.mill_says(version=mill + 1)
    with pytest.raises(StaleVersion) as refused:
        await sides.user_says(sides.mill, sides.dairy, version=user + 1)
    assert (refused.value.kind, refused.value.current) == ("User", user + 2)
    assert await sides.belongs() == {sides.dairy}


async def test_both_sides_are_told_of_and_only_where_something_is_new(sides: Sides) -> None:
    user, mill = await sides.versions()
    joined = await sides.user_says(sides.mill, version=user)
    told = {(each.kind, each.subject_id): each for each in await sides.scene.events(joined)}
    assert set(told) == {("User", sides.user), ("Customer", sides.mill)}
    event = told["Customer", sides.mill]
    assert [(each.field, each.old, each.new) for each in event.changes] == [("user_ids", [], [str(sides.user)])]
    assert event.version == mill + 1
    assert event.after is not None
    assert event.after.customer_id == sides.mill

    # One more joins: those who stay are left alone.
    other = sides.scene.world.users["customer"]
    grown = await sides.mill_says(sides.user, other, version=mill + 1)
    assert {(each.kind, each.subject_id) for each in await sides.scene.events(grown)} == {
        ("Customer", sides.mill),
        ("User", other),
    }
    assert await sides.versions() == (user + 1, mill + 2)


async def test_who_begins_or_ends_with_others_is_told_of_on_their_side_too(sides: Sides) -> None:
    scene, admin = sides.scene, sides.scene.actor("admin")
    values = {"name": "Eve", "roles": ("END_USER",), "customer_ids": (sides.mill,)}
    made = await create_user(scene.writer, admin, Create(values=values))
    assert [each.kind for each in await scene.events(made)] == ["Customer", "User"]
    await sides.mill_says(made.ids["user"], sides.user, version=2)
    before = await sides.version(users, sides.user)

    gone = await delete_customer(scene.writer, admin, Delete(id=sides.mill))

    told = {each.kind: each for each in await scene.events(gone) if each.subject_id in {sides.mill, sides.user}}
    assert set(told) == {"Customer", "User"}
    (change,) = told["User"].changes
    assert (change.field, change.old, change.new) == ("customer_ids", [str(sides.mill)], [])
    assert await sides.version(users, sides.user) == before + 1


async def test_of_two_sides_that_speak_at_once_neither_undoes_the_other(sides: Sides) -> None:
    other, refused = sides.scene.world.users["customer"], 0
    for turn in range(ROUNDS):
        user, mill = await sides.versions()
        # The customer's list is from before the user joins.
        joins, says = await asyncio.gather(
            sides.user_says(sides.mill, sides.dairy, version=user),
            sides.mill_says(*([other] if turn % 2 else []), version=mill),
            return_exceptions=True,
        )
        assert isinstance(joins, Written), joins
        assert isinstance(says, Written | StaleVersion), says
        refused += isinstance(says, StaleVersion)
        assert await sides.belongs() == {sides.mill, sides.dairy}
        await sides.user_says(version=await sides.version(users, sides.user))
    assert refused > 0


async def test_without_versions_that_rise_on_both_sides_one_undoes_the_other(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unheard(*_asked: Any) -> None:
        return None

    monkeypatch.setattr(drafting, "mirror", unheard)
    user, mill = await sides.versions()
    await sides.user_says(sides.mill, version=user)
    await sides.mill_says(version=mill)

    assert await sides.belongs() == set()
