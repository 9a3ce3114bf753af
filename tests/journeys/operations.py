"""What the clients of these stories send."""

_ERRORS = """
fragment Refusal on UserError {
  __typename code message field
  ... on InvalidTransitionError { from to allowed currentAssignment { id } }
  ... on AlreadyAssignedError { current { id status technician { id name } } }
  ... on StaleVersionError {
    currentVersion current { id ... on Versioned { version } } changedSince { type changeId }
  }
  ... on NotEligibleError { reasons { constraint count message technicians { name } } overridable }
  ... on ClockSkewError { serverTime }
  ... on ReopenWindowClosedError { closedAt windowDays }
  ... on StillRunningError { obstacles { kind count } }
  ... on SlotTakenError { alternatives { token window { start end } technician { name } } }
  ... on HoldExpiredError { alternatives { token window { start end } technician { name } } }
  ... on InUseError { uses { kind count more } }
  ... on CancellationFeeError { fee { amount currency } freeUntil }
}
"""

_JOB = """
fragment Job on Assignment {
  id version sequence status type reason reasonNote outcome isCurrent availableTransitions
  assignedAt acceptBy acceptedAt enRouteAt arrivedAt startedAt pausedAt resumedAt completedAt cancelledAt endedAt
  rejectedAt rejectionReason escalationReason cancellationReason workedSeconds pausedSeconds
  timeSpentHours diagnosis actionsTaken customerRating customerFeedback ratedAt
  previous { id sequence } next { id sequence }
  tier { level code } technician { id name } partsUsed { partNumber partName quantity cost { amount currency } }
}
fragment Stand on Ticket {
  id version status resolvedAt resolutionNotes escalationCount escalationTier { level }
  currentAssignment { id }
}
"""

# What an organisation keeps of itself, by what is asked for.
_TECHNICIAN = """
active externalId yearsExperience availability home { lat lon } user { id name roles } team { id } tier { level }
specialization skills { skill { id } level expiresOn } territories { id }
"""
_PART = "active partNumber name stock available leadTimeDays unitCost { amount currency }"
_KEPT = {
    "Team": "active name",
    "Skill": "active code name",
    "User": "active name email roles customers { id } technician { id }",
    "Technician": _TECHNICIAN,
    "Shift": "start end onCall breaks { start end } technician { id }",
    "TimeOff": "start end reason availability said technician { id }",
    "Territory": "active name timeZone area { lat lon } holidays { day name }",
    "Facility": "active name location { lat lon } territory { id } calendar { id } bays { id name }",
    "ServiceBay": "active name facility { id } equippedFor { id }",
    "Customer": "active name externalId tier address location { lat lon } users { nodes { id } }",
    "Asset": "active name kind externalId customer { id }",
    "Part": _PART,
}
_ORGANIZATION = """
organization { id version name timeZone
tiers { level code name acceptWithinMinutes team { id } }
serviceTypes { type durationMinutes urgency autoBookFrom requiredSkills { level skill { id } } }
settings { offerAcceptMinutes urgentAcceptMinutes oneJobInProgress maxJobsPerDay reopenWindowDays slaEnabled
hourlyRate { amount currency } booking { bufferMinutes holdMinutes lateCancellationFee { amount currency } } } }
"""
_WARNED = frozenset({"Technician", "Shift", "TimeOff", "Part"})
_DELETED_KINDS = tuple(f"delete{kind}" for kind in _KEPT)
_WRITTEN_KINDS = tuple(f"{step}{kind}" for kind in _KEPT for step in ("create", "update"))

