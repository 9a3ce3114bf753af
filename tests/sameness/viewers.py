"""Everybody who may ask: each role, several at once, and tokens that narrow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.auth.tokens import issue
from app.clock import now
from app.domain.people import Role
from tests.sameness.organisation import PEOPLE, Organisation
from tests.serving import SECRET

_NARROWED = [("jo", [role]) for role in Role] + [("eve", [Role.TECHNICIAN]), ("finn", [Role.END_USER])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Somebody with a token. `roles` are what is left of the user's own."""

    name: str
    organisation: Organisation
    roles: frozenset[Role]
    technician: bool
    token: str

    @property
    def sees_all(self) -> bool:
        """Tell whether the viewer sees everything there is, and has jobs of their own."""
        return self.technician and self.roles >= {Role.ADMIN, Role.TECHNICIAN}

    @property
    def works_here(self) -> bool:
        """Tell whether the viewer is more than a customer."""
        return bool(self.roles - {Role.END_USER})

    @property
    def dispatches(self) -> bool:
        """Tell whether the viewer may see the dispatch board."""
        return bool(self.roles & {Role.DISPATCHER, Role.TEAM_LEAD, Role.MANAGER, Role.ADMIN})


def viewers_of(organisation: Organisation) -> Iterator[Viewer]:
    """Yield everybody who may come in."""
    for name, person in PEOPLE.items():
        if person.active and person.roles:
            yield _viewer(organisation, name, None)
    for name, roles in _NARROWED:
        yield _viewer(organisation, name, roles)


def _viewer(organisation: Organisation, name: str, narrowed: Sequence[Role] | None) -> Viewer:
    person = PEOPLE[name]
    roles = frozenset(person.roles if narrowed is None else narrowed) & frozenset(person.roles)
    return Viewer(
        name=f"{name} of {organisation.name} as {'+'.join(role for role in Role if role in roles)}",
        organisation=organisation,
        roles=roles,
        technician=person.technician,
        token=issue(
            secret=SECRET,
            user_id=organisation.users[name],
            organization_id=organisation.id,
            roles=narrowed,
            now=now(),
            lifetime=timedelta(hours=6),
        ),
    )
