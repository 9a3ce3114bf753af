"""The dispatch board: a lane for each technician, and what nobody has."""

from typing import Any

import strawberry

from app.domain.board import MOST_AT_RISK, MOST_LANES, MOST_UNASSIGNED
from app.reads import questions
from app.reads.pages import placed, window
from app.reads.questions import QueueOfLane
from app.reads.queues import QUEUE_ORDER
from resolvers import boards
from schema.enums import ConstraintKind
from schema.fields import After, First, Info, asked, asks
from schema.scalars import EventCursor
from schema.types.appointments import Appointment
from schema.types.schedules import JUDGED, USUAL_ENTRIES, ScheduleEntry
from schema.types.technicians import Technician, TechnicianQueue
from schema.types.tickets import Ticket


@strawberry.type(description="What does not fit among a technician's appointments.")
class BoardConflict:
    """What does not fit among a technician's appointments."""

    kind: ConstraintKind = strawberry.field(description="What stands against it: OVERLAP, BUFFER, TIME_OFF or SHIFT.")
    message: str = strawberry.field(description="The same in words.")
    appointments: list[Appointment] = strawberry.field(description="Which: one, or two.", metadata={"rows": 2})


@strawberry.type(description="A technician's lane on a dispatch board.")
class BoardRow:
    """A technician's lane."""

    technician: Technician = strawberry.field(description="Whose lane it is.")

    @asked("Their active jobs that are on the board, in the order in which they are to be done, and counted alone.")
    def queue(self, first: First = 20, after: After = None) -> TechnicianQueue:
        """Ask for a part of the lane's queue. Raises Invalid."""
        question: Any = QueueOfLane(placed(QUEUE_ORDER, window(first, after)))
        return question

    @strawberry.field(
        description="What fills their time within the board's from and to, at most 92 days: shifts, time off and"
        " appointments but for those that were called off, by where they begin.",
        metadata={"ordinary": "it is of several kinds", "rows": USUAL_ENTRIES},
    )
    async def entries(self, root: strawberry.Parent[Any], info: Info) -> list[ScheduleEntry]:
        """Return what fills their time. Raises Invalid."""
        found: Any = await boards.entries_of(info.context, root)
        return found

    @strawberry.field(
        description="What does not fit among their open appointments within the board's from and to: two that overlap"
        " or have less than the buffer between them, and what lies in time off or outside of working hours. Booking"
        " lets none of it happen; hours, settings and rows that changed later can.",
        metadata={"ordinary": JUDGED, "rows": 5},
    )
    async def conflicts(self, root: strawberry.Parent[Any], info: Info) -> list[BoardConflict]:
        """Return what does not fit. Raises Invalid."""
        return [
            BoardConflict(kind=each.kind, message=each.message, appointments=list(each.agreed))
            for each in await boards.conflicts_of(info.context, root)
        ]


@strawberry.type(
    description="A dispatch board as it stood at one moment. The subscription of the same filter, after its cursor,"
    " tells all that becomes of it."
)
class DispatchBoard:
    """A dispatch board as it stood at one moment."""

    rows: list[BoardRow] = strawberry.field(
        description=f"A lane for each technician who can be given jobs there or has one, longest known first, at most"
        f" {MOST_LANES}.",
        metadata={"rows": MOST_LANES},
    )
    has_more_rows: bool = strawberry.field(
        description="There are more lanes than rows shows: narrow the board by team, territory or technician."
    )
    unassigned: list[Ticket] = strawberry.field(
        description="Tickets neither resolved, closed nor cancelled that nobody has, most urgent first, then longest"
        f" known, at most {MOST_UNASSIGNED}.",
        metadata={"rows": MOST_UNASSIGNED},
    )
    has_more_unassigned: bool = strawberry.field(
        description="There are more such tickets than unassigned shows: narrow the board by territory, or page tickets."
    )
    at_risk: list[Ticket] = strawberry.field(
        description=f"Tickets on the board whose clocks warn or are breached, first due first, at most {MOST_AT_RISK}.",
        metadata={"rows": MOST_AT_RISK},
    )
    has_more_at_risk: bool = strawberry.field(
        description="There are more such tickets than atRisk shows: narrow the board, or page tickets by slaState."
    )
    event_cursor: EventCursor = asks(questions.Head(), "Where the event log stood; subscribe after it to miss nothing.")