_INPUTS = {
    **{name: f"{name[0].upper()}{name[1:]}Input" for name in _WRITTEN_KINDS},
    **dict.fromkeys(_DELETED_KINDS, "DeleteInput"),
    **{
        name: f"{name[0].upper()}{name[1:]}Input"
        for name in (
            "updateOrganization",
            "updateOrganizationSettings",
            "updateEscalationTiers",
            "updateServiceType",
            "saveBusinessCalendar",
            "saveSlaPolicy",
        )
    },
    "createShifts": "CreateShiftsInput",
    "setAvailability": "SetAvailabilityInput",
    "adjustStock": "AdjustStockInput",
    "createTicket": "CreateTicketInput",
    "updateTicket": "UpdateTicketInput",
    "transitionTicket": "TransitionTicketInput",
    **dict.fromkeys(("resolveTicket", "closeTicket", "reopenTicket"), "TicketActionInput"),
    **dict.fromkeys(("deleteTicket", "deleteComment", "deleteAttachment", "deleteView"), "DeleteInput"),
    "bulkUpdateTickets": "BulkUpdateTicketsInput",
    "addComment": "AddCommentInput",
    "updateComment": "UpdateCommentInput",
    "createAttachment": "CreateAttachmentInput",
    "finalizeAttachment": "FinalizeAttachmentInput",
    "assignTicket": "AssignTicketInput",
    "escalateTicket": "EscalateTicketInput",
    "rejectAssignment": "RejectAssignmentInput",
    "completeAssignment": "CompleteAssignmentInput",
    "reassignTicket": "ReassignTicketInput",
    "cancelAssignment": "CancelAssignmentInput",
    "rateAssignment": "RateAssignmentInput",
    "reorderQueue": "ReorderQueueInput",
    "pinAssignment": "PinInput",
    "saveView": "SaveViewInput",
    "createApiKey": "CreateApiKeyInput",
    "revokeApiKey": "RevokeApiKeyInput",
    "erasePersonalData": "ErasePersonalDataInput",
    "holdSlot": "HoldSlotInput",
    "releaseSlot": "ReleaseSlotInput",
    "bookAppointment": "BookAppointmentInput",
    "rescheduleAppointment": "RescheduleAppointmentInput",
    "cancelAppointment": "CancelAppointmentInput",
    **dict.fromkeys(("confirmAppointment", "markNoShow"), "AppointmentActionInput"),
    "lockAppointment": "LockAppointmentInput",
    "ingestAlert": "IngestAlertInput",
    "bookAppointments": "BookAppointmentsInput",
    "joinWaitlist": "JoinWaitlistInput",
    "leaveWaitlist": "LeaveWaitlistInput",
    "answerWaitlistOffer": "AnswerWaitlistOfferInput",
    **dict.fromkeys(
        ("acceptAssignment", "startTravel", "recordArrival", "startWork", "pauseWork", "resumeWork"),
        "AssignmentActionInput",
    ),
}
_QUEUE = "queue { version totalCount items { position pinned rankReason assignment { id } } next { position } }"
_TICKET = "ticket { ...Stand } noCandidate { code message rejections { constraint count } }"
_APPOINTMENT = """
appointment { id version status type lock window { start end } technician { name } bay { name } remindAt confirmedAt
  cancelledAt cancellationReason cancellationFee { amount currency } usedRecommendedSlot }
assignment { id status } ticket { ...Stand }
"""
_WAIT = "entry { id status position offer { id expiresAt slot { window { start end } } } } appointment { id }"
_FIELDS = {
    **{
        f"{step}{kind}": f"{kind[0].lower()}{kind[1:]} {{ id version {fields} }}"
        + (" warnings" if kind in _WARNED else "")
        for kind, fields in _KEPT.items()
        for step in ("create", "update")
    },
    **dict.fromkeys(_DELETED_KINDS, "deletedId warnings"),
    **dict.fromkeys(
        ("updateOrganization", "updateOrganizationSettings", "updateEscalationTiers", "updateServiceType"),
        _ORGANIZATION,
    ),
    "saveBusinessCalendar": "businessCalendar { id name timeZone weekly holidays }",
    "saveSlaPolicy": "slaPolicy { id name revision pauseOn warnAtPercent autoEscalateOnBreach calendar { id } "
    "targets { priority responseMinutes resolutionMinutes } }",
    "createShifts": f"shifts {{ id version {_KEPT['Shift']} }}",
    "setAvailability": f"technician {{ id version {_TECHNICIAN} }} warnings",
    "adjustStock": f"part {{ id version {_PART} }} warnings",
    "holdSlot": "hold { id expiresAt heldBy { name } slot { window { start end } technician { name } bay { name } } }",
    "releaseSlot": "deletedId",
    **dict.fromkeys(
        (
            "bookAppointment",
            "rescheduleAppointment",
            "cancelAppointment",
            "confirmAppointment",
            "markNoShow",
            "lockAppointment",
            "ingestAlert",
        ),
        _APPOINTMENT,
    ),
    "bookAppointments": "results { place ok appointment { id window { start end } technician { name } bay { name } } "
    "errors { code message field } }",
    **dict.fromkeys(("joinWaitlist", "leaveWaitlist", "answerWaitlistOffer"), _WAIT),
    "reorderQueue": _QUEUE,
    "pinAssignment": _QUEUE,
    "createTicket": _TICKET,
    **dict.fromkeys(
        ("updateTicket", "transitionTicket", "resolveTicket", "closeTicket", "reopenTicket"),
        "ticket { ...Stand title tags priorityLabel }",
    ),
    **dict.fromkeys(("deleteTicket", "deleteComment", "deleteAttachment", "deleteView"), "deletedId"),
    "bulkUpdateTickets": "results { id ok ticket { ...Stand tags priority } errors { code message field } }",
    "updateComment": "comment { id version body editedAt } ticket { ...Stand }",
    "saveView": "savedView { id name version }",
    **dict.fromkeys(("createApiKey", "revokeApiKey"), "apiKey { id name scopes revokedAt } secret"),
    "erasePersonalData": "erased { table rows } mentions { table rows ids }",
    "createAttachment": "upload { id url method headers }",
    "finalizeAttachment": "attachment { id fileName scanState sizeBytes }",
    "addComment": "comment { id body } ticket { ...Stand currentAssignment { ...Job } }",
}


