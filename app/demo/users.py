"""Who can log in to the example organisations.

The benchmark organisation has users of its own: `fieldgraph token --user bench-dispatcher` looks
there too, once `fieldgraph demo --benchmark` has loaded it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from app.demo.ids import fixed_id
from app.domain.people import Role

ORGANIZATION = fixed_id("organization")
OTHER_ORGANIZATION = fixed_id("other organization")
BENCHMARK_ORGANIZATION = fixed_id("benchmark organization")
SMALL_BENCHMARK_ORGANIZATION = fixed_id("small benchmark organization")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoUser:
    """A user with a fixed key; `summary` says in a line what there is to see as that user."""

    user_id: UUID
    organization_id: UUID
    roles: tuple[Role, ...]
    summary: str


def _user(name: str, role: Role, summary: str, organization_id: UUID = ORGANIZATION) -> tuple[str, DemoUser]:
    user = DemoUser(user_id=fixed_id(f"user {name}"), organization_id=organization_id, roles=(role,), summary=summary)
    return name, user


DEMO_USERS: Mapping[str, DemoUser] = MappingProxyType(
    dict(
        [
            _user("dispatcher", Role.DISPATCHER, "sees the whole board and gives out the tickets"),
            _user("lead", Role.TEAM_LEAD, "watches the board and may assign, escalate and close any ticket"),
            _user("manager", Role.MANAGER, "looks after people, stock and settings"),
            _user("admin", Role.ADMIN, "may do everything in the organisation"),
            _user("technician", Role.TECHNICIAN, "works at tier L1, with a queue of jobs for today"),
            _user("senior", Role.SENIOR_TECHNICIAN, "works at tier L2 and takes what L1 escalates"),
            _user("customer", Role.END_USER, "belongs to a customer with several tickets"),
            _user(
                "other-dispatcher",
                Role.DISPATCHER,
                "dispatches the second organisation, sees nothing of the first",
                OTHER_ORGANIZATION,
            ),
        ]
    )
)

BENCHMARK_USERS: Mapping[str, DemoUser] = MappingProxyType(
    dict(
        [
            _user("bench-dispatcher", Role.DISPATCHER, "dispatches 100,000 tickets", BENCHMARK_ORGANIZATION),
            _user("bench-technician", Role.TECHNICIAN, "works among 200 technicians", BENCHMARK_ORGANIZATION),
            _user("bench-customer", Role.END_USER, "belongs to a benchmark customer", BENCHMARK_ORGANIZATION),
            _user(
                "bench-small-dispatcher",
                Role.DISPATCHER,
                "dispatches the small organisation beside it",
                SMALL_BENCHMARK_ORGANIZATION,
            ),
        ]
    )
)
