"""The domain's words as GraphQL enums: the words stay in the domain, their descriptions stand here."""

from collections.abc import Mapping
from enum import StrEnum

import strawberry

from app.domain.appointments import AppointmentStatus, AppointmentType, LocationMode, ScheduleLock, Urgency
from app.domain.assignments import (
    AssignmentOutcome,
    AssignmentReason,
    AssignmentStatus,
    AssignmentType,
    DistanceSource,
)
from app.domain.events import EventType
from app.domain.files import ScanState
from app.domain.people import EventSource, Role
from app.domain.places import AssetKind, CustomerTier
from app.domain.refusals import ConstraintKind, ErrorCode
from app.domain.sla import SlaMetric, SlaState
from app.domain.tickets import Environment, TicketCategory, TicketPriority, TicketStatus
from app.domain.waitlist import WaitlistStatus
from app.live.replay import ResetReason
from app.services.appointments.scopes import SeriesScope


class OrderDirection(StrEnum):
    """Which way a list runs."""

    ASC = "ASC"
    DESC = "DESC"


class TicketOrderField(StrEnum):
    """What tickets can be ordered by."""

    CREATED_AT = "CREATED_AT"
    UPDATED_AT = "UPDATED_AT"
    PRIORITY = "PRIORITY"
    STATUS = "STATUS"
    SLA_DUE_AT = "SLA_DUE_AT"


class AssignmentOrderField(StrEnum):
    """What assignments can be ordered by."""

    ASSIGNED_AT = "ASSIGNED_AT"
    SEQUENCE = "SEQUENCE"
    STATUS = "STATUS"


def _described(words: type[StrEnum], description: str, meanings: Mapping[str, str], name: str | None = None) -> None:
    strawberry.enum(words, name=name, description=description)
    for value in words.__strawberry_definition__.values:  # type: ignore[attr-defined]  # set by the line above
        value.description = meanings[value.name]


