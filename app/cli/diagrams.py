"""`fieldgraph diagrams`: the life cycles as a document, drawn from the tables that the rules obey."""

import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

from app.domain import assignments, tickets
from app.domain.assignments import ACTIVE, STATUS_OF_OUTCOME, TICKET_STATUS_AFTER, AssignmentStatus
from app.domain.tickets import TicketStatus

Status = TypeVar("Status", TicketStatus, AssignmentStatus)

_HEAD = """\
# Life cycles

Which status may follow which. The tables `TRANSITIONS` in `app/domain/tickets.py` and
`app/domain/assignments.py` are the only place that knows; this page is made from them by
`fieldgraph diagrams`. A step stands here because the life cycle allows it; the mutations that exist
are in [api.md](api.md).
"""
_OUTCOMES = """\

## What follows from an outcome

A technician ends a job with an outcome. It decides the job's status and the ticket's. ESCALATED is
reached by `escalateTicket` alone.

| Outcome | The job becomes | The ticket becomes |
|---|---|---|
"""


def diagrams() -> None:
    """Print the life cycles of tickets and assignments (Markdown with Mermaid)."""
    sys.stdout.write(life_cycles_page())


def life_cycles_page() -> str:
    """Return docs/life-cycles.md."""
    active = ", ".join(ACTIVE)
    return "".join(
        (
            _HEAD,
            _life_cycle("Ticket", "A ticket begins as NEW.", TicketStatus, tickets.TRANSITIONS),
            _life_cycle(
                "Assignment",
                f"An assignment (a technician's job) begins as ASSIGNED. Active, at most one per ticket: {active}.",
                AssignmentStatus,
                assignments.TRANSITIONS,
            ),
            _OUTCOMES,
            *(
                f"| {outcome} | {status} | {TICKET_STATUS_AFTER.get(outcome, 'as the escalation decides')} |\n"
                for outcome, status in STATUS_OF_OUTCOME.items()
            ),
        )
    )


def _life_cycle(name: str, words: str, statuses: type[Status], transitions: Mapping[Status, Sequence[Status]]) -> str:
    lines = [f"\n## {name}\n\n{words}\n\n| From | To |\n|---|---|\n"]
    lines += [f"| {before} | {_listed(transitions[before])} |\n" for before in statuses]
    lines += ["\n```mermaid\nstateDiagram-v2\n", f"    [*] --> {next(iter(statuses))}\n"]
    for before in statuses:
        lines += [f"    {before} --> {after}\n" for after in transitions[before]]
        if not transitions[before]:
            lines.append(f"    {before} --> [*]\n")
    lines.append("```\n")
    return "".join(lines)


def _listed(statuses: Sequence[StrEnum]) -> str:
    return ", ".join(statuses) or "(ends)"
