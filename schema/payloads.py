"""What mutations answer: the rows as they are after the change, or why there was none."""

from datetime import datetime
from operator import itemgetter
from typing import Any
from uuid import UUID

import strawberry

from app.domain.erasures import Erased
from app.domain.impact import Impact as DomainImpact
from app.domain.locations import MOST_REFUSALS
from app.domain.privacy.register import REGISTER
from app.reads import entities
from app.reads.pages import placed, window
from app.reads.queues import QUEUE_ORDER
from app.services.change import RefusedItem
from app.services.perform import Written
from app.services.tickets.bulk_update_tickets import MOST_AT_ONCE
from resolvers.context import Operation
from resolvers.files import target_of
from resolvers.queues import queue_of
from schema.enums import DistanceSource, ErrorCode
from schema.erased import ErasedRows, Mentions, erased_of
from schema.errors import (
    AssignmentError,
    AttachmentError,
    BulkError,
    BulkItemError,
    CommentError,
    ErasureError,
    NoCandidateError,
    OkError,
    QueueError,
    SavedViewError,
    TicketError,
    error_of,
)
from schema.fields import ONE_ROW, After, First, Info
from schema.ids import global_id
from schema.scalars import EventCursor, JSONValue, WebAddress
from schema.types.assignments import Assignment
from schema.types.attachments import Attachment
from schema.types.comments import Comment
from schema.types.technicians import Technician, TechnicianQueue
from schema.types.tickets import Ticket
from schema.types.views import SavedView


@strawberry.interface(description="What every mutation answers.")
class MutationPayload:
    """What every mutation answers."""

    change_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Names this change in the log: a client drops events that bear it. Null: the log was left alone.",
    )
    event_cursor: EventCursor | None = strawberry.field(
        default=None, description="Where the log stood after this change. Null: the log was left alone."
    )


@strawberry.type(description="What mutations on tickets answer.")
class TicketPayload(MutationPayload):
    """What mutations on tickets answer."""

    ticket: Ticket | None = strawberry.field(default=None, description="The ticket; null: nothing was written.")
    no_candidate: NoCandidateError | None = strawberry.field(
        default=None,
        description="Why automatic dispatch found nobody, though the ticket was written; null: it was not asked for,"
        " found somebody, or this is the answer to a repeat.",
    )
    errors: list[TicketError] = strawberry.field(
        default_factory=list, description="Why nothing was written; empty: it was.", metadata=ONE_ROW
    )


@strawberry.type(description="What saving a view answers.")
class SavedViewPayload(MutationPayload):
    """What saving a view answers."""

    saved_view: SavedView | None = strawberry.field(default=None, description="The view; null: nothing was written.")
    errors: list[SavedViewError] = strawberry.field(
        default_factory=list, description="Why nothing was written; empty: it was.", metadata=ONE_ROW
    )


@strawberry.type(description="What giving a ticket to a technician brings about.")
class Impact:
    """What giving a ticket to a technician brings about."""

    technician: Technician | None = strawberry.field(
        description="Who gets the job; null: nobody, the ticket waits in the tier's queue."
    )
    tier_level: int = strawberry.field(description="At which tier.")
    accept_by: datetime | None = strawberry.field(description="Until when the offer would stand; null: without end.")
    active_jobs: int | None = strawberry.field(description="How many jobs the technician has besides.")
    distance_km: float | None = strawberry.field(description="How far the technician has to go; null: not known.")
    travel_minutes: int | None = strawberry.field(description="How long that takes; null: not known.")
    distance_source: DistanceSource | None = strawberry.field(description="Where the distance is known from.")
    travel_minutes_delta: int | None = strawberry.field(
        description="How much longer it takes than for the present technician; null: not known."
    )
    warnings: list[str] = strawberry.field(description="What is to be thought about, and what was overridden.")


@strawberry.type(description="What mutations on assignments answer.")
class AssignmentPayload(MutationPayload):
    """What mutations on assignments answer."""

    assignment: Assignment | None = strawberry.field(
        default=None, description="The job; null: nothing was written, or the ticket waits in a tier's queue."
    )
    previous_assignment: Assignment | None = strawberry.field(
        default=None, description="The job that ended so that this one could begin; null: none."
    )
    ticket: Ticket | None = strawberry.field(default=None, description="The ticket; null: nothing was written.")
    impact: Impact | None = strawberry.field(
        default=None,
        description="What giving the ticket to somebody brought about, or by dryRun would; null: nobody was given"
        " anything, or this is the answer to a repeat.",
    )
    errors: list[AssignmentError] = strawberry.field(
        default_factory=list, description="Why nothing was written; empty: it was.", metadata=ONE_ROW
    )