_JOB_FIELDS = """
assignment { ...Job } previousAssignment { ...Job } ticket { ...Stand }
impact { technician { name } tierLevel acceptBy activeJobs travelMinutesDelta warnings }
"""


def _mutation(name: str) -> str:
    fields = _FIELDS.get(name, _JOB_FIELDS)
    used = _JOB if "...Job" in fields else _JOB[_JOB.index("fragment Stand") :] if "...Stand" in fields else ""
    return f"""
mutation Do($input: {_INPUTS[name]}!) {{
  {name}(input: $input) {{ changeId eventCursor errors {{ ...Refusal }} {fields} }}
}}
{used}{_ERRORS}"""


MUTATIONS = {name: _mutation(name) for name in _INPUTS}

_EVENT = """
fragment Told on DomainEvent {
  __typename id changeId cursor type recordedAt actor { name }
  ... on TicketEvent {
    ticketVersion ticket { id status } comment { id body } attachment { id fileName scanState downloadUrl }
  }
  ... on JobEvent { assignmentVersion source assignment { id status technician { name } } }
  ... on TechnicianEvent { technicianId queueVersion changes { field old new } }
  ... on RecordEvent { recordId }
}
"""
_CONTROL = """
    ... on RemovedFromView { cursor id cause }
    ... on StreamReady { cursor replayed }
    ... on StreamReset { cursor why: reason }
    ... on StreamHeartbeat { cursor serverTime }
"""

BOARD = f"""
subscription Board($filter: BoardFilter!, $after: EventCursor) {{
  dispatchBoard(filter: $filter, after: $after) {{
    __typename ...Told {_CONTROL}
  }}
}}
{_EVENT}"""
BOARD_FILTER = {"from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"}

JOBS = f"""
subscription Jobs($technicianId: ID, $after: EventCursor) {{
  jobUpdates(technicianId: $technicianId, after: $after) {{
    __typename ...Told {_CONTROL}
  }}
}}
{_EVENT}"""

TICKET_UPDATES = f"""
subscription Updates($ticketId: ID!, $after: EventCursor) {{
  ticketUpdates(ticketId: $ticketId, after: $after) {{
    __typename ...Told {_CONTROL}
  }}
}}
{_EVENT}"""

EVENTS = f"""
query Events($after: EventCursor!, $types: [EventType!], $first: Int) {{
  events(after: $after, types: $types, first: $first) {{
    endCursor hasMore reset {{ reason cursor }} events {{ __typename ...Told ... on RemovedFromView {{ id }} }}
  }}
}}
{_EVENT}"""

LATEST = "{ viewer { organization { latestEventCursor } } }"

TICKET = (
    """
query Ticket($id: ID!) {
  ticket(id: $id) {
    ...Stand
    assignmentHistory { totalCount nodes { ...Job } }
    currentAssignment { ...Job }
  }
}
"""
    + _JOB
)
