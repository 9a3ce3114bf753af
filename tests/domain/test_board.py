"""Which tickets and jobs are on a narrowed board, and which events its stream tells."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.board import Narrowing
from app.domain.events import APPOINTMENT, Concerned, Event, FieldChange, plain
from app.domain.sight import Sight
from tests.domain.test_sight import event

ANN, BOB, NORTH, SOUTH, CENTRE, EDGE = (UUID(int=n) for n in range(1, 7))

NOBODYS = Concerned(territory_id=CENTRE)
ANNS = Concerned(territory_id=CENTRE, technician_id=ANN, team_id=NORTH)
BOBS = Concerned(territory_id=EDGE, technician_id=BOB, team_id=SOUTH)

ids = st.none() | st.sampled_from([ANN, BOB, NORTH, SOUTH, CENTRE, EDGE])
several = st.none() | st.frozensets(st.sampled_from([ANN, BOB, NORTH, SOUTH, CENTRE, EDGE]))
concerned = st.builds(Concerned, technician_id=ids, team_id=ids, territory_id=ids)
narrowings = st.builds(
    Narrowing, territory_ids=several, team_ids=several, technician_ids=several, include_unassigned=st.booleans()
)


def narrowed(*, include_unassigned: bool = True, **lists: UUID | frozenset[UUID]) -> Narrowing:
    """Return a narrowing to one of each, or to those named."""
    sets: dict[str, Any] = {name: frozenset({keys}) if isinstance(keys, UUID) else keys for name, keys in lists.items()}
    return Narrowing(include_unassigned=include_unassigned, **sets)


@pytest.mark.parametrize(
    ("narrowing", "shown"),
    [
        (narrowed(), [NOBODYS, ANNS, BOBS]),
        (narrowed(include_unassigned=False), [ANNS, BOBS]),
        (narrowed(technician_ids=ANN), [NOBODYS, ANNS]),
        (narrowed(technician_ids=ANN, include_unassigned=False), [ANNS]),
        (narrowed(team_ids=SOUTH), [NOBODYS, BOBS]),
        (narrowed(team_ids=SOUTH, technician_ids=ANN), [NOBODYS]),
        (narrowed(territory_ids=CENTRE), [NOBODYS, ANNS]),
        (narrowed(territory_ids=EDGE), [BOBS]),
        (narrowed(territory_ids=EDGE, technician_ids=ANN), []),
        (narrowed(territory_ids=frozenset()), []),
        (narrowed(technician_ids=frozenset()), [NOBODYS]),
    ],
)
def test_a_board_shows_what_each_of_its_lists_holds(narrowing: Narrowing, shown: list[Concerned]) -> None:
    assert [each for each in (NOBODYS, ANNS, BOBS) if narrowing.shows(each)] == shown


@given(narrowing=narrowings, before=concerned, after=concerned)
def test_the_stream_tells_what_is_on_the_board_and_what_leaves_it(
    narrowing: Narrowing, before: Concerned, after: Concerned
) -> None:
    told = narrowing.choose(event(before, after))

    assert (told is Sight.SEEN) == narrowing.shows(after)
    assert (told is Sight.GONE) == (narrowing.shows(before) and not narrowing.shows(after))


@given(narrowing=narrowings, only=concerned)
def test_the_stream_tells_the_beginning_and_the_end_of_what_is_on_the_board(
    narrowing: Narrowing, only: Concerned
) -> None:
    expected = Sight.SEEN if narrowing.shows(only) else Sight.UNSEEN

    assert narrowing.choose(event(None, only)) is expected
    assert narrowing.choose(event(only, None)) is expected


@pytest.mark.parametrize(
    ("narrowing", "told"),
    [
        (narrowed(), Sight.SEEN),
        (narrowed(include_unassigned=False), Sight.SEEN),
        (narrowed(team_ids=NORTH, include_unassigned=False), Sight.UNSEEN),
        (narrowed(territory_ids=CENTRE), Sight.UNSEEN),
    ],
)
def test_stock_and_settings_are_no_unassigned_work(narrowing: Narrowing, told: Sight) -> None:
    assert narrowing.choose(event(Concerned(), Concerned(), ticket_id=None, kind="Part")) is told


EIGHT, NINE, TEN, ELEVEN = (datetime(2026, 5, 4, hour, tzinfo=UTC) for hour in (8, 9, 10, 11))
MORNING = Narrowing(since=NINE, until=TEN)


def moved(**times: tuple[datetime | None, datetime]) -> Event:
    """Return an event of ann's appointment with these times before and after; the first of none is a creation."""
    changes = tuple(FieldChange(field=name, old=plain(old), new=plain(new)) for name, (old, new) in times.items())
    created = any(old is None for old, _ in times.values())
    return event(None if created else ANNS, ANNS, kind=APPOINTMENT, changes=changes)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (moved(starts_at=(None, NINE), ends_at=(None, TEN)), Sight.SEEN),
        (moved(starts_at=(None, EIGHT), ends_at=(None, ELEVEN)), Sight.SEEN),
        (moved(starts_at=(None, EIGHT), ends_at=(None, NINE)), Sight.UNSEEN),
        (moved(starts_at=(None, TEN), ends_at=(None, ELEVEN)), Sight.UNSEEN),
        (moved(starts_at=(NINE, TEN), ends_at=(TEN, ELEVEN)), Sight.GONE),
        (moved(starts_at=(TEN, NINE), ends_at=(ELEVEN, TEN)), Sight.SEEN),
        (moved(starts_at=(EIGHT, TEN), ends_at=(NINE, ELEVEN)), Sight.UNSEEN),
        (moved(ends_at=(TEN, NINE)), Sight.GONE),
        (moved(), Sight.SEEN),
    ],
)
def test_an_appointment_is_on_a_board_by_its_time(told: Event, expected: Sight) -> None:
    assert MORNING.choose(told) is expected
    assert Narrowing().choose(told) is Sight.SEEN


def test_the_time_of_a_board_bounds_appointments_alone() -> None:
    change = FieldChange(field="starts_at", old=None, new=plain(ELEVEN))

    assert MORNING.choose(event(None, ANNS, changes=(change,))) is Sight.SEEN
