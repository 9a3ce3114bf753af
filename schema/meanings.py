"""What the longest lists of words mean, such as kinds of events and codes of refusals."""

from collections.abc import Mapping
from types import MappingProxyType

EVENTS: Mapping[str, str] = MappingProxyType(
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
        "WAITLIST_PAUSED": "Somebody waits without being asked, as their customer is active no longer.",
        "WAITLIST_RESUMED": "Somebody is asked again, as their customer is active again.",
        "WAITLIST_WITHDRAWN": "An offer was taken back, as its technician or bay is active no longer; they wait on.",
        "PARTS_ORDER_REQUESTED": "Work that was booked needs parts that are not in stock.",
        "DISPATCH_FAILED": "Nobody could be found for a ticket.",
        "PERSONAL_DATA_ERASED": "What was kept of a user or a customer was erased; earlier events have lost it too.",
        "RECORD_CHANGED": "Something else changed: people, stock, settings.",
        "TECHNICIAN_AVAILABILITY_CHANGED": "A technician is away for a while, or back, as they or a dispatcher say.",
    }
)
REFUSALS: Mapping[str, str] = MappingProxyType(
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
        "STILL_RUNNING": "Something of theirs is not over yet; the message says what.",
        "IN_USE": "Something else uses what was to be deleted.",
    }
)

KEY_SCOPES: Mapping[str, str] = MappingProxyType(
    {
        "READ": "Ask and follow everything that the user may see.",
        "EXPORT": "Take tickets away as a table.",
        "WRITE_TICKETS": "Create, import, change, close and delete tickets, and what is said on and attached to them.",
        "DISPATCH": "Assign tickets, pass them on, and put queues in order.",
        "WORK_JOBS": "Do the jobs of the user, if they are a technician, and say where they are.",
        "BOOK": "Look for times, hold, book, move and cancel them.",
        "INGEST_ALERTS": "Tell of alerts, which may become tickets and appointments.",
        "ADMINISTER": "Keep settings, people and stock in order; roles, keys and sessions excepted.",
        "BEGIN": "Make one API key, once: for the tokens that the command line gives.",
    }
)
AVAILABILITIES: Mapping[str, str] = MappingProxyType(
    {
        "AVAILABLE": "At work and free.",
        "BUSY": "At work on a job, or busy as they say.",
        "ON_BREAK": "In a break of their shift, or resting as they say.",
        "OFF_SHIFT": "In no shift, or gone early as they say.",
        "TIME_OFF": "In time off.",
        "ON_CALL": "There for critical work only.",
    }
)
WEEKDAYS: Mapping[str, str] = MappingProxyType(
    {
        "MON": "Monday.",
        "TUE": "Tuesday.",
        "WED": "Wednesday.",
        "THU": "Thursday.",
        "FRI": "Friday.",
        "SAT": "Saturday.",
        "SUN": "Sunday.",
    }
)
AUTO_BOOKINGS: Mapping[str, str] = MappingProxyType(
    {
        "LOW": "Any alert is.",
        "MEDIUM": "From MEDIUM on.",
        "HIGH": "From HIGH on.",
        "CRITICAL": "Critical ones alone are.",
        "NEVER": "None is.",
    }
)
