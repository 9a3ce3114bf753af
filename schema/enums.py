"""The domain's words as GraphQL enums: the words stay in the domain, their descriptions stand here."""

from enum import StrEnum

from app.domain.appointments import AppointmentStatus, AppointmentType, AutoBooking, LocationMode, ScheduleLock, Urgency
from app.domain.assignments import (
    AssignmentOutcome,
    AssignmentReason,
    AssignmentStatus,
    AssignmentType,
    DistanceSource,
)
from app.domain.availability import Availability
from app.domain.events import EventType
from app.domain.files import ScanState
from app.domain.people import ApiKeyScope, EventSource, Role
from app.domain.places import AssetKind, CustomerTier
from app.domain.refusals import ConstraintKind, ErrorCode
from app.domain.rosters import Weekday
from app.domain.sla import SlaMetric, SlaState
from app.domain.tickets import Environment, TicketCategory, TicketPriority, TicketStatus
from app.domain.waitlist import WaitlistStatus
from app.live.replay import ResetReason
from app.planning.slots.answer import SolverStatus
from app.services.appointments.scopes import SeriesScope
from schema.describing import described as _described
from schema.meanings import AUTO_BOOKINGS, AVAILABILITIES, EVENTS, KEY_SCOPES, REFUSALS, WEEKDAYS


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
    ApiKeyScope,
    "What an API key opens, of all that the user it acts as may. Without READ or EXPORT no row is shown: what a"
    " mutation answers has its changeId and errors, and its rows are null.",
    KEY_SCOPES,
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
_described(EventType, "What happened.", EVENTS)
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
_described(ErrorCode, "The machine-readable name of a refusal.", REFUSALS)
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
_described(AutoBooking, "From which severity on an alert is booked without anybody being asked.", AUTO_BOOKINGS)
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
    SolverStatus,
    "What can be said of an answer.",
    {
        "OPTIMAL": "It is the best there is.",
        "FEASIBLE": "It is good; whether there is a better one is not known.",
        "INFEASIBLE": "There is none.",
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
_described(Availability, "What a technician is at a moment.", AVAILABILITIES)
_described(Weekday, "A day of the week.", WEEKDAYS)
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
    "ApiKeyScope",
    "AppointmentStatus",
    "AppointmentType",
    "AssetKind",
    "AssignmentOrderField",
    "AssignmentOutcome",
    "AssignmentReason",
    "AssignmentStatus",
    "AssignmentType",
    "AutoBooking",
    "Availability",
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
    "SolverStatus",
    "TicketCategory",
    "TicketOrderField",
    "TicketPriority",
    "TicketStatus",
    "Urgency",
    "WaitlistStatus",
    "Weekday",
]
