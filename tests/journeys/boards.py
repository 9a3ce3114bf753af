"""A dispatcher's board as a client keeps it: loaded once, and then changed by what the stream tells."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.journeys.operations import BOARD_FILTER
from tests.journeys.stage import key

_JOB = "id version status assignedAt technician { id } ticket { priority }"
_TICKET = "id version status priority createdAt currentAssignment { id }"

LOAD = f"""
query Load($filter: BoardFilter!) {{
  dispatchBoard(filter: $filter) {{
    rows {{ technician {{ id }} queue(first: 100) {{ totalCount items {{ assignment {{ {_JOB} }} }} }} }}
    hasMoreRows
    unassigned {{ {_TICKET} }}
    hasMoreUnassigned
    eventCursor
  }}
}}
"""

FOLLOW = f"""
subscription Follow($filter: BoardFilter!, $after: EventCursor) {{
  dispatchBoard(filter: $filter, after: $after) {{
    __typename
    ... on DomainEvent {{ id type changeId cursor }}
    ... on JobEvent {{ assignmentId assignmentVersion assignment {{ {_JOB} }} }}
    ... on TicketEvent {{ ticketId ticket {{ {_TICKET} }} }}
    ... on RemovedFromView {{ cursor id }}
    ... on StreamReady {{ cursor replayed }}
    ... on StreamReset {{ cursor why: reason }}
    ... on StreamHeartbeat {{ cursor }}
  }}
}}
"""

_ACTIVE = ("ASSIGNED", "ACCEPTED", "EN_ROUTE", "IN_PROGRESS", "PAUSED")
_UNDER_WAY = ("EN_ROUTE", "IN_PROGRESS", "PAUSED")
_ENDED = ("RESOLVED", "CLOSED", "CANCELLED")


def narrowed(**values: Any) -> dict[str, Any]:
    """Return a board's filter."""
    return {**BOARD_FILTER, **values}


@dataclass(slots=True)
class KeptBoard:
    """Rows by their ids, each as new as the client has heard; what is gone is forgotten."""

    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    tickets: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def loaded(cls, told: Mapping[str, Any]) -> "KeptBoard":
        """Return the board as a query tells it, which must be the whole of it."""
        assert (told["hasMoreRows"], told["hasMoreUnassigned"]) == (False, False)
        board = cls({}, {ticket["id"]: ticket for ticket in told["unassigned"]})
        for row in told["rows"]:
            items = [item["assignment"] for item in row["queue"]["items"]]
            assert row["queue"]["totalCount"] == len(items)
            assert {job["technician"]["id"] for job in items} <= {row["technician"]["id"]}
            board.jobs.update((job["id"], job) for job in items)
        return board

    def apply(self, message: Mapping[str, Any]) -> None:
        """Change the board as a message says: newer rows replace older ones, what left the board goes."""
        match message["__typename"]:
            case "JobEvent":
                _renew(self.jobs, message["assignmentId"], message["assignment"])
            case "TicketEvent":
                _renew(self.tickets, message["ticketId"], message["ticket"])
            case "RemovedFromView":
                self.jobs.pop(message["id"], None)
                self.tickets.pop(message["id"], None)

    def shown(self) -> dict[str, Any]:
        """Return what a dispatcher looks at: each lane's jobs and the unassigned tickets, in order."""
        lanes: dict[str, list[dict[str, Any]]] = {}
        for job in sorted(self.jobs.values(), key=_place_in_queue):
            if job["status"] in _ACTIVE:
                lanes.setdefault(job["technician"]["id"], []).append(job)
        waiting = [
            ticket
            for ticket in self.tickets.values()
            if ticket["status"] not in _ENDED and ticket["currentAssignment"] is None
        ]
        waiting.sort(key=lambda ticket: (ticket["priority"], ticket["createdAt"], key(ticket["id"])))
        return {"lanes": lanes, "unassigned": waiting}


def shown(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same of a board as a query tells it, in the order in which it tells it."""
    lanes = {row["technician"]["id"]: [each["assignment"] for each in row["queue"]["items"]] for row in told["rows"]}
    return {"lanes": {technician: jobs for technician, jobs in lanes.items() if jobs}, "unassigned": told["unassigned"]}


def _place_in_queue(job: Mapping[str, Any]) -> tuple[Any, ...]:
    return (job["status"] not in _UNDER_WAY, job["ticket"]["priority"], job["assignedAt"], key(job["id"]))


def _renew(rows: dict[str, dict[str, Any]], id_: str, row: dict[str, Any] | None) -> None:
    if row is None:
        rows.pop(id_, None)
    elif id_ not in rows or row["version"] > rows[id_]["version"]:
        rows[id_] = row
