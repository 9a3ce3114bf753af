from uuid import UUID

import asyncpg
import pytest

from app.demo.users import BENCHMARK_ORGANIZATION, BENCHMARK_USERS, DEMO_USERS, ORGANIZATION, OTHER_ORGANIZATION
from tests.demo.conftest import BENCHMARK_TICKETS, NOW
from tests.demo.reading import fetch
from tests.demo.replay import replayed, stored
from tests.demo.rules import ACTIVE, RULES

BOTH = {"ASSIGNED", "IN_PROGRESS", "ESCALATED", "CANCELLED"}
TICKET_STATUSES = BOTH | {"NEW", "OPEN", "PENDING_INFO", "PENDING_PARTS", "RESOLVED", "CLOSED", "REOPENED"}
JOB_STATUSES = BOTH | {"ACCEPTED", "EN_ROUTE", "PAUSED", "COMPLETED", "FAILED", "REJECTED", "REASSIGNED"}

# Ways to break a rule, so that the rules are known to be able to fail.
SABOTAGE = {
    "a ticket's status agrees with its active assignment": "UPDATE tickets SET status = 'OPEN'"
    " WHERE status = 'ASSIGNED'",
    "sequences of a ticket are dense from one": "UPDATE assignments SET sequence = 90 WHERE sequence = 2",
    "positions are gapless from one": "DELETE FROM events WHERE position = 7",
    "the head is the last position and its time": "UPDATE event_heads SET position = position + 1",
    "counters stand at the last number of their year": "UPDATE ticket_counters SET last_number = 1",
    "versions of a row rise by one": "UPDATE events SET version = 9 WHERE kind = 'Comment'",
    "a technician works on one job at a time": "UPDATE assignments SET technician_id = ("
    "SELECT technician_id FROM assignments WHERE status = 'PAUSED' LIMIT 1), status = 'IN_PROGRESS'"
    " WHERE status IN ('PAUSED', 'IN_PROGRESS')",
    "recording times never go back": "UPDATE events SET recorded_at = 'epoch' WHERE position = 50",
    "keys are given in the order of creation": "UPDATE tickets SET created_at = 'epoch'"
    " WHERE ticket_number LIKE '%000020'",
    "who is concerned after an event is who is concerned before the next": "UPDATE events"
    " SET technician_before = NULL WHERE kind = 'Assignment'",
    "stock is what came less what was used": "UPDATE parts SET stock = stock + 1",
}


@pytest.mark.parametrize("rule", RULES)
async def test_every_rule_holds_of_the_whole_history(loaded_url: str, rule: str) -> None:
    assert await fetch(loaded_url, RULES[rule]) == []


@pytest.mark.parametrize("rule", SABOTAGE)
async def test_a_broken_history_is_noticed(loaded_url: str, rule: str) -> None:
    connection = await asyncpg.connect(loaded_url)
    try:
        transaction = connection.transaction()
        await transaction.start()
        # Triggers, foreign keys among them, would not let it happen.
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(SABOTAGE[rule])
        assert await connection.fetch(RULES[rule]) != []
        await transaction.rollback()
    finally:
        await connection.close()


async def test_every_status_of_tickets_and_assignments_is_there(loaded_url: str) -> None:
    for table, statuses in (("tickets", TICKET_STATUSES), ("assignments", JOB_STATUSES)):
        query = f"SELECT DISTINCT status FROM {table} WHERE organization_id = $1"  # noqa: S608  # named above
        assert {row["status"] for row in await fetch(loaded_url, query, ORGANIZATION)} == statuses


async def test_every_outcome_reason_and_type_of_assignment_is_there(loaded_url: str) -> None:
    query = """SELECT array_agg(DISTINCT outcome) AS outcomes, array_agg(DISTINCT reason) AS reasons,
        array_agg(DISTINCT type) AS types FROM assignments WHERE organization_id = $1"""
    (row,) = await fetch(loaded_url, query, ORGANIZATION)
    assert set(row["outcomes"]) == {
        None, "SUCCESS", "FAILED", "ESCALATED", "PARTS_REQUIRED", "CUSTOMER_UNAVAILABLE"
    }  # fmt: skip
    assert set(row["types"]) == {"MANUAL", "AUTO", "SELF"}
    assert set(row["reasons"]) == {
        "INITIAL", "ESCALATION", "REASSIGNMENT", "REJECTION_FOLLOW_UP", "REOPEN", "AUTO_DISPATCH"
    }  # fmt: skip


async def test_escalations_climb_to_the_third_tier(loaded_url: str) -> None:
    query = "SELECT DISTINCT tier_level FROM assignments WHERE organization_id = $1 AND reason = 'ESCALATION'"
    assert {row[0] for row in await fetch(loaded_url, query, ORGANIZATION)} == {2, 3}


@pytest.mark.parametrize(
    ("organization_id", "technicians", "tickets"),
    [(ORGANIZATION, 40, 400), (OTHER_ORGANIZATION, 5, 30), (BENCHMARK_ORGANIZATION, 200, BENCHMARK_TICKETS)],
)
async def test_organisations_have_the_size_that_was_asked_for(
    loaded_url: str, organization_id: UUID, technicians: int, tickets: int
) -> None:
    query = """SELECT (SELECT count(*) FROM technicians WHERE organization_id = $1) AS technicians,
        (SELECT count(*) FROM tickets WHERE organization_id = $1) AS tickets"""
    assert [tuple(row) for row in await fetch(loaded_url, query, organization_id)] == [(technicians, tickets)]