@strawberry.type(description="What mutations on queues answer.")
class QueuePayload(MutationPayload):
    """What mutations on queues answer."""

    technician: strawberry.Private[Any] = None
    errors: list[QueueError] = strawberry.field(
        default_factory=list, description="Why nothing was written; empty: it was.", metadata=ONE_ROW
    )

    @strawberry.field(description="The queue as it is now; null: nothing was written.")
    async def queue(self, info: Info, first: First = 50, after: After = None) -> TechnicianQueue | None:
        """Return a part of the queue. Raises Invalid."""
        asked = placed(QUEUE_ORDER, window(first, after, default=50))
        found: Any = None if self.technician is None else await queue_of(info.context, self.technician, asked)
        return found


@strawberry.type(description="What mutations on comments answer.")
class CommentPayload(MutationPayload):
    """What mutations on comments answer."""

    comment: Comment | None = strawberry.field(default=None, description="The comment; null: nothing was written.")
    ticket: Ticket | None = strawberry.field(default=None, description="Its ticket; null: nothing was written.")
    errors: list[CommentError] = strawberry.field(
        default_factory=list, description="Why nothing was written; empty: it was.", metadata=ONE_ROW
    )


@strawberry.type(description="What became of one of many tickets.")
class BulkResult:
    """What became of one of many tickets."""

    id: strawberry.ID = strawberry.field(description="Which ticket.")
    ok: bool = strawberry.field(description="It was changed, or is so already.")
    ticket: Ticket | None = strawberry.field(description="The ticket; null: it was left as it was.")
    errors: list[BulkItemError] = strawberry.field(
        description="Why it was left as it was; empty: it was not.", metadata=ONE_ROW
    )


@strawberry.type(description="What changing many tickets answers.")
class BulkPayload(MutationPayload):
    """What changing many tickets answers."""

    results: list[BulkResult] = strawberry.field(
        default_factory=list,
        description="What became of each, in the order in which they were named; empty: nothing was done.",
        metadata={"rows": MOST_AT_ONCE},
    )
    errors: list[BulkError] = strawberry.field(
        default_factory=list, description="Why nothing at all was done; empty: see results.", metadata=ONE_ROW
    )


@strawberry.type(description="Where to send the bytes of a file. Whoever has the address may send them, once.")
class UploadTarget:
    """Where to send the bytes of a file."""

    id: strawberry.ID = strawberry.field(
        description="What to call finalizeAttachment with once they are sent; the attachment gets this id."
    )
    url: WebAddress = strawberry.field(description="The address.")
    method: str = strawberry.field(description="The HTTP method: PUT.")
    headers: JSONValue = strawberry.field(description="An object of headers to send besides.")
    expires_at: datetime = strawberry.field(description="Until when.")


@strawberry.type(description="What mutations on attachments answer.")
class AttachmentPayload(MutationPayload):
    """What mutations on attachments answer."""

    attachment: Attachment | None = strawberry.field(
        default=None, description="The attachment; null: nothing was written, or its bytes have not been checked."
    )
    ticket: Ticket | None = strawberry.field(default=None, description="Its ticket; null as the attachment is.")
    upload: UploadTarget | None = strawberry.field(
        default=None, description="Where to send the bytes; null unless this was createAttachment."
    )
    errors: list[AttachmentError] = strawberry.field(
        default_factory=list, description="Why nothing was written; empty: it was.", metadata=ONE_ROW
    )


@strawberry.type(description="What mutations answer that have no row to show.")
class OkPayload(MutationPayload):
    """What mutations answer that have no row to show."""

    deleted_id: strawberry.ID | None = strawberry.field(
        default=None, description="What was deleted; null: nothing was."
    )
    errors: list[OkError] = strawberry.field(
        default_factory=list, description="Why nothing was done; empty: it was.", metadata={"rows": MOST_REFUSALS}
    )


@strawberry.type(description="What erasing somebody's data answers.")
class ErasurePayload(MutationPayload):
    """What erasing somebody's data answers."""

    erased: list[ErasedRows] | None = strawberry.field(
        default=None,
        description="What was erased, or by dryRun would be; null: nothing, or this is the answer to a repeat.",
        metadata={"rows": len(REGISTER)},
    )
    mentions: list[Mentions] | None = strawberry.field(
        default=None,
        description="Where others name them, by name or e-mail address, in words that stay; null: nothing was erased,"
        " or this is the answer to a repeat.",
        metadata={"rows": len(REGISTER)},
    )
    errors: list[ErasureError] = strawberry.field(
        default_factory=list, description="Why nothing was written; empty: it was, or would be.", metadata=ONE_ROW
    )


