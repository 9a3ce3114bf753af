from collections import Counter
from uuid import UUID

import asyncpg
import pytest

from app.demo.users import BENCHMARK_ORGANIZATION, BENCHMARK_USERS, DEMO_USERS, ORGANIZATION, OTHER_ORGANIZATION
from tests.demo.conftest import BENCHMARK_TICKETS, NOW
from tests.demo.replay import replayed, stored
from tests.demo.rules import ACTIVE, RULES

TICKET_STATUSES = set(
    "NEW OPEN ASSIGNED IN_PROGRESS PENDING_INFO PENDING_PARTS ESCALATED RESOLVED CLOSED REOPENED CANCELLED".split()
)
JOB_STATUSES = set(
    "ASSIGNED ACCEPTED EN_ROUTE IN_PROGRESS PAUSED COMPLETED FAILED REJECTED ESCALATED REASSIGNED CANCELLED".split()
)

# A way to break a rule, so that it is known to be able to fail.
SABOTAGE = {
    "a ticket's status agrees with its active assignment": "UPDATE tickets SET status = 'OPEN' WHERE status = 'ASSIGNED'",
    "sequences of a ticket are dense from one": "UPDATE assignments SET sequence = sequence + 1 WHERE sequence = 1"
    " AND ticket_id NOT IN (SELECT ticket_id FROM assignments WHERE sequence = 2)",
    "positions are gapless from one": "DELETE FROM events WHERE position = 7",
    "the head is the last position and its time": "UPDATE event_heads SET position = position + 1",
    "counters stand at the last number of their year": "UPDATE ticket_counters SET last_number = last_number + 1",
    "versions of a row rise by one": "UPDATE events SET version = 9 WHERE version = 1 AND kind = 'Comment'",
    "a technician works on one job at a time": "UPDATE assignments SET status = 'IN_PROGRESS', technician_id = ("
    "SELECT technician_id FROM assignments WHERE status = 'IN_PROGRESS' LIMIT 1) WHERE status = 'PAUSED'",
    "recording times never go back": "UPDATE events SET recorded_at = 'epoch' WHERE position = 50",
    "keys are given in the order of creation": "UPDATE comments SET created_at = created_at - interval '1 day'"
    " WHERE id = (SELECT max(id::text)::uuid FROM comments)",
}


@pytest.fixture
async def connection(loaded_url: str) -> "asyncpg.Connection[asyncpg.Record]":
    return await asyncpg.connect(loaded_url)


@pytest.mark.parametrize("rule", RULES)
async def test_every_rule_holds_of_the_whole_history(
    connection: "asyncpg.Connection[asyncpg.Record]", rule: str
) -> None:
    try:
        assert await connection.fetch(RULES[rule]) == []
    finally:
        await connection.close()
