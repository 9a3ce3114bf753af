"""Tables and documents that are taken away hold what their reader sees."""

import csv
from io import StringIO

import pytest

from app.domain.people import Role
from tests.rights.asking import Ground
from tests.rights.meaning import families_with
from tests.rights.scene import ELSEWHERE
from tests.rights.table import table

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("role", Role)
async def test_a_table_of_tickets_has_those_that_its_reader_sees_and_the_places_they_may_know(
    ground: Ground, lists: dict[str, list[str]], role: Role
) -> None:
    told = await ground.fetch(ground.as_role(role), "/exports/tickets.csv")

    lines = {line["id"]: line for line in csv.DictReader(StringIO(told.text.lstrip("\ufeff")))}
    tickets = {id_: ground.scene.things[id_] for id_ in lists["tickets"]}
    assert set(lines) == {id_ for id_, thing in tickets.items() if table().sees(role, thing)}
    placed = {id_ for id_ in lines if table().shows(role, "Ticket", "address", tickets[id_])}
    assert {id_ for id_, line in lines.items() if line["address"]} == placed
    assert ground.foreign.rows_in(told.text) == set()


@pytest.mark.parametrize("role", Role)
async def test_what_is_kept_of_somebody_is_for_themselves_and_for_admins(ground: Ground, role: Role) -> None:
    users = {whose: ground.scene.id_of(whose, "User") for whose in [*families_with(ground.scene, "User"), ELSEWHERE]}

    told = {
        whose: await ground.fetch(ground.as_role(role), "/exports/person.json", userId=id_)
        for whose, id_ in users.items()
    }

    # Whoever may not is told so whether or not there is such a person.
    others = 200 if role is Role.ADMIN else 403
    missing = 404 if role is Role.ADMIN else 403
    wanted = {whose: 200 if whose == "asked" else missing if whose == ELSEWHERE else others for whose in users}
    assert {whose: answer.status_code for whose, answer in told.items()} == wanted
    assert ground.foreign.rows_in([answer.text for answer in told.values()], list(users.values())) == set()
