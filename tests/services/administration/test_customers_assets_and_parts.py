"""Customers, assets and parts come, change and go, by whom may, once, and told."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from uuid_utils.compat import uuid7

from app.db.tables.customers import customer_users, customers, parts
from app.db.transaction import transaction
from app.domain.refusals import Forbidden, InUse, Invalid, NotFound, StaleVersion
from app.services.administration import keeping
from app.services.administration.saying import Create
from app.services.assignments.complete_assignment import complete_assignment
from app.services.perform import Written
from tests.services.administration.storekeeping import ASSETS, CUSTOMERS, KEEPINGS, PARTS, Keeping
from tests.services.scene import Scene, fill_every_table, report, seals
from tests.world import make_world


@pytest.fixture(params=KEEPINGS)
def kept(request: pytest.FixtureRequest) -> Keeping:
    """Each kind in turn."""
    return KEEPINGS[request.param]


async def test_a_row_is_created_changed_and_deleted_and_each_is_told(scene: Scene, kept: Keeping) -> None:
    made = await kept.create(scene.writer, scene.actor("manager"), Create(values=kept.plain))
    id_ = made.ids[kept.name]
    row = await scene.row(kept.table, id_)
    assert (row.active, row.version, row.created_at, row.name) == (True, 1, scene.clock(), kept.plain["name"])

    changed = await kept.change(scene, id_, name="  Another  ")
    row = await scene.row(kept.table, id_)
    assert (row.name, row.version) == ("Another", 2)
    gone = await kept.remove(scene, id_, version=2)

    assert gone.ids == {f"deleted_{kept.name}": id_}
    assert await scene.rows(kept.table, kept.table.c.id == id_) == []
    told = [event for each in (made, changed, gone) for event in await scene.events(each)]
    assert [(each.kind, each.subject_id, each.version) for each in told] == [
        (kept.name.capitalize(), id_, version) for version in (1, 2, 3)
    ]
    assert {each.field: each.new for each in told[0].changes}.items() >= kept.plain.items()
    assert [(each.field, each.old, each.new) for each in told[1].changes] == [("name", kept.plain["name"], "Another")]


@pytest.mark.parametrize("name", ["customer", "ann", "dispatcher", "lead"])
async def test_only_managers_and_administrators_keep_them(scene: Scene, kept: Keeping, name: str) -> None:
    id_ = await kept.new(scene, "admin")

    for asked in (
        kept.new(scene, name),
        kept.change(scene, id_, name, name="Mine"),
        kept.remove(scene, id_, name),
    ):
        with pytest.raises(Forbidden):
            await asked
    assert (await scene.row(kept.table, id_)).version == 1


async def test_another_version_than_was_read_is_refused(scene: Scene, kept: Keeping) -> None:
    id_ = await kept.new(scene)
    await kept.change(scene, id_, name="Another")

    with pytest.raises(StaleVersion):
        await kept.change(scene, id_, version=1, name="A third")
    with pytest.raises(StaleVersion):
        await kept.remove(scene, id_, version=1)
    assert (await scene.row(kept.table, id_)).name == "Another"


async def test_of_two_who_change_the_same_version_one_does(scene: Scene, kept: Keeping) -> None:
    id_ = await kept.new(scene)

    answers = await asyncio.gather(
        *(kept.change(scene, id_, version=1, name=f"Name {number}") for number in range(6)), return_exceptions=True
    )

    assert [type(each) for each in answers if not isinstance(each, StaleVersion)] == [Written]
    assert (await scene.row(kept.table, id_)).version == 2


async def test_where_versions_are_not_compared_all_do(
    scene: Scene, kept: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await kept.new(scene)
    monkeypatch.setattr(keeping, "expect", lambda *_asked: None)

    answers = await asyncio.gather(*(kept.change(scene, id_, version=1, name=f"Name {number}") for number in range(6)))

    assert {type(each) for each in answers} == {Written}
    assert (await scene.row(kept.table, id_)).version == 7


async def test_a_repeat_gets_the_first_answer(scene: Scene, kept: Keeping) -> None:
    before = len(await scene.rows(kept.table))

    first, second = [await kept.new(scene, key="once") for _ in range(2)]

    assert first == second
    assert len(await scene.rows(kept.table)) == before + 1


async def test_no_two_have_the_same_number_or_id_elsewhere(scene: Scene, kept: Keeping) -> None:
    column, path = kept.unique
    taken: dict[str, Any] = {column: "X-1"}
    alike: dict[str, Any] = {column: "x-1"}
    await kept.new(scene, **taken)
    other = await kept.new(scene, **{column: "X-2"})

    for asked in (kept.new(scene, **taken), kept.change(scene, other, **taken)):
        with pytest.raises(Invalid) as refused:
            await asked
        assert (refused.value.field, refused.value.problem) == (
            (path,),
            f"Another {kept.name} has this {path} already.",
        )
    await kept.change(scene, other, **alike)


async def test_of_many_that_take_one_number_or_id_one_gets_it(scene: Scene, kept: Keeping) -> None:
    values = {kept.unique[0]: "X-1"}

    answers = await asyncio.gather(*(kept.new(scene, **values) for _ in range(10)), return_exceptions=True)

    assert len([each for each in answers if not isinstance(each, Invalid)]) == 1


async def test_what_is_another_organisations_is_not_there(scene: Scene, kept: Keeping) -> None:
    other = Scene(engine=scene.engine, world=await make_world(scene.engine, "Elsewhere"), clock=scene.clock)
    theirs = await kept.new(other, **{kept.unique[0]: "X-1"})

    with pytest.raises(NotFound):
        await kept.change(scene, theirs, version=1, name="Mine")
    with pytest.raises(NotFound):
        await kept.remove(scene, theirs)
    with pytest.raises(NotFound):
        await kept.remove(scene, uuid7())
    assert (await other.row(kept.table, theirs)).name == kept.plain["name"]
    await kept.new(scene, **{kept.unique[0]: "X-1"})


LONG, NUL = "x" * 501, "a\x00b"
WRONG: list[tuple[Keeping, dict[str, Any], tuple[str, ...]]] = [
    *((each, {"name": name}, ("name",)) for each in KEEPINGS.values() for name in (None, " ", "x" * 201, NUL)),
    *((each, {"active": None}, ("active",)) for each in KEEPINGS.values()),
    *((each, {each.unique[0]: value}, (each.unique[1],)) for each in KEEPINGS.values() for value in ("x" * 101, NUL)),
    (CUSTOMERS, {"tier": None}, ("tier",)),
    (CUSTOMERS, {"address": LONG}, ("address",)),
    (CUSTOMERS, {"latitude": 90.5, "longitude": 0.0}, ("location", "lat")),
    (CUSTOMERS, {"latitude": 0.0, "longitude": float("nan")}, ("location", "lon")),
    (CUSTOMERS, {"user_ids": tuple(uuid7() for _ in range(501))}, ("userIds",)),
    (CUSTOMERS, {"user_ids": (uuid7(),)}, ("userIds", "0")),
    (ASSETS, {"kind": None}, ("kind",)),
    (ASSETS, {"customer_id": uuid7()}, ("customerId",)),
    (PARTS, {"part_number": None}, ("partNumber",)),
    (PARTS, {"part_number": "  "}, ("partNumber",)),
    (PARTS, {"unit_cost": Decimal("-0.01")}, ("unitCost", "amount")),
    (PARTS, {"unit_cost": Decimal("NaN")}, ("unitCost", "amount")),
    (PARTS, {"unit_cost": Decimal("0.001")}, ("unitCost", "amount")),
    (PARTS, {"unit_cost": Decimal(10**10)}, ("unitCost", "amount")),
    (PARTS, {"currency": "euro"}, ("unitCost", "currency")),
    (PARTS, {"lead_time_days": -1}, ("leadTimeDays",)),
    (PARTS, {"lead_time_days": 3651}, ("leadTimeDays",)),
]


@pytest.mark.parametrize(
    ("kept", "values", "field"), WRONG, ids=[f"{each.name}-{'.'.join(field)}" for each, _, field in WRONG]
)
async def test_what_makes_no_sense_is_named_and_nothing_is_written(
    scene: Scene, kept: Keeping, values: dict[str, Any], field: tuple[str, ...]
) -> None:
    id_ = await kept.new(scene)
    before = await scene.rows(kept.table)

    for asked in (kept.change(scene, id_, **values), kept.new(scene, **{kept.unique[0]: "X-2", **values})):
        with pytest.raises((Invalid, NotFound)) as refused:
            await asked
        assert refused.value.field == field
    assert await scene.rows(kept.table) == before


async def test_what_is_absent_is_cleared_by_null(scene: Scene) -> None:
    customer = await CUSTOMERS.new(scene, external_id="C-1", address="Quay 2", latitude=52.0, longitude=5.0)
    asset = await ASSETS.new(scene, external_id="A-1", customer_id=customer)
    part = await PARTS.new(scene, unit_cost=Decimal("4.5"), lead_time_days=3)

    await CUSTOMERS.change(scene, customer, external_id=None, address=" ", latitude=None, longitude=None)
    await ASSETS.change(scene, asset, external_id=None, customer_id=None)
    await PARTS.change(scene, part, unit_cost=None, lead_time_days=None)

    row = await scene.row(customers, customer)
    assert (row.external_id, row.address, row.latitude, row.longitude) == (None, None, None, None)
    row = await scene.row(ASSETS.table, asset)
    assert (row.external_id, row.customer_id) == (None, None)
    row = await scene.row(parts, part)
    assert (row.unit_cost, row.lead_time_days, row.currency) == (None, None, "EUR")


async def test_what_is_in_use_is_not_deleted_and_says_by_what(scene: Scene) -> None:
    await fill_every_table(scene.engine, scene.world)
    asset = await ASSETS.new(scene, customer_id=scene.world.customer_id)
    await scene.ticket(customer_id=scene.world.customer_id, asset_id=asset)

    used = {
        "customer": (scene.world.customer_id, {"Ticket", "Asset"}),
        "asset": (asset, {"Ticket"}),
        "part": (scene.world.part_id, {"Ticket", "Assignment", "Appointment"}),
    }
    for name, (id_, kinds) in used.items():
        with pytest.raises(InUse) as refused:
            await KEEPINGS[name].remove(scene, id_)
        assert {use.kind for use in refused.value.uses} == kinds, name


async def test_a_part_that_a_job_has_used_up_stays(scene: Scene) -> None:
    job = await scene.started()
    await complete_assignment(scene.writer, scene.actor("ann"), report(job, parts_used=(seals(1),)))

    with pytest.raises(InUse) as refused:
        await PARTS.remove(scene, scene.world.part_id)

    assert [(use.kind, use.count) for use in refused.value.uses] == [("Assignment", 1)]


async def test_a_customer_goes_with_who_belonged_to_them(scene: Scene) -> None:
    id_ = await CUSTOMERS.new(scene, user_ids=(scene.world.users["stranger"], scene.world.users["customer"]))
    belongs = customer_users.c.customer_id == id_
    assert len(await scene.rows(customer_users, belongs)) == 2

    await CUSTOMERS.remove(scene, id_)

    assert await scene.rows(customer_users, belongs) == []
    assert len(await scene.rows(customer_users)) == 1


async def test_who_belongs_to_a_customer_is_said_as_a_whole_and_told(scene: Scene) -> None:
    one, other = scene.world.users["stranger"], scene.world.users["customer"]
    id_ = await CUSTOMERS.new(scene, user_ids=(one,))

    same = await CUSTOMERS.change(scene, id_, user_ids=(one,))
    changed = await CUSTOMERS.change(scene, id_, user_ids=(other,))

    assert await scene.events(same) == []
    (event,) = [each for each in await scene.events(changed) if each.subject_id == id_]
    assert [(each.field, each.old, each.new) for each in event.changes] == [("user_ids", [str(one)], [str(other)])]
    with pytest.raises(Invalid) as refused:
        await CUSTOMERS.change(scene, id_, user_ids=(other, other))
    assert refused.value.field == ("userIds",)


async def test_an_admin_joins_and_leaves_by_an_admin_alone(scene: Scene) -> None:
    admin, other = scene.world.users["admin"], scene.world.users["stranger"]
    id_ = await CUSTOMERS.new(scene)

    with pytest.raises(Forbidden):
        await CUSTOMERS.new(scene, user_ids=(admin,))
    with pytest.raises(Forbidden):
        await CUSTOMERS.change(scene, id_, user_ids=(admin,))
    await CUSTOMERS.change(scene, id_, by="admin", user_ids=(admin,))
    await CUSTOMERS.change(scene, id_, user_ids=(other, admin), name="Mill")
    with pytest.raises(Forbidden):
        await CUSTOMERS.change(scene, id_, user_ids=(other,))

    assert len(await scene.rows(customer_users, customer_users.c.customer_id == id_)) == 2


async def test_who_joins_meanwhile_by_a_release_that_takes_no_lock_belongs_once(scene: Scene) -> None:
    user, id_ = scene.world.users["stranger"], await CUSTOMERS.new(scene)
    joined = {"organization_id": scene.world.organization_id, "customer_id": id_, "user_id": user}

    async with transaction(scene.engine, scene.world.organization_id) as connection:
        await connection.execute(sa.insert(customer_users).values(joined))
        changing = asyncio.create_task(CUSTOMERS.change(scene, id_, user_ids=(user,)))
        done, _ = await asyncio.wait([changing], timeout=0.5)
        # What is not written for good yet is waited for.
        assert not done
    await changing

    assert [row.user_id for row in await scene.rows(customer_users, customer_users.c.customer_id == id_)] == [user]
