"""What an organisation promises, and the clocks of its tickets."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from app.db.sla import written_targets
from app.db.tables.tickets import NEVER_DUE_COMES_LAST, NEVER_DUE_FALLS_LAST
from app.demo.ids import chance as chance_of
from app.domain.sla import DEFAULT_TARGETS, SlaMetric, SlaState
from app.domain.tickets import TicketStatus
from tests.sameness.organisation import Organisation, Row


def policies_of(of: Organisation) -> Iterator[tuple[str, Row]]:
    """Yield what the organisation promises, table by table."""
    words, chance = of.vocabulary, chance_of(f"policies of {of.name}")
    for number in range(3):
        yield (
            "business_calendars",
            {
                "id": of.new("BusinessCalendar"),
                "name": chance.choice(words.lines),
                "time_zone": chance.choice(("UTC", "Asia/Kolkata", "Europe/Amsterdam")),
                "weekly": chance.choice(({}, {"MON": [["09:00", "17:00"]]}, {"SUN": [["00:00", "24:00"]], "WED": []})),
                "holidays": tuple(chance.sample(words.days, min(number, len(words.days)))),
                "created_at": chance.choice(words.moments),
            },
        )
    for number in range(3):
        yield (
            "sla_policies",
            {
                "id": of.new("SlaPolicy"),
                "revision": number + 1,
                "name": chance.choice(words.lines),
                "built_in": number == 0,
                "targets": written_targets(DEFAULT_TARGETS),
                "pause_on": tuple(chance.sample(list(TicketStatus), number)),
                "warn_at_percent": ((), (50,), (1, 75, 99))[number],
                "auto_escalate_on_breach": chance.random() < 0.5,
                "calendar_id": chance.choice((None, *of.keys["BusinessCalendar"])),
                "created_at": chance.choice(words.moments),
            },
        )


def clocks_of(of: Organisation, rows: Mapping[str, list[Row]]) -> Iterator[tuple[str, Row]]:
    """Yield clocks of tickets, and let their tickets show of them what they like."""
    # By a chance of their own, which leaves every other row as it is without them.
    words, chance = of.vocabulary, chance_of(f"clocks of {of.name}")
    for ticket in rows["tickets"]:
        promised = chance.random() < 0.7
        ticket["sla_policy_id"] = chance.choice(of.keys["SlaPolicy"]) if promised else None
        ticket["sla_state"] = chance.choice(list(SlaState)) if promised else None
        due = ticket["sla_due_at"] = chance.choice((None, *words.moments)) if promised else None
        ticket["sla_due_first"] = due or datetime.fromisoformat(NEVER_DUE_COMES_LAST)
        ticket["sla_due_last"] = due or datetime.fromisoformat(NEVER_DUE_FALLS_LAST)
        for metric in SlaMetric if promised else ():
            generations = chance.choice((1, 1, 2))
            for generation in range(1, generations + 1):
                begun = chance.choice(words.moments)
                yield (
                    "sla_clocks",
                    {
                        "id": of.new("SlaClock"),
                        "ticket_id": ticket["id"],
                        "metric": metric,
                        "generation": generation,
                        "policy_id": ticket["sla_policy_id"],
                        "target_minutes": chance.choice((1, 240, 2_147_483_647)),
                        "state": chance.choice(list(SlaState)),
                        "started_at": begun,
                        "due_at": chance.choice((None, *words.moments)),
                        "segments": [
                            {"running": True, "start": begun.isoformat(), "end": begun.isoformat(), "cause": "CREATED"},
                            {"running": False, "start": begun.isoformat(), "end": None, "cause": "PENDING_INFO"},
                        ],
                        "warned_percent": chance.choice((None, 75)),
                        "breached_at": chance.choice((None, *words.moments)),
                        "met_at": chance.choice((None, *words.moments)),
                        "current": generation == generations and chance.random() < 0.9,
                        "version": chance.randint(1, 9),
                        "created_at": begun,
                        "updated_at": begun,
                    },
                )