_described(
    Role,
    "What a user may be.",
    {
        "END_USER": "A customer's person: sees and changes their own tickets.",
        "TECHNICIAN": "Works on jobs.",
        "SENIOR_TECHNICIAN": "Works on jobs and assigns within the team.",
        "DISPATCHER": "Sees everything and assigns anyone.",
        "TEAM_LEAD": "Leads technicians; assigns anyone and closes any ticket.",
        "MANAGER": "Manages settings, people and stock besides.",
        "ADMIN": "May do everything, deleting and roles included.",
    },
)
_described(
    TicketStatus,
    "Where a ticket stands, in life-cycle order.",
    {
        "NEW": "Just come in.",
        "OPEN": "Waits for somebody to be assigned.",
        "ASSIGNED": "Has an active assignment that has not begun.",
        "IN_PROGRESS": "Is being worked on.",
        "PENDING_INFO": "Waits for the customer.",
        "PENDING_PARTS": "Waits for parts.",
        "ESCALATED": "Waits, unassigned, in a higher tier's queue.",
        "RESOLVED": "The work is done; the ticket can be closed or reopened.",
        "CLOSED": "Is over.",
        "REOPENED": "Came back after it was resolved or closed.",
        "CANCELLED": "Will not be done.",
    },
)
_described(
    TicketPriority,
    "How urgent a ticket is, most urgent first.",
    {"P1": "Critical.", "P2": "High.", "P3": "Medium.", "P4": "Low."},
)
_described(
    TicketCategory,
    "What kind of work a ticket asks for.",
    {
        "INCIDENT": "Something has failed.",
        "SERVICE_REQUEST": "Something ordinary is wanted.",
        "CHANGE_REQUEST": "Something is to be changed.",
        "PROBLEM": "The cause of several incidents.",
        "MAINTENANCE": "Planned upkeep.",
        "INSTALLATION": "Something new is to be put in.",
        "INSPECTION": "Something is to be looked over.",
    },
)
_described(
    Environment,
    "Which of the customer's environments is concerned.",
    {
        "PRODUCTION": "What the customer's work depends on.",
        "STAGING": "What is tried before production.",
        "DEVELOPMENT": "What is being built.",
        "OTHER": "None of these.",
    },
)
_described(
    AssignmentStatus,
    "Where a job stands, in life-cycle order; ASSIGNED to PAUSED are the active ones.",
    {
        "ASSIGNED": "Offered to the technician.",
        "ACCEPTED": "Taken on.",
        "EN_ROUTE": "The technician is on the way.",
        "IN_PROGRESS": "The technician is at work.",
        "PAUSED": "Work has begun and rests.",
        "COMPLETED": "Ended with success.",
        "FAILED": "Ended without success; the outcome says why.",
        "REJECTED": "Handed back by the technician before travelling.",
        "ESCALATED": "Passed to a higher tier.",
        "REASSIGNED": "Given to another technician.",
        "CANCELLED": "Called off.",
    },
)
_described(
    AssignmentOutcome,
    "What came of a job.",
    {
        "SUCCESS": "The work is done; the ticket is resolved.",
        "FAILED": "The work could not be done; the ticket is open again.",
        "ESCALATED": "A higher tier took over; reached by escalateTicket only.",
        "PARTS_REQUIRED": "Parts are missing; the ticket waits for them.",
        "CUSTOMER_UNAVAILABLE": "Nobody was there; the ticket waits for the customer.",
    },
)
_described(
    AssignmentType,
    "Who chose the technician.",
    {"MANUAL": "Somebody assigned them.", "AUTO": "The server chose.", "SELF": "They took it themselves."},
)
_described(
    AssignmentReason,
    "Why a job came to be.",
    {
        "INITIAL": "The first turn at the ticket.",
        "ESCALATION": "The ticket climbed a tier.",
        "REASSIGNMENT": "It was given to another technician.",
        "REJECTION_FOLLOW_UP": "The turn before was rejected.",
        "REOPEN": "The ticket was reopened.",
        "AUTO_DISPATCH": "Automatic dispatch chose it.",
        "ALERT": "A monitoring alert made it.",
    },
)
_described(
    DistanceSource,
    "Where a distance is known from.",
    {
        "ROAD": "A routing service.",
        "GREAT_CIRCLE": "An estimate by great circle, rather too long than too short.",
        "CACHED_ROAD": "A routing service, some time ago.",
    },
)
_described(
    CustomerTier,
    "How a customer is ranked when places are scarce.",
    {"STANDARD": "In turn.", "PREMIUM": "Before STANDARD.", "FLEET": "With PREMIUM; has many assets."},
)
_described(
    AssetKind,
    "What sort of thing is looked after.",
    {"VEHICLE": "It drives.", "EQUIPMENT": "It stands.", "SYSTEM": "It is software, or a whole."},
)
_described(
    EventSource,
    "Where a change came from.",
    {
        "WEB": "The web front end.",
        "MOBILE": "The mobile client.",
        "API": "Any other client.",
        "SYSTEM": "The server itself.",
        "INTEGRATION": "A connected system.",
    },
)
_described(
    EventType,
    "What happened.",
    {
        "TICKET_CREATED": "A ticket came in.",
        "TICKET_UPDATED": "A ticket's fields were changed.",
        "TICKET_STATUS_CHANGED": "A ticket moved in its life cycle.",
        "TICKET_PRIORITY_CHANGED": "A ticket became more or less urgent.",
        "TICKET_ESCALATED": "A ticket climbed a tier.",
        "TICKET_RESOLVED": "A ticket's work is done.",
        "TICKET_CLOSED": "A ticket was closed.",
        "TICKET_REOPENED": "A ticket was brought back.",
        "TICKET_DELETED": "A ticket was deleted.",
        "COMMENT_ADDED": "Somebody said something on a ticket.",
        "COMMENT_UPDATED": "Somebody changed what they had said.",
        "COMMENT_DELETED": "Something that was said was taken back.",
        "ATTACHMENT_ADDED": "A ticket got a file.",
        "ATTACHMENT_SCANNED": "A file was looked at for malware.",
        "ATTACHMENT_DELETED": "A ticket lost a file.",
        "JOB_ASSIGNED": "A technician was offered a job.",
        "JOB_ACCEPTED": "A technician took a job on.",
        "JOB_REJECTED": "A technician handed a job back.",
        "JOB_EN_ROUTE": "A technician set out.",
        "JOB_ARRIVED": "A technician is there.",
        "JOB_STARTED": "Work began.",
        "JOB_PAUSED": "Work rests.",
        "JOB_RESUMED": "Work goes on.",
        "JOB_COMPLETED": "A job ended with success.",
        "JOB_FAILED": "A job ended without success.",
        "JOB_ESCALATED": "A job was passed to a higher tier.",
        "JOB_REASSIGNED": "A job was given to another technician.",
        "JOB_CANCELLED": "A job was called off.",
        "JOB_OFFER_EXPIRED": "A technician did not take a job on in time.",
        "JOB_RATED": "The requester said how well a job was done.",
        "QUEUE_REORDERED": "Somebody put a technician's queue into another order.",
        "SLA_STARTED": "A clock of a ticket began to run.",
        "SLA_PAUSED": "A clock stands, because the ticket waits.",
        "SLA_RESUMED": "A clock runs again, and is due later.",
        "SLA_WARNING": "A clock has used up so much of its time that somebody should look.",
        "SLA_BREACHED": "A clock has used up its time.",
        "SLA_MET": "What a clock measured was done, in time or late.",
        "DUE_DATE_CHANGED": "A clock gave way to another one, or to none: the ticket is due at another time.",
        "SLOT_HELD": "A slot was held for somebody who has not decided yet.",
        "SLOT_RELEASED": "A held slot was given back, or its time ran out.",
        "APPOINTMENT_SCHEDULED": "A time was agreed.",
        "APPOINTMENT_RESCHEDULED": "An appointment got another time, technician or bay.",
        "APPOINTMENT_CANCELLED": "An appointment was called off.",
        "APPOINTMENT_REMINDER": "It was time to remind of an appointment.",
        "APPOINTMENT_CONFIRMED": "Somebody confirmed that the appointment suits.",
        "APPOINTMENT_LOCKED": "It was said what of an appointment may not be changed.",
        "APPOINTMENT_STARTED": "The work of an appointment began.",
        "APPOINTMENT_COMPLETED": "The work of an appointment is done.",
        "APPOINTMENT_NO_SHOW": "The customer was not there.",
        "WAITLIST_JOINED": "Somebody began to wait for a time.",
        "WAITLIST_OFFERED": "A slot that became free was held for somebody who waits.",
        "WAITLIST_BOOKED": "Somebody who waited has got a time.",
        "WAITLIST_EXPIRED": "An offer was declined or ran out, or the wait came to its end.",
        "WAITLIST_LEFT": "Somebody waits no longer.",
        "PARTS_ORDER_REQUESTED": "Work that was booked needs parts that are not in stock.",
        "DISPATCH_FAILED": "Nobody could be found for a ticket.",
        "RECORD_CHANGED": "Something else changed: people, stock, settings.",
    },
)
_described(
    SlaMetric,
    "What a clock of a ticket measures.",
    {
        "FIRST_RESPONSE": "Until somebody takes the job on, begins it, or says something the customer can read.",
        "RESOLUTION": "Until the ticket is resolved.",
    },
)
_described(
    SlaState,
    "How it stands with a clock, or with the worst of a ticket's open ones.",
    {
        "RUNNING": "It runs.",
        "PAUSED": "It stands, because the ticket waits for somebody else.",
        "AT_RISK": "A warning was given.",
        "BREACHED": "The time is over, and it is not done.",
        "MET": "It was done in time.",
        "MET_LATE": "It was done, but late.",
        "CANCELLED": "Nothing is owed any more.",
    },
)
_described(
    ScanState,
    "What is known of malware in a file.",
    {
        "PENDING": "It has not been looked at yet.",
        "CLEAN": "None was found.",
        "INFECTED": "Some was found; nobody can download it.",
        "FAILED": "It could not be looked at; that is tried again.",
        "SKIPPED": "Nobody looks at files here.",
    },
)
_described(
    ErrorCode,
    "The machine-readable name of a refusal.",
    {
        "NOT_FOUND": "There is no such thing, or the viewer may not know of it.",
        "FORBIDDEN": "The viewer may see the thing but not do this to it.",
        "VALIDATION_FAILED": "A value of the input is wrong; the message says what would be right.",
        "STALE_VERSION": "The row has changed since the client read it.",
        "INVALID_TRANSITION": "The life cycle has no such step.",
        "NOT_ELIGIBLE": "The technician may not get this ticket.",
        "ALREADY_ASSIGNED": "The ticket has an active assignment.",
        "NO_ACTIVE_ASSIGNMENT": "The ticket has no active assignment to act on.",
        "NO_CANDIDATE": "Nobody is eligible for the ticket.",
        "TOP_TIER_REACHED": "There is no tier above.",
        "REOPEN_WINDOW_CLOSED": "The ticket was closed too long ago to be brought back.",
        "IDEMPOTENCY_MISMATCH": "The key was used before with another input.",
        "IDEMPOTENCY_IN_PROGRESS": "The first request with this key has not finished.",
        "CLOCK_SKEW": "The client's clock cannot be right.",
        "FILE_REJECTED": "The file is not taken; the message says why.",
        "SLOT_TAKEN": "Somebody else has got the slot.",
        "HOLD_EXPIRED": "The slot is not held any more.",
        "CANCELLATION_FEE_REQUIRED": "It is too late to cancel free of charge, and nobody has accepted the fee.",
        "DEPENDENCY_UNAVAILABLE": "Something that is needed for this does not work now; try again later.",
    },
)
_described(
    ConstraintKind,
    "What stands against a technician.",
    {
        "INACTIVE": "The technician or their user is not active.",
        "TIER": "The technician works at another tier.",
        "SKILL": "A required skill is missing or too low.",
        "CERTIFICATE_EXPIRED": "The certificate for a required skill has ended.",
        "TERRITORY": "The technician works in other territories than the ticket's.",
        "SHIFT": "The technician is not on shift.",
        "TIME_OFF": "The technician has time off.",
        "MAX_PER_DAY": "The technician has as many jobs today as they may.",
        "PREVIOUSLY_REJECTED": "The technician has rejected this ticket before, or let its offer expire.",
        "PARTS": "A part that the work cannot begin without is not there in time.",
        "CUSTOMER_WINDOW": "The technician has no time when it suits the customer.",
        "OVERLAP": "The technician has something else to do.",
        "BUFFER": "Too little time is left between two appointments.",
        "TRAVEL": "The way from or to the neighbouring appointment takes too long.",
        "BAY": "No service bay that is equipped for the work is free.",
    },
)
_described(
    ResetReason,
    "Why a stream does not go on from where its reader was.",
    {
        "CURSOR_EXPIRED": "The cursor is older than what can be replayed.",
        "CURSOR_UNKNOWN": "The cursor is none that this log gave out.",
        "LAGGED": "The reader fell more than 256 messages behind.",
        "PERMISSIONS_CHANGED": "The viewer's roles have changed.",
    },
    name="StreamResetReason",
)
_described(
    AppointmentType,
    "What sort of service is to be done.",
    {
        "ROUTINE_MAINTENANCE": "What comes again: 1 to 2 hours as a rule.",
        "DIAGNOSTIC": "Finding out what is wrong: 2 to 3 hours as a rule.",
        "COMPONENT_REPAIR": "Mending or replacing something: 3 to 5 hours as a rule.",
        "EMERGENCY": "What cannot wait: the next slot, 1 to 2 hours as a rule.",
    },
)
_described(
    AppointmentStatus,
    "Where an appointment stands.",
    {
        "SCHEDULED": "The time is agreed.",
        "CONFIRMED": "Somebody confirmed that it suits.",
        "IN_PROGRESS": "The work has begun.",
        "COMPLETED": "The work is done.",
        "NO_SHOW": "The customer was not there.",
        "CANCELLED": "It was called off.",
    },
)
_described(
    LocationMode,
    "Where the work is done.",
    {"ON_SITE": "At the customer's.", "AT_FACILITY": "In a service bay of a facility."},
)
_described(
    Urgency,
    "How soon it matters.",
    {"LOW": "Any time will do.", "MEDIUM": "Soon.", "HIGH": "Very soon.", "CRITICAL": "At once."},
)
_described(
    ScheduleLock,
    "What of an appointment may not be changed by planning.",
    {
        "NONE": "Everything may.",
        "TIME": "Its time stands.",
        "RESOURCE": "Its technician and bay stand.",
        "RESOURCE_AND_TIME": "Its time, technician and bay stand.",
    },
)
_described(
    SeriesScope,
    "What of a series is meant.",
    {
        "THIS": "This appointment alone.",
        "THIS_AND_FOLLOWING": "It and those that come after it.",
        "ALL": "All that are ahead.",
    },
)
_described(
    WaitlistStatus,
    "Where somebody who waits stands.",
    {
        "WAITING": "Nothing that suits has become free.",
        "OFFERED": "A slot is held for them.",
        "BOOKED": "They have got a time.",
        "EXPIRED": "Nothing was found in time.",
        "CANCELLED": "They wait no longer.",
    },
)
_described(OrderDirection, "Which way a list runs.", {"ASC": "Lowest first.", "DESC": "Highest first."})
_described(
    TicketOrderField,
    "What tickets can be ordered by.",
    {
        "CREATED_AT": "When they came in.",
        "UPDATED_AT": "When they last changed.",
        "PRIORITY": "How urgent they are; ascending is P1 first.",
        "STATUS": "Where they stand in the life cycle.",
        "SLA_DUE_AT": "When the first of their open clocks is due; those without come last.",
    },
)
_described(
    AssignmentOrderField,
    "What assignments can be ordered by.",
    {
        "ASSIGNED_AT": "When they were made.",
        "SEQUENCE": "Which turn at their ticket they are.",
        "STATUS": "Where they stand in the life cycle.",
    },
)

__all__ = [
    "AppointmentStatus",
    "AppointmentType",
    "AssetKind",
    "AssignmentOrderField",
    "AssignmentOutcome",
    "AssignmentReason",
    "AssignmentStatus",
    "AssignmentType",
    "ConstraintKind",
    "CustomerTier",
    "DistanceSource",
    "Environment",
    "ErrorCode",
    "EventSource",
    "EventType",
    "LocationMode",
    "OrderDirection",
    "ResetReason",
    "Role",
    "ScheduleLock",
    "SeriesScope",
    "SlaMetric",
    "SlaState",
    "TicketCategory",
    "TicketOrderField",
    "TicketPriority",
    "TicketStatus",
    "Urgency",
    "WaitlistStatus",
]
