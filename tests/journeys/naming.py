"""Every mutation, and every place in its input where an id of another organisation can stand."""

from datetime import timedelta
from typing import Any

from app.clock import now
from tests.journeys.files import NEW_FILE

NEW_TICKET: dict[str, Any] = {"title": "T", "description": "D", "category": "INCIDENT", "priority": "P1"}
WAIT = {
    "appointmentType": "DIAGNOSTIC",
    "windows": [{"start": "2100-01-01T00:00:00Z", "end": "2100-01-02T00:00:00Z"}],
}
OPENING = {"weekday": "MON", "opens": "09:00", "closes": "24:00"}
TARGETS = [{"priority": each, "responseMinutes": 60, "resolutionMinutes": 480} for each in ("P1", "P2", "P3", "P4")]
# Before everybody's horizon has passed on.
_SOON = now().date() + timedelta(days=30)
HOURS = {"startsAt": f"{_SOON}T08:00:00Z", "endsAt": f"{_SOON}T16:00:00Z"}
WEEK = {
    "from": f"{_SOON}",
    "to": f"{_SOON + timedelta(days=30)}",
    "weekly": [{"weekday": "MON", "start": "08:00", "end": "16:00"}],
}

KEPT = (
    *("Team", "Skill", "User", "Technician", "Shift", "TimeOff", "Territory", "Facility", "ServiceBay"),
    *("Customer", "Asset", "Part"),
)
# They name nothing that could be of another organisation.
NAMELESS = {
    "createTeam",
    "createSkill",
    "createTerritory",
    "updateOrganization",
    "updateOrganizationSettings",
    "saveBusinessCalendar",
    "createPart",
}
# A mutation, its input, and the path to the id; *Kind stands for an id of the other organisation.
MUTATIONS_BY_ID: list[tuple[str, dict[str, Any], list[str]]] = [
    ("assignTicket", {"ticketId": "*Ticket", "technicianId": "ann"}, ["ticketId"]),
    ("assignTicket", {"ticketId": "own", "technicianId": "*Technician"}, ["technicianId"]),
    ("escalateTicket", {"ticketId": "*Ticket", "reason": "Up."}, ["ticketId"]),
    (
        "escalateTicket",
        {"ticketId": "assigned", "reason": "Up.", "nextTechnicianId": "*Technician"},
        ["nextTechnicianId"],
    ),
    *(
        (step, {"assignmentId": "*Assignment"}, ["assignmentId"])
        for step in ("acceptAssignment", "startTravel", "recordArrival", "startWork", "pauseWork", "resumeWork")
    ),
    (
        "reassignTicket",
        {"assignmentId": "*Assignment", "technicianId": "ann", "reasonNote": "Nearer."},
        ["assignmentId"],
    ),
    ("reassignTicket", {"assignmentId": "job", "technicianId": "*Technician", "reasonNote": "No."}, ["technicianId"]),
    ("cancelAssignment", {"assignmentId": "*Assignment", "reason": "No."}, ["assignmentId"]),
    ("rateAssignment", {"assignmentId": "*Assignment", "rating": 5}, ["assignmentId"]),
    (
        "reorderQueue",
        {"technicianId": "*Technician", "orderedAssignmentIds": [], "expectedVersion": 0},
        ["technicianId"],
    ),
    ("pinAssignment", {"assignmentId": "*Assignment", "position": 1, "expectedVersion": 0}, ["assignmentId"]),
    ("rejectAssignment", {"assignmentId": "*Assignment", "rejectionReason": "No."}, ["assignmentId"]),
    (
        "completeAssignment",
        {"assignmentId": "*Assignment", "outcome": "SUCCESS", "timeSpentHours": 1},
        ["assignmentId"],
    ),
    ("addComment", {"ticketId": "*Ticket", "body": "Hello."}, ["ticketId"]),
    ("updateComment", {"id": "*Comment", "body": "Hello.", "expectedVersion": 1}, ["id"]),
    ("deleteComment", {"id": "*Comment"}, ["id"]),
    ("updateTicket", {"id": "*Ticket", "expectedVersion": 1, "title": "Mine"}, ["id"]),
    ("updateTicket", {"id": "own", "expectedVersion": 1, "customerId": "*Customer"}, ["customerId"]),
    ("updateTicket", {"id": "own", "expectedVersion": 1, "assetId": "*Asset"}, ["assetId"]),
    ("updateTicket", {"id": "own", "expectedVersion": 1, "territoryId": "*Territory"}, ["territoryId"]),
    (
        "updateTicket",
        {"id": "own", "expectedVersion": 1, "requiredSkills": [{"skillId": "*Skill", "level": 1}]},
        ["requiredSkills", "0", "skillId"],
    ),
    ("transitionTicket", {"id": "*Ticket", "to": "OPEN"}, ["id"]),
    *((step, {"id": "*Ticket"}, ["id"]) for step in ("resolveTicket", "closeTicket", "reopenTicket", "deleteTicket")),
    ("createAttachment", {"ticketId": "*Ticket", **NEW_FILE}, ["ticketId"]),
    ("createAttachment", {"ticketId": "own", "commentId": "*Comment", **NEW_FILE}, ["commentId"]),
    ("finalizeAttachment", {"id": "*Attachment"}, ["id"]),
    ("deleteAttachment", {"id": "*Attachment"}, ["id"]),
    ("saveView", {"id": "*SavedView", "name": "Mine", "filter": {}}, ["id"]),
    ("deleteView", {"id": "*SavedView"}, ["id"]),
    ("createApiKey", {"name": "Ours", "scopes": ["READ"], "userId": "*User"}, ["userId"]),
    ("revokeApiKey", {"id": "*ApiKey"}, ["id"]),
    ("erasePersonalData", {"userId": "*User", "reason": "REQUESTED"}, ["userId"]),
    ("erasePersonalData", {"customerId": "*Customer", "reason": "REQUESTED"}, ["customerId"]),
    *(
        ("erasePersonalData", {"userId": "*User", "reason": "REQUESTED", "alsoIn": [f"*{kind}"]}, ["alsoIn"])
        for kind in ("Comment", "Ticket")
    ),
    ("releaseSlot", {"holdId": "*SlotHold"}, ["holdId"]),
    ("bookAppointment", {"holdId": "*SlotHold"}, ["holdId"]),
    ("rescheduleAppointment", {"id": "*Appointment", "holdId": "*SlotHold"}, ["id"]),
    ("cancelAppointment", {"id": "*Appointment", "reason": "No."}, ["id"]),
    *((step, {"id": "*Appointment"}, ["id"]) for step in ("confirmAppointment", "markNoShow")),
    ("lockAppointment", {"id": "*Appointment", "lock": "TIME"}, ["id"]),
    ("joinWaitlist", {**WAIT, "appointmentId": "*Appointment"}, ["appointmentId"]),
    ("joinWaitlist", {**WAIT, "customerId": "*Customer"}, ["customerId"]),
    ("leaveWaitlist", {"entryId": "*WaitlistEntry"}, ["entryId"]),
    ("answerWaitlistOffer", {"entryId": "*WaitlistEntry", "accept": True}, ["entryId"]),
    (
        "ingestAlert",
        {"alertId": "1", "assetExternalId": "ELSEWHERE", "severity": "LOW", "serviceType": "DIAGNOSTIC"},
        ["assetExternalId"],
    ),
    *((f"update{kind}", {"id": f"*{kind}", "expectedVersion": 1}, ["id"]) for kind in KEPT),
    *((f"delete{kind}", {"id": f"*{kind}"}, ["id"]) for kind in KEPT),
    ("createUser", {"name": "Eve", "customerIds": ["*Customer"]}, ["customerIds", "0"]),
    ("createTechnician", {"userId": "*User"}, ["userId"]),
    ("createTechnician", {"user": {"name": "Eve"}, "teamId": "*Team"}, ["teamId"]),
    ("createTechnician", {"user": {"name": "Eve"}, "mainSkillId": "*Skill"}, ["mainSkillId"]),
    (
        "createTechnician",
        {"user": {"name": "Eve"}, "skills": [{"skillId": "*Skill", "level": 1}]},
        ["skills", "0", "skillId"],
    ),
    ("createTechnician", {"user": {"name": "Eve"}, "territoryIds": ["*Territory"]}, ["territoryIds", "0"]),
    ("createShift", {**HOURS, "technicianId": "*Technician"}, ["technicianId"]),
    ("createShifts", {**WEEK, "technicianId": "*Technician"}, ["technicianId"]),
    ("createTimeOff", {**HOURS, "technicianId": "*Technician"}, ["technicianId"]),
    ("setAvailability", {"technicianId": "*Technician", "availability": "BUSY"}, ["technicianId"]),
    ("createFacility", {"name": "Ours", "territoryId": "*Territory"}, ["territoryId"]),
    ("createFacility", {"name": "Ours", "calendarId": "*BusinessCalendar"}, ["calendarId"]),
    ("createServiceBay", {"facilityId": "*Facility", "name": "Ours"}, ["facilityId"]),
    (
        "updateEscalationTiers",
        {"expectedVersion": 1, "tiers": [{"level": 1, "code": "L1", "name": "First", "teamId": "*Team"}]},
        ["tiers", "0", "teamId"],
    ),
    (
        "updateServiceType",
        {"expectedVersion": 1, "type": "DIAGNOSTIC", "skills": [{"skillId": "*Skill", "level": 1}]},
        ["skills", "0", "skillId"],
    ),
    ("saveSlaPolicy", {"name": "Ours", "targets": TARGETS, "calendarId": "*BusinessCalendar"}, ["calendarId"]),
    ("createCustomer", {"name": "Mill", "userIds": ["*User"]}, ["userIds", "0"]),
    ("createAsset", {"name": "Press", "kind": "EQUIPMENT", "customerId": "*Customer"}, ["customerId"]),
    ("adjustStock", {"partId": "*Part", "delta": 1, "reason": "Found."}, ["partId"]),
    ("createTicket", {**NEW_TICKET, "customerId": "*Customer"}, ["customerId"]),
    ("createTicket", {**NEW_TICKET, "assetId": "*Asset"}, ["assetId"]),
    ("createTicket", {**NEW_TICKET, "territoryId": "*Territory"}, ["territoryId"]),
    ("createTicket", {**NEW_TICKET, "requesterId": "*User"}, ["requesterId"]),
    (
        "createTicket",
        {**NEW_TICKET, "requiredSkills": [{"skillId": "*Skill", "level": 1}]},
        ["requiredSkills", "0", "skillId"],
    ),
    (
        "createTicket",
        {**NEW_TICKET, "requiredParts": [{"partId": "*Part", "quantity": 1}]},
        ["requiredParts", "0", "partId"],
    ),
]
