"""The example organisations, as they are founded."""

from app.demo.catalogue import TRADES
from app.demo.company import Charter
from app.demo.places import LEIPZIG, UTRECHT
from app.demo.users import (
    BENCHMARK_ORGANIZATION,
    BENCHMARK_USERS,
    DEMO_USERS,
    ORGANIZATION,
    OTHER_ORGANIZATION,
    SMALL_BENCHMARK_ORGANIZATION,
)

DEMO = Charter(
    organization_id=ORGANIZATION,
    name="Vechtstroom Technical Services",
    domain="vechtstroom.example",
    region=UTRECHT,
    trades=TRADES,
    technicians=(24, 11, 5),
    customers=60,
    stock=20,
    logins=[user for user in DEMO_USERS.values() if user.organization_id == ORGANIZATION],
)

OTHER = Charter(
    organization_id=OTHER_ORGANIZATION,
    name="Auwald Building Service",
    domain="auwald.example",
    region=LEIPZIG,
    trades=TRADES[2:6],
    technicians=(3, 1, 1),
    customers=8,
    stock=12,
    logins=[user for user in DEMO_USERS.values() if user.organization_id == OTHER_ORGANIZATION],
)

BENCHMARK = Charter(
    organization_id=BENCHMARK_ORGANIZATION,
    name="Benchmark Field Service",
    domain="benchmark.example",
    region=UTRECHT,
    trades=TRADES,
    technicians=(140, 45, 15),
    customers=500,
    stock=4000,
    logins=[user for user in BENCHMARK_USERS.values() if user.organization_id == BENCHMARK_ORGANIZATION],
)

SMALL_BENCHMARK = Charter(
    organization_id=SMALL_BENCHMARK_ORGANIZATION,
    name="Small Benchmark Service",
    domain="small-benchmark.example",
    region=LEIPZIG,
    trades=TRADES,
    technicians=(14, 5, 3),
    customers=60,
    stock=500,
    logins=[user for user in BENCHMARK_USERS.values() if user.organization_id == SMALL_BENCHMARK_ORGANIZATION],
)
