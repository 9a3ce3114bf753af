"""The six reads that are measured, as our clients ask for them and as PostGraphile's would."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One read. `takes` says what its one variable is: a job's key, a technician's, or a status."""

    name: str
    takes: str
    ours: str
    theirs: str


_JOB = """
query Job($id: ID!) { assignment(id: $id) {
  id sequence status assignedAt acceptedAt completedAt timeSpentHours
  technician { id name }
  ticket {
    id ticketNumber title description priority status createdAt
    assignmentHistory { nodes { id sequence status reason assignedAt technician { id name } } }
    comments { nodes { id body createdAt author { id name } } }
  }
} }
"""
_QUEUE = """
query Queue($id: ID!) { technicianQueue(technicianId: $id, first: 20) {
  technician { id name }
  items { position assignment {
    id sequence status assignedAt
    ticket { id ticketNumber title priority status comments(first: 3) { nodes { body createdAt author { name } } } }
  } }
} }
"""
_BOARD = """
query %s($status: [TicketStatus!]) { tickets(first: 100, filter: {status: $status}) {%s
  edges { cursor node {
    id ticketNumber title priority status createdAt
    currentAssignment { id status assignedAt technician { id name } }
  } }
  pageInfo { hasNextPage endCursor }
} }
"""
_SMALL = """
query Small($status: [TicketStatus!]) { tickets(first: 20, filter: {status: $status}) {
  nodes { id ticketNumber title priority }
} }
"""
_HISTORIES = """
query Histories($status: [TicketStatus!]) { tickets(first: 100, filter: {status: $status}) { nodes {
  id ticketNumber status
  assignmentHistory { nodes { id sequence status reason assignedAt completedAt technician { id name } } }
} } }
"""

# PostGraphile's own lists and conditions, each relation in its cheapest form.
_TECHNICIAN = "technicianByOrganizationIdAndTechnicianId { rowId userByOrganizationIdAndUserId { name } }"
_HISTORY = "assignmentsByOrganizationIdAndTicketIdList(first: 20, orderBy: SEQUENCE_ASC)"
_COMMENTS = "commentsByOrganizationIdAndTicketIdList(first: %d, orderBy: CREATED_AT_ASC)"
_TICKETS = "(first: %d, orderBy: [CREATED_AT_DESC, ROW_ID_DESC], condition: {organizationId: $org, status: $status})"
_THEIR_JOB = f"""
query Job($org: UUID!, $id: UUID!) {{ assignmentByOrganizationIdAndRowId(organizationId: $org, rowId: $id) {{
  rowId sequence status assignedAt acceptedAt completedAt timeSpentHours
  {_TECHNICIAN}
  ticketByOrganizationIdAndTicketId {{
    rowId ticketNumber title description priority status createdAt
    {_HISTORY} {{ rowId sequence status reason assignedAt {_TECHNICIAN} }}
    {_COMMENTS % 20} {{ rowId body createdAt userByOrganizationIdAndAuthorId {{ rowId name }} }}
  }}
}} }}
"""
_THEIR_QUEUE = f"""
query Queue($org: UUID!, $id: UUID!, $n: Int!) {{
  technicianByOrganizationIdAndRowId(organizationId: $org, rowId: $id) {{
    rowId userByOrganizationIdAndUserId {{ name }}
    assignmentsByOrganizationIdAndTechnicianIdList(first: $n, orderBy: [STATUS_RANK_ASC, ASSIGNED_AT_ASC]) {{
      rowId sequence status assignedAt
      ticketByOrganizationIdAndTicketId {{
        rowId ticketNumber title priority status
        {_COMMENTS % 3} {{ body createdAt userByOrganizationIdAndAuthorId {{ name }} }}
      }}
    }}
  }}
}}
"""
_CURRENT = "assignmentsByOrganizationIdAndTicketIdList(first: 1, orderBy: SEQUENCE_DESC)"
_THEIR_BOARD = f"""
query %s($org: UUID!, $status: String!) {{ allTickets{_TICKETS % 100} {{%s
  edges {{ cursor node {{
    rowId ticketNumber title priority status createdAt
    {_CURRENT} {{ rowId status assignedAt {_TECHNICIAN} }}
  }} }}
  pageInfo {{ hasNextPage endCursor }}
}} }}
"""
_THEIR_SMALL = f"""
query Small($org: UUID!, $status: String!) {{ allTicketsList{_TICKETS % 20} {{
  rowId ticketNumber title priority
}} }}
"""
_THEIR_HISTORIES = f"""
query Histories($org: UUID!, $status: String!) {{ allTicketsList{_TICKETS % 100} {{
  rowId ticketNumber status
  {_HISTORY} {{ rowId sequence status reason assignedAt completedAt {_TECHNICIAN} }}
}} }}
"""

OPERATIONS = (
    Operation(name="job", takes="job", ours=_JOB, theirs=_THEIR_JOB),
    Operation(name="queue", takes="technician", ours=_QUEUE, theirs=_THEIR_QUEUE),
    Operation(name="board", takes="status", ours=_BOARD % ("Board", ""), theirs=_THEIR_BOARD % ("Board", "")),
    Operation(
        name="board-total",
        takes="status",
        ours=_BOARD % ("BoardTotal", " totalCount"),
        theirs=_THEIR_BOARD % ("BoardTotal", " totalCount"),
    ),
    Operation(name="small", takes="status", ours=_SMALL, theirs=_THEIR_SMALL),
    Operation(name="histories", takes="status", ours=_HISTORIES, theirs=_THEIR_HISTORIES),
)
