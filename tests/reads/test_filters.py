"""Filters against an independent reading of them in Python, over rows with ties, nulls and all statuses."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.assignments import AssignmentStatus
from app.domain.refusals import Invalid
from app.domain.tickets import TicketCategory, TicketPriority, TicketStatus
from app.reads import entities, filters
from app.reads.bounds import bounded
from app.reads.filters import AssignmentFilter, IdFilter, MomentFilter, NumberFilter, TechnicianFilter, TicketFilter
from app.reads.lists import load_list
from app.reads.orders import Kind, Term, ending_in_id
from app.reads.pages import Placed
from tests.domain.life_cycles import ACTIVE_JOBS
from tests.reads.seed import TAGS, Seed
from tests.world import BEFORE

pytestmark = pytest.mark.asyncio(loop_scope="module")

_UNKNOWN = UUID(int=99)
_quick = settings(max_examples=70, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def holds_id(wanted: IdFilter | None, value: UUID | None) -> bool:
    """Tell whether a value passes: what is absent equals nothing and is none of the named."""
    return wanted is None or (
        (wanted.eq is None or value == wanted.eq)
        and (wanted.in_ is None or value in wanted.in_)
        and (wanted.nin is None or value not in wanted.nin)
        and (wanted.null is None or (value is None) is wanted.null)
    )


def holds_moment(wanted: MomentFilter | None, value: datetime) -> bool:
    return wanted is None or (
        (wanted.gt is None or value > wanted.gt)
        and (wanted.gte is None or value >= wanted.gte)
        and (wanted.lt is None or value < wanted.lt)
        and (wanted.lte is None or value <= wanted.lte)
        and wanted.null is not True
    )


def holds_number(wanted: NumberFilter | None, value: int) -> bool:
    return wanted is None or (
        (wanted.eq is None or value == wanted.eq)
        and (wanted.in_ is None or value in wanted.in_)
        and (wanted.gte is None or value >= wanted.gte)
        and (wanted.lte is None or value <= wanted.lte)
    )


def among(values: Iterable[Any] | None, value: Any) -> bool:
    return values is None or value in values


def holds_ticket(seed: Seed, wanted: TicketFilter, row: dict[str, Any]) -> bool:
    """Read a ticket filter anew."""
    jobs = [job for job in seed.jobs if job["ticket_id"] == row["id"] and job["status"] in ACTIVE_JOBS]
    holder = jobs[0]["technician_id"] if jobs else None
    return (
        among(wanted.status, row["status"])
        and among(wanted.priority, row["priority"])
        and among(wanted.category, row["category"])
        and holds_id(wanted.customer, row["customer_id"])
        and holds_id(wanted.asset, row["asset_id"])
        and holds_id(wanted.territory, row["territory_id"])
        and holds_id(wanted.assignee, holder)
        and holds_id(wanted.team, None if holder is None else seed.teams[holder])
        and holds_moment(wanted.created_at, row["created_at"])
        and holds_moment(wanted.updated_at, row["updated_at"])
        and holds_number(wanted.escalation_count, row["escalation_count"])
        and (wanted.tags is None or set(wanted.tags) <= set(row["tags"]))
        and (wanted.unassigned is None or (holder is None) is wanted.unassigned)
        and all(holds_ticket(seed, each, row) for each in wanted.all_of)
        and (wanted.any_of is None or any(holds_ticket(seed, each, row) for each in wanted.any_of))
        and (wanted.none_of is None or not holds_ticket(seed, wanted.none_of, row))
    )


def ids(known: list[UUID]) -> st.SearchStrategy[IdFilter | None]:
    """Draw an id filter over known ids and one that nobody has."""
    one = st.sampled_from([*known, _UNKNOWN])
    some = st.lists(one, max_size=3).map(tuple)
    return st.none() | st.builds(
        IdFilter,
        eq=st.none() | one,
        in_=st.none() | some,
        nin=st.none() | some,
        null=st.sampled_from([None, None, True, False]),
    )


_moment = st.none() | st.builds(
    lambda days, instants: BEFORE + timedelta(days=days, microseconds=instants), st.integers(0, 4), st.integers(-1, 2)
)
_moments = st.none() | st.builds(
    MomentFilter, gt=_moment, gte=_moment, lt=_moment, lte=_moment, null=st.sampled_from([None, None, True, False])
)
_number = st.none() | st.integers(min_value=-1, max_value=4) | st.just(2**31 - 1)
_numbers = st.none() | st.builds(
    NumberFilter,
    eq=_number,
    in_=st.none() | st.lists(_number.filter(lambda each: each is not None), max_size=3).map(tuple),
    gte=_number,
    lte=_number,
)


def some_of(words: Iterable[Any]) -> st.SearchStrategy[tuple[Any, ...] | None]:
    return st.none() | st.lists(st.sampled_from(list(words)), max_size=4).map(tuple)


def ticket_filters(seed: Seed) -> st.SearchStrategy[TicketFilter]:
    """Draw a ticket filter of a few conditions, nested up to three deep."""
    conditions: dict[str, st.SearchStrategy[Any]] = {
        "status": some_of(TicketStatus),
        "priority": some_of(TicketPriority),
        "category": some_of(TicketCategory),
        "assignee": ids(list(seed.world.technicians.values())),
        "team": ids(list(seed.world.teams.values())),
        "customer": ids(seed.customers),
        "asset": ids(seed.assets),
        "territory": ids(seed.territories),
        "created_at": _moments,
        "updated_at": _moments,
        "escalation_count": _numbers,
        "tags": some_of(TAGS),
        "unassigned": st.sampled_from([None, True, False]),
    }
    names = st.lists(st.sampled_from(sorted(conditions)), max_size=3, unique=True)
    leaves = names.flatmap(lambda chosen: st.fixed_dictionaries({name: conditions[name] for name in chosen})).map(
        lambda values: TicketFilter(**values)
    )

    def joined(inner: st.SearchStrategy[TicketFilter]) -> st.SearchStrategy[TicketFilter]:
        several = st.lists(inner, max_size=3).map(tuple)
        return st.builds(TicketFilter, all_of=several, any_of=st.none() | several, none_of=st.none() | inner)

    once = leaves | joined(leaves)
    return once | joined(once)


@_quick
@given(data=st.data())
async def test_a_ticket_filter_finds_what_an_independent_reading_of_it_finds(seed: Seed, data: st.DataObject) -> None:
    wanted = data.draw(ticket_filters(seed))
    reader = seed.reader()
    order = ending_in_id([Term("created_at", Kind.MOMENT)])
    page = await load_list(reader, entities.TICKET, order, Placed(100), *filters.of_tickets(wanted))
    count = await page.count()
    await reader.close()
    present = [row for row in seed.tickets if row["deleted_at"] is None]
    assert {node.id for node in page.nodes} == {row["id"] for row in present if holds_ticket(seed, wanted, row)}
    assert count == len(page.nodes)


@_quick
@given(data=st.data())
async def test_an_assignment_filter_finds_what_an_independent_reading_of_it_finds(
    seed: Seed, data: st.DataObject
) -> None:
    wanted = data.draw(
        st.builds(
            AssignmentFilter,
            technician=ids(list(seed.world.technicians.values())),
            ticket=ids([row["id"] for row in seed.tickets[:5]]),
            status=some_of(AssignmentStatus),
            tier=_numbers,
            assigned_at=_moments,
            current=st.sampled_from([None, True, False]),
        )
    )
    reader = seed.reader()
    order = ending_in_id([Term("assigned_at", Kind.MOMENT)])
    page = await load_list(reader, entities.ASSIGNMENT, order, Placed(200), *filters.of_assignments(wanted))
    await reader.close()
    present = {row["id"] for row in seed.tickets if row["deleted_at"] is None}
    assert {node.id for node in page.nodes} == {
        row["id"]
        for row in seed.jobs
        if row["ticket_id"] in present
        and holds_id(wanted.technician, row["technician_id"])
        and holds_id(wanted.ticket, row["ticket_id"])
        and among(wanted.status, row["status"])
        and holds_number(wanted.tier, row["tier_level"])
        and holds_moment(wanted.assigned_at, row["assigned_at"])
        and (wanted.current is None or (row["status"] in ACTIVE_JOBS) is wanted.current)
    }


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("everybody", {"ann", "bob", "cleo", "dan"}),
        ("active", {"ann", "bob", "cleo", "dan"}),
        ("inactive", set()),
        ("named", {"bob"}),
        ("none named", set()),
        ("can pump", {"ann", "bob", "cleo", "dan"}),
        ("can pump and more", set()),
        ("at the edge", {"ann", "cleo"}),
        ("nowhere", set()),
        ("above the first tier", {"cleo", "dan"}),
        ("at the edge above the first tier", {"cleo"}),
    ],
)
async def test_a_technician_filter_finds_whom_it_says(seed: Seed, name: str, found: set[str]) -> None:
    above, edge = NumberFilter(gte=2), (seed.territories[1], _UNKNOWN)
    wanted = {
        "everybody": TechnicianFilter(),
        "active": TechnicianFilter(active=True),
        "inactive": TechnicianFilter(active=False),
        "named": TechnicianFilter(ids=(seed.world.technicians["bob"], _UNKNOWN)),
        "none named": TechnicianFilter(ids=()),
        "can pump": TechnicianFilter(skill_ids=(seed.world.skill_id,)),
        "can pump and more": TechnicianFilter(skill_ids=(seed.world.skill_id, _UNKNOWN)),
        "at the edge": TechnicianFilter(territory_ids=edge),
        "nowhere": TechnicianFilter(territory_ids=()),
        "above the first tier": TechnicianFilter(tier=above),
        "at the edge above the first tier": TechnicianFilter(tier=above, territory_ids=edge),
    }[name]
    reader = seed.reader()
    order = ending_in_id([])
    page = await load_list(reader, entities.TECHNICIAN, order, Placed(100), *filters.of_technicians(wanted))
    await reader.close()
    assert {node.id for node in page.nodes} == {seed.world.technicians[each] for each in found}


def nested(depth: int) -> TicketFilter:
    found = TicketFilter()
    for _ in range(depth - 1):
        found = TicketFilter(none_of=found)
    return found


async def test_a_filter_nests_five_deep_and_no_deeper() -> None:
    assert bounded(nested(5)) == nested(5)
    with pytest.raises(Invalid):
        bounded(nested(6))


@pytest.mark.parametrize(
    "wanted",
    [
        TicketFilter(tags=("a",) * 101),
        TicketFilter(tags=("a\x00",)),
        TicketFilter(customer=IdFilter(in_=(_UNKNOWN,) * 101)),
        TicketFilter(assignee=IdFilter(nin=(_UNKNOWN,) * 101)),
        TicketFilter(escalation_count=NumberFilter(in_=(1,) * 101)),
        TicketFilter(all_of=(TicketFilter(),) * 101),
        TicketFilter(any_of=(TicketFilter(),) * 101),
    ],
)
async def test_a_filter_that_lists_too_much_or_what_cannot_be_is_refused(wanted: TicketFilter) -> None:
    with pytest.raises(Invalid) as refused:
        bounded(wanted)
    assert refused.value.field is not None
    assert refused.value.field[0] == "filter"
