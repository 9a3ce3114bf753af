"""The matrix's world: one person, and everything that there is as theirs, as others', and as another organisation's.

Jo has every role, and each token narrows them to one; so all roles look at the same rows. Families differ by how
jo stands to them: `asked` for by jo, `ours` because jo belongs to the customer, `job` because jo is the technician,
`others`, and `elsewhere` in an organisation of its own. What an organisation has for everybody is of `all`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid_utils.compat import uuid7

from app.auth.tokens import issue
from app.clock import now
from app.db.transaction import transaction
from app.domain.people import Actor, Role
from app.services.comments.add_comment import AddComment, add_comment
from app.services.perform import Writer
from app.services.tickets.update_ticket import UpdateTicket, update_ticket
from schema.ids import global_id, split_id
from tests.rights.rows import Family, Place, company, household
from tests.rights.tickets import tickets_of
from tests.serving import SECRET

OWN = ("asked", "ours", "job")
WHOSE = (*OWN, "others")
ALL = "all"
ELSEWHERE = "elsewhere"


class Thing(NamedTuple):
    """A row with an id. `variant` tells what is special about it, `active` whether its job is."""

    kind: str
    variant: str
    whose: str
    id: str
    active: bool


@dataclass(slots=True, kw_only=True)
class Scene:
    """Two organisations, jo of the one and an ADMIN of the other, and everything in both."""

    here: UUID
    there: UUID
    jo: UUID
    stranger: UUID
    things: dict[str, Thing] = field(default_factory=dict)
    # Files on their way, by whose they are.
    uploads: dict[str, str] = field(default_factory=dict)

    @property
    def here_ids(self) -> list[str]:
        """Return the ids of everything in jo's organisation."""
        return [id_ for id_, thing in self.things.items() if thing.whose != ELSEWHERE]

    @property
    def elsewhere_ids(self) -> list[str]:
        """Return the ids of everything in the other organisation."""
        return [id_ for id_, thing in self.things.items() if thing.whose == ELSEWHERE]

    def of(self, kind: str) -> list[Thing]:
        """Return everything of a type."""
        return [thing for thing in self.things.values() if thing.kind == kind]

    def id_of(self, whose: str, name: str) -> str:
        """Return the id of a family's thing, by its type, or by type and variant as `Ticket.open`."""
        kind, _, variant = name.partition(".")
        for wanted in (whose, ELSEWHERE if whose == ELSEWHERE else ALL):
            for each in self.of(kind):
                if each.whose == wanted and variant in {"", each.variant}:
                    return each.id
        raise LookupError(f"{whose} has no {name}")

    def token(self, *roles: Role) -> str:
        """Return a token that narrows jo to these roles; without any, jo has all of them."""
        return _token(self.here, self.jo, roles or None)

    def token_elsewhere(self) -> str:
        """Return a token of the other organisation's ADMIN."""
        return _token(self.there, self.stranger, None)


def _token(organization_id: UUID, user_id: UUID, roles: Sequence[Role] | None) -> str:
    return issue(
        secret=SECRET,
        user_id=user_id,
        organization_id=organization_id,
        roles=roles,
        now=now(),
        lifetime=timedelta(hours=1),
    )


async def set_up(engine: AsyncEngine) -> Scene:
    """Insert both organisations."""
    scene = Scene(here=uuid7(), there=uuid7(), jo=uuid7(), stranger=uuid7())
    here = Place(name="Here", organization_id=scene.here, now=now())
    there = Place(name="Elsewhere", organization_id=scene.there, now=now())
    await _settle(engine, scene, here, scene.jo, tuple(Role), [_family(whose, scene.jo) for whose in WHOSE])
    await _settle(engine, scene, there, scene.stranger, (Role.ADMIN,), [_family(ELSEWHERE, uuid7())])
    await _tell(engine, scene)
    return scene


async def _tell(engine: AsyncEngine, scene: Scene) -> None:
    """Have something happen to a ticket of each family, so that the log tells of it."""
    writer = Writer(engine=engine, clock=now, wake=lambda _organization_id: None)
    for whose in (*WHOSE, ELSEWHERE):
        place, somebody = (scene.there, scene.stranger) if whose == ELSEWHERE else (scene.here, scene.jo)
        actor = Actor(organization_id=place, user_id=somebody, roles=frozenset(Role), ip_address="192.0.2.7")
        parts = split_id(scene.id_of(whose, "Ticket.working"))
        assert parts is not None
        ticket_id = parts[1]
        for internal in (False, True):
            variant = "internal" if internal else "public"
            said = AddComment(ticket_id=ticket_id, body=f"{variant} words told by {whose}", internal=internal)
            written = await add_comment(writer, actor, said)
            id_ = global_id("Comment", written.ids["comment"])
            scene.things[id_] = Thing("Comment", f"{variant} told", whose, id_, active=False)
        moved = UpdateTicket(ticket_id=ticket_id, expected_version=1, given=("address",), address=f"Attic of {whose}")
        await update_ticket(writer, actor, moved)


def _family(whose: str, jo: UUID) -> Family:
    """Return a family to which jo stands as `whose` says."""
    return Family(
        whose=whose,
        requester=jo if whose == "asked" else uuid7(),
        technician_user=jo if whose == "job" else uuid7(),
        customer=uuid7(),
        member=jo if whose == "ours" else None,
    )


async def _settle(
    engine: AsyncEngine, scene: Scene, place: Place, somebody: UUID, roles: tuple[Role, ...], families: list[Family]
) -> None:
    async with transaction(engine, place.organization_id, timeout_seconds=60) as connection:
        rows = chain(
            company(place, somebody, roles),
            *(chain(household(place, family), tickets_of(place, family)) for family in families),
        )
        for table, row in rows:
            await connection.execute(sa.insert(table).values(organization_id=place.organization_id, **row))
    scene.uploads |= {family.whose: global_id("Attachment", family.upload) for family in families}
    whose = ELSEWHERE if families[0].whose == ELSEWHERE else ALL
    known: list[tuple[Any, ...]] = [(kind, variant, key, False, whose) for kind, variant, key in place.known]
    for kind, variant, key, active, of in chain(known, *(family.known for family in families)):
        id_ = global_id(kind, key)
        scene.things[id_] = Thing(kind, variant, of, id_, active)
