"""The six reads as SQL written by hand: the most that a server in front of this database could do.

Each statement writes the same bytes as the product's answer. $1 is the organisation, $2 the one variable.
"""


def _moment(column: str) -> str:
    return f"""'"', to_char({column}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '"'"""


def _moment_or_null(column: str) -> str:
    return f"CASE WHEN {column} IS NULL THEN 'null' ELSE concat({_moment(column)}) END"


def _id(kind: str, key: str) -> str:
    return f"""'"id":"', encode(('{kind}:' || {key})::bytea, 'base64'), '"'"""


def _technician(of: str) -> str:
    return f"""(SELECT concat('{{', {_id("Technician", "w.id")}, ',"name":',
        (SELECT to_json(u.name) FROM users u WHERE u.organization_id = $1 AND u.id = w.user_id), '}}')
        FROM technicians w WHERE w.organization_id = $1 AND w.id = {of}.technician_id)"""


_HISTORY = f"""(SELECT concat('{{"nodes":[', string_agg(concat('{{', {_id("Assignment", "h.id")},
    ',"sequence":', h.sequence, ',"status":"', h.status, '","reason":"', h.reason, '","assignedAt":',
    {_moment("h.assigned_at")}, %s ',"technician":', {_technician("h")}, '}}'), ','), ']}}')
    FROM (SELECT * FROM assignments h WHERE h.organization_id = $1 AND h.ticket_id = t.id
    ORDER BY h.sequence, h.id LIMIT 20) h)"""


def _comments(most: int, fields: str) -> str:
    return f"""(SELECT concat('{{"nodes":[', string_agg(concat('{{', {fields}, '}}'), ','), ']}}')
    FROM (SELECT * FROM comments c WHERE c.organization_id = $1 AND c.ticket_id = t.id AND c.deleted_at IS NULL
    ORDER BY c.created_at, c.id LIMIT {most}) c)"""


_AUTHOR = f"""coalesce((SELECT concat('{{', {_id("User", "u.id")}, ',"name":', to_json(u.name), '}}')
    FROM users u WHERE u.organization_id = $1 AND u.id = c.author_id), 'null')"""
_AUTHOR_NAME = """coalesce((SELECT concat('{"name":', to_json(u.name), '}')
    FROM users u WHERE u.organization_id = $1 AND u.id = c.author_id), 'null')"""

_JOB_COMMENTS = _comments(
    20,
    _id("Comment", "c.id")
    + """, ',"body":', to_json(c.body), ',"createdAt":', """
    + _moment("c.created_at")
    + """, ',"author":', """
    + _AUTHOR,
)
_QUEUE_COMMENTS = _comments(
    3,
    """'"body":', to_json(c.body), ',"createdAt":', """
    + _moment("c.created_at")
    + """, ',"author":', """
    + _AUTHOR_NAME,
)

JOB = f"""
SELECT convert_to(concat('{{"assignment":', coalesce((SELECT concat('{{', {_id("Assignment", "a.id")},
    ',"sequence":', a.sequence, ',"status":"', a.status, '","assignedAt":', {_moment("a.assigned_at")},
    ',"acceptedAt":', {_moment_or_null("a.accepted_at")}, ',"completedAt":', {_moment_or_null("a.completed_at")},
    ',"timeSpentHours":', CASE WHEN a.time_spent_hours IS NULL THEN 'null'
    ELSE concat('"', a.time_spent_hours, '"') END, ',"technician":', {_technician("a")},
    ',"ticket":', (SELECT concat('{{', {_id("Ticket", "t.id")}, ',"ticketNumber":', to_json(t.ticket_number),
    ',"title":', to_json(t.title), ',"description":', to_json(t.description), ',"priority":"', t.priority,
    '","status":"', t.status, '","createdAt":', {_moment("t.created_at")},
    ',"assignmentHistory":', {_HISTORY % ""},
    ',"comments":', {_JOB_COMMENTS}, '}}')
    FROM tickets t WHERE t.organization_id = $1 AND t.id = a.ticket_id AND t.deleted_at IS NULL), '}}')
    FROM assignments a WHERE a.organization_id = $1 AND a.id = $2::uuid), 'null'), '}}'), 'UTF8')
"""

