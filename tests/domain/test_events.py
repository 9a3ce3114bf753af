"""Changed fields: all of a creation, only what differs of a change, in JSON's types."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import orjson
from hypothesis import given
from hypothesis import strategies as st

from app.domain.assignments import AssignmentOutcome, AssignmentStatus
from app.domain.events import FieldChange, changed_fields, plain
from app.domain.tickets import Ticket, TicketPriority, TicketStatus
from tests.domain.life_cycles import NOW, job, ticket

UNTOLD = {"id", "organization_id", "version", "created_at", "updated_at"}


def test_a_creation_tells_every_field_but_keys_and_stamps() -> None:
    told = changed_fields(None, ticket(tags=("a",)))
    assert {change.field for change in told} == {each.name for each in fields(Ticket)} - UNTOLD
    assert {change.old for change in told} == {None}
    assert FieldChange(field="status", old=None, new="NEW") in told
    assert FieldChange(field="tags", old=None, new=["a"]) in told
    assert FieldChange(field="customer_id", old=None, new=None) in told


def test_a_change_tells_what_differs_before_and_after() -> None:
    before = ticket(TicketStatus.OPEN, territory_id=UUID(int=7))
    after = replace(before, status=TicketStatus.ASSIGNED, territory_id=None, version=2, updated_at=NOW + timedelta(1))
    assert changed_fields(before, after) == (
        FieldChange(field="status", old="OPEN", new="ASSIGNED"),
        FieldChange(field="territory_id", old="00000000-0000-0000-0000-000000000007", new=None),
    )


def test_nothing_changed_tells_nothing() -> None:
    assert changed_fields(ticket(), replace(ticket(), version=9)) == ()


def test_a_job_tells_its_decimals_and_times_as_text() -> None:
    before = job(AssignmentStatus.IN_PROGRESS)
    after = replace(
        before,
        status=AssignmentStatus.COMPLETED,
        outcome=AssignmentOutcome.SUCCESS,
        completed_at=NOW,
        time_spent_hours=Decimal("1.50"),
    )
    told = {change.field: change.new for change in changed_fields(before, after)}
    assert told == {
        "status": "COMPLETED",
        "outcome": "SUCCESS",
        "completed_at": "2026-03-01T09:00:00+00:00",
        "time_spent_hours": "1.50",
    }


def test_values_are_spelled_in_json_s_types() -> None:
    east = timezone(timedelta(hours=2))
    assert plain((TicketPriority.P1, UUID(int=1))) == ["P1", "00000000-0000-0000-0000-000000000001"]
    assert plain(datetime(2026, 1, 1, 2, tzinfo=east)) == "2026-01-01T02:00:00+02:00"
    assert plain(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00+00:00"
    assert [plain(each) for each in (None, True, 1, 1.5, "a", {"a": 1})] == [None, True, 1, 1.5, "a", {"a": 1}]


_tickets = st.builds(
    ticket,
    status=st.sampled_from(TicketStatus),
    priority=st.sampled_from(TicketPriority),
    title=st.text(st.characters(codec="utf-8"), max_size=5),
    tags=st.lists(st.sampled_from("abc"), max_size=3).map(tuple),
    customer_id=st.none() | st.uuids(),
    escalation_count=st.integers(min_value=0, max_value=3),
    latitude=st.none() | st.floats(min_value=-90, max_value=90),
    version=st.integers(min_value=1, max_value=9),
)


@given(before=_tickets, after=_tickets)
def test_the_changes_lead_from_what_was_to_what_is_and_can_be_stored(before: Ticket, after: Ticket) -> None:
    was = {each.field: each.new for each in changed_fields(None, before)}
    told = changed_fields(before, after)
    assert {each.field: each.old for each in told}.items() <= was.items() or not told
    assert {**was, **{each.field: each.new for each in told}} == {
        each.field: each.new for each in changed_fields(None, after)
    }
    assert orjson.loads(orjson.dumps([each.new for each in told])) == [each.new for each in told]