async def test_the_benchmark_has_three_turns_and_four_comments_per_two_tickets(loaded_url: str) -> None:
    query = """SELECT (SELECT count(*) FROM assignments WHERE organization_id = $1) AS turns,
        (SELECT count(*) FROM comments WHERE organization_id = $1) AS comments"""
    (row,) = await fetch(loaded_url, query, BENCHMARK_ORGANIZATION)
    assert (row["turns"], row["comments"]) == (BENCHMARK_TICKETS * 3 // 2, BENCHMARK_TICKETS * 2)


@pytest.mark.parametrize(("kind", "table"), [("Ticket", "tickets"), ("Assignment", "assignments")])
async def test_the_log_replayed_gives_the_rows_as_they_are(loaded_url: str, kind: str, table: str) -> None:
    assert await replayed(loaded_url, kind) == await stored(loaded_url, table)


async def test_the_log_replayed_gives_the_comments_words(loaded_url: str) -> None:
    rows = await stored(loaded_url, "comments")
    told = {id_: {"body": row["body"], "internal": row["internal"]} for id_, row in rows.items()}
    assert await replayed(loaded_url, "Comment") == told


async def test_history_spans_a_year_and_ends_before_now(loaded_url: str) -> None:
    query = """SELECT min(t.created_at) AS first, (SELECT max(recorded_at) FROM events) AS last
        FROM tickets t WHERE organization_id = $1"""
    (row,) = await fetch(loaded_url, query, ORGANIZATION)
    assert (NOW - row["first"]).days in range(340, 366)
    assert row["last"] <= NOW


async def test_demo_users_are_rows_with_the_roles_they_promise(loaded_url: str) -> None:
    rows = await fetch(loaded_url, "SELECT id, organization_id, roles FROM users WHERE active")
    stored_users = {row["id"]: (row["organization_id"], tuple(row["roles"])) for row in rows}
    for user in (*DEMO_USERS.values(), *BENCHMARK_USERS.values()):
        assert stored_users[user.user_id] == (user.organization_id, user.roles)


async def test_demo_users_have_the_names_that_the_commands_know() -> None:
    assert list(DEMO_USERS) == [
        "dispatcher", "lead", "manager", "admin", "technician", "senior", "customer", "other-dispatcher"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "tier", "statuses"),
    [
        ("technician", 1, {"ASSIGNED", "ACCEPTED", "IN_PROGRESS", "PAUSED"}),
        ("senior", 2, {"ASSIGNED", "ACCEPTED", "IN_PROGRESS", "PAUSED"}),
    ],
)
async def test_technicians_among_the_demo_users_have_a_queue(
    loaded_url: str, name: str, tier: int, statuses: set[str]
) -> None:
    query = f"""SELECT t.tier_level, a.status FROM technicians t JOIN assignments a
          ON a.organization_id = t.organization_id AND a.technician_id = t.id
        WHERE t.user_id = $1 AND a.status IN {ACTIVE}"""  # noqa: S608  # a constant of the tests
    rows = await fetch(loaded_url, query, DEMO_USERS[name].user_id)
    assert {row["tier_level"] for row in rows} == {tier}
    assert {row["status"] for row in rows} == statuses


async def test_the_customer_has_tickets_and_some_have_internal_comments(loaded_url: str) -> None:
    query = """SELECT t.id, t.status, bool_or(c.internal) AS inside, bool_or(NOT c.internal) AS outside
        FROM customer_users m JOIN tickets t
          ON t.organization_id = m.organization_id AND t.customer_id = m.customer_id
        LEFT JOIN comments c ON c.organization_id = t.organization_id AND c.ticket_id = t.id
        WHERE m.user_id = $1 AND t.requester_id = $1 GROUP BY t.id, t.status"""
    rows = await fetch(loaded_url, query, DEMO_USERS["customer"].user_id)
    assert len(rows) >= 8
    assert len({row["status"] for row in rows}) >= 5
    assert any(row["inside"] and row["outside"] for row in rows)


async def test_comments_are_public_internal_and_the_systems_own(loaded_url: str) -> None:
    query = "SELECT DISTINCT internal, system_generated FROM comments WHERE organization_id = $1"
    rows = {tuple(row) for row in await fetch(loaded_url, query, ORGANIZATION)}
    assert rows == {(False, False), (True, False), (False, True)}


async def test_required_skills_parts_used_and_tiers_of_customers_are_there(loaded_url: str) -> None:
    query = """SELECT
        (SELECT count(*) FROM tickets t WHERE organization_id = $1 AND NOT EXISTS (
            SELECT FROM ticket_required_skills s WHERE s.organization_id = $1 AND s.ticket_id = t.id)) AS unskilled,
        (SELECT count(*) FROM ticket_required_parts WHERE organization_id = $1) AS needed,
        (SELECT count(*) FROM assignment_parts WHERE organization_id = $1) AS used,
        (SELECT count(DISTINCT tier) FROM customers WHERE organization_id = $1) AS tiers,
        (SELECT count(DISTINCT level) FROM technician_skills WHERE organization_id = $1) AS levels"""
    (row,) = await fetch(loaded_url, query, ORGANIZATION)
    assert row["unskilled"] == 0
    assert row["needed"] > 10
    assert row["used"] > 100
    assert (row["tiers"], row["levels"]) == (3, 5)