_ROWS = {
    "ticket": entities.TICKET,
    "assignment": entities.ASSIGNMENT,
    "previous_assignment": entities.ASSIGNMENT,
    "comment": entities.COMMENT,
    "attachment": entities.ATTACHMENT,
    "technician": entities.TECHNICIAN,
    "saved_view": entities.SAVED_VIEW,
    "appointment": entities.APPOINTMENT,
    "series": entities.APPOINTMENT_SERIES,
    "entry": entities.WAITLIST_ENTRY,
    "api_key": entities.API_KEY,
    "team": entities.TEAM,
    "skill": entities.SKILL,
    "territory": entities.TERRITORY,
    "facility": entities.FACILITY,
    "service_bay": entities.SERVICE_BAY,
    "customer": entities.CUSTOMER,
    "asset": entities.ASSET,
    "part": entities.PART,
    "organization": entities.ORGANIZATION,
    "business_calendar": entities.BUSINESS_CALENDAR,
    "sla_policy": entities.SLA_POLICY,
    "user": entities.USER,
    "shift": entities.SHIFT,
    "time_off": entities.TIME_OFF,
}
_DELETED = {
    "deleted_ticket": "Ticket",
    "deleted_comment": "Comment",
    "deleted_attachment": "Attachment",
    "deleted_view": "SavedView",
    "deleted_hold": "SlotHold",
    "deleted_team": "Team",
    "deleted_skill": "Skill",
    "deleted_territory": "Territory",
    "deleted_facility": "Facility",
    "deleted_service_bay": "ServiceBay",
    "deleted_customer": "Customer",
    "deleted_asset": "Asset",
    "deleted_part": "Part",
    "deleted_user": "User",
    "deleted_technician": "Technician",
    "deleted_shift": "Shift",
    "deleted_time_off": "TimeOff",
}


async def fields_of(operation: Operation, written: Written) -> dict[str, Any]:
    """Return a payload's fields for what was written, each row read as it is now."""
    fields = named(operation, written)
    for name, key in written.ids.items():
        if name == "hold":
            fields["hold"] = await operation.loaders.row(entities.SLOT_HOLD, key)
        elif name == "upload":
            fields["upload"] = await _target(operation, key)
        elif name in _DELETED:
            fields["deleted_id"] = global_id(_DELETED[name], key)
        else:
            fields[name] = await operation.loaders.row(_ROWS[name], key)
    if written.warnings:
        fields["warnings"] = list(written.warnings)
    if written.impact is not None:
        fields["impact"] = await impact_of(operation, written.impact)
    if written.erased is not None:
        fields |= erased_of(written.erased)
    if written.no_candidate is not None:
        fields["no_candidate"] = await error_of(operation, written.no_candidate)
    return fields


async def results_of(operation: Operation, written: Written) -> dict[str, Any]:
    """Return a payload's fields for many tickets of which each was changed, or not."""
    results = [
        (item.place, BulkResult(id=global_id("Ticket", key), ok=False, ticket=None, errors=[item_error(item)]))
        for key, item in written.refused.items()
    ]
    for name, key in written.ids.items():
        row: Any = await operation.loaders.row(entities.TICKET, key)
        place = int(name.removeprefix("ticket."))
        results.append((place, BulkResult(id=global_id("Ticket", key), ok=True, ticket=row, errors=[])))
    ordered = [result for _, result in sorted(results, key=itemgetter(0))]
    return {**named(operation, written), "results": ordered}


def named(operation: Operation, written: Written) -> dict[str, Any]:
    """Return the fields that name a change: its id, and where the log stood after it."""
    return {
        "change_id": global_id("Change", written.change_id),
        "event_cursor": EventCursor(operation.cursor(written.position)),
    }


def item_error(item: RefusedItem) -> BulkItemError:
    """Return why one of many was left as it was, as clients see it."""
    field = None if item.field is None else list(item.field)
    return BulkItemError(code=ErrorCode(item.code), message=item.message, field=field)


async def _target(operation: Operation, key: UUID) -> UploadTarget | None:
    target = await target_of(operation, key)
    if target is None:
        return None
    return UploadTarget(
        id=global_id("Attachment", key),
        url=WebAddress(target.url),
        method=target.method,
        headers=JSONValue(dict(target.headers)),
        expires_at=target.expires_at,
    )


async def rehearsed(operation: Operation, told: DomainImpact | Erased) -> dict[str, Any]:
    """Return a payload's fields for what a change would bring about."""
    if isinstance(told, Erased):
        return erased_of(told)
    return {"impact": await impact_of(operation, told)}


async def impact_of(operation: Operation, impact: DomainImpact) -> Impact:
    """Return an impact as clients see it."""
    who, way = impact.technician_id, impact.distance
    technician: Any = None if who is None else await operation.loaders.row(entities.TECHNICIAN, who)
    return Impact(
        technician=technician,
        tier_level=impact.tier_level,
        accept_by=impact.accept_by,
        active_jobs=impact.active_jobs,
        distance_km=None if way is None else way.km,
        travel_minutes=None if way is None else way.minutes,
        distance_source=None if way is None else way.source,
        travel_minutes_delta=impact.travel_minutes_delta,
        warnings=list(impact.warnings),
    )