QUEUE = f"""
SELECT convert_to(concat('{{"technicianQueue":', (SELECT concat('{{"technician":{{', {_id("Technician", "w.id")},
    ',"name":', (SELECT to_json(u.name) FROM users u WHERE u.organization_id = $1 AND u.id = w.user_id),
    '}},"items":[', (SELECT string_agg(concat('{{"position":', q.position, ',"assignment":{{',
    {_id("Assignment", "q.id")}, ',"sequence":', q.sequence, ',"status":"', q.status, '","assignedAt":',
    {_moment("q.assigned_at")}, ',"ticket":', (SELECT concat('{{', {_id("Ticket", "t.id")},
    ',"ticketNumber":', to_json(t.ticket_number), ',"title":', to_json(t.title), ',"priority":"', t.priority,
    '","status":"', t.status, '","comments":', {_QUEUE_COMMENTS}, '}}')
    FROM tickets t WHERE t.organization_id = $1 AND t.id = q.ticket_id), '}}}}'), ',')
    FROM (SELECT a.*, row_number() OVER (ORDER BY CASE WHEN a.status IN ('IN_PROGRESS', 'PAUSED', 'EN_ROUTE')
        THEN 0 ELSE 1 END, k.priority, a.assigned_at, a.id) AS position
        FROM assignments a JOIN tickets k ON k.organization_id = $1 AND k.id = a.ticket_id
        WHERE a.organization_id = $1 AND a.technician_id = w.id AND k.deleted_at IS NULL
        AND a.status IN ('ASSIGNED', 'ACCEPTED', 'EN_ROUTE', 'IN_PROGRESS', 'PAUSED')
        ORDER BY position LIMIT 20) q), ']}}')
    FROM technicians w WHERE w.organization_id = $1 AND w.id = $2::uuid), '}}'), 'UTF8')
"""


def _board(total: str, cursor_head: str) -> str:
    cursor = f"encode('\\x{cursor_head}'::bytea || timestamptz_send(t.created_at) || uuid_send(t.id), 'base64')"
    return f"""
SELECT convert_to((SELECT concat('{{"tickets":{{{total}"edges":[', string_agg(concat('{{"cursor":"', {cursor},
    '","node":{{', {_id("Ticket", "t.id")}, ',"ticketNumber":', to_json(t.ticket_number), ',"title":',
    to_json(t.title), ',"priority":"', t.priority, '","status":"', t.status, '","createdAt":',
    {_moment("t.created_at")}, ',"currentAssignment":', coalesce((SELECT concat('{{', {_id("Assignment", "a.id")},
    ',"status":"', a.status, '","assignedAt":', {_moment("a.assigned_at")}, ',"technician":', {_technician("a")}, '}}')
    FROM assignments a WHERE a.organization_id = $1 AND a.ticket_id = t.id
    AND a.status IN ('ASSIGNED', 'ACCEPTED', 'EN_ROUTE', 'IN_PROGRESS', 'PAUSED')), 'null'), '}}}}'), ',')
    FILTER (WHERE t.n <= 100), '],"pageInfo":{{"hasNextPage":', CASE WHEN count(*) > 100 THEN 'true' ELSE 'false' END,
    ',"endCursor":', coalesce('"' || max({cursor}) FILTER (WHERE t.n = least(t.found, 100)) || '"', 'null'), '}}}}}}')
    FROM (SELECT *, row_number() OVER () AS n, count(*) OVER () AS found FROM (
        SELECT * FROM tickets t WHERE t.organization_id = $1 AND t.deleted_at IS NULL AND t.status = $2
        ORDER BY t.created_at DESC, t.id DESC LIMIT 101) t) t), 'UTF8')
"""


_TOTAL = """"totalCount":', (SELECT count(*) FROM tickets
    WHERE organization_id = $1 AND deleted_at IS NULL AND status = $2), ',"""

SMALL = f"""
SELECT convert_to(concat('{{"tickets":{{"nodes":[', (SELECT string_agg(concat('{{', {_id("Ticket", "t.id")},
    ',"ticketNumber":', to_json(t.ticket_number), ',"title":', to_json(t.title),
    ',"priority":"', t.priority, '"}}'), ',')
    FROM (SELECT * FROM tickets WHERE organization_id = $1 AND deleted_at IS NULL AND status = $2
    ORDER BY created_at DESC, id DESC LIMIT 20) t), ']}}}}'), 'UTF8')
"""

_WHOLE_HISTORY = _HISTORY % ("""',"completedAt":', """ + _moment_or_null("h.completed_at") + ",")
HISTORIES = f"""
SELECT convert_to(concat('{{"tickets":{{"nodes":[', (SELECT string_agg(concat('{{', {_id("Ticket", "t.id")},
    ',"ticketNumber":', to_json(t.ticket_number), ',"status":"', t.status, '","assignmentHistory":',
    {_HISTORY % ('''',"completedAt":', ''' + _moment_or_null("h.completed_at") + ",")}, '}}'), ',')
    FROM (SELECT * FROM tickets WHERE organization_id = $1 AND deleted_at IS NULL AND status = $2
    ORDER BY created_at DESC, id DESC LIMIT 100) t), ']}}}}'), 'UTF8')
"""


def statements(cursor_head: str) -> dict[str, str]:
    """Return each statement by its operation's name in the document; cursors begin with the head, in hex."""
    return {
        "Job": JOB,
        "Queue": QUEUE,
        "Board": _board("", cursor_head),
        "BoardTotal": _board(_TOTAL, cursor_head),
        "Small": SMALL,
        "Histories": HISTORIES,
    }
