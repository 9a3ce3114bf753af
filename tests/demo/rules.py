"""What must hold of any history, as SQL that finds whatever breaks it. Shares no code with the loader."""

ACTIVE = "('ASSIGNED', 'ACCEPTED', 'EN_ROUTE', 'IN_PROGRESS', 'PAUSED')"

# Each sentence with the query for its counter-examples; ACTIVE stands for the five statuses.
_QUERIES = {
    "a ticket has at most one active assignment": """
        SELECT ticket_id FROM assignments WHERE status IN ACTIVE
        GROUP BY organization_id, ticket_id HAVING count(*) > 1""",
    "a ticket's status agrees with its active assignment": """
        SELECT t.ticket_number, t.status, a.status AS job
        FROM tickets t LEFT JOIN assignments a
          ON a.organization_id = t.organization_id AND a.ticket_id = t.id AND a.status IN ACTIVE
        WHERE NOT CASE t.status
            WHEN 'ASSIGNED' THEN a.id IS NOT NULL
            WHEN 'IN_PROGRESS' THEN a.id IS NULL OR a.status IN ('IN_PROGRESS', 'PAUSED')
            WHEN 'PENDING_INFO' THEN a.id IS NULL OR a.status <> 'IN_PROGRESS'
            WHEN 'PENDING_PARTS' THEN a.id IS NULL OR a.status <> 'IN_PROGRESS'
            ELSE a.id IS NULL END""",
    "sequences of a ticket are dense from one": """
        SELECT ticket_id FROM assignments GROUP BY organization_id, ticket_id
        HAVING min(sequence) <> 1 OR max(sequence) <> count(*) OR count(DISTINCT sequence) <> count(*)""",
    "only the last turn of a ticket is active": """
        SELECT a.id FROM assignments a JOIN assignments b
          ON b.organization_id = a.organization_id AND b.ticket_id = a.ticket_id AND b.sequence > a.sequence
        WHERE a.status IN ACTIVE""",
    "turns of a ticket follow each other in time": """
        SELECT id FROM (SELECT id, assigned_at, lag(assigned_at) OVER (
            PARTITION BY organization_id, ticket_id ORDER BY sequence) AS before FROM assignments) AS turns
        WHERE assigned_at < before""",
    "an outcome ties to its status": """
        SELECT id FROM assignments WHERE coalesce(outcome, '-') || '>' || status NOT IN (
            'SUCCESS>COMPLETED', 'FAILED>FAILED', 'PARTS_REQUIRED>FAILED', 'CUSTOMER_UNAVAILABLE>FAILED',
            'ESCALATED>ESCALATED', '->ASSIGNED', '->ACCEPTED', '->EN_ROUTE', '->IN_PROGRESS', '->PAUSED',
            '->REJECTED', '->REASSIGNED', '->CANCELLED')""",
    "a technician works on one job at a time": """
        SELECT technician_id FROM assignments WHERE status = 'IN_PROGRESS'
        GROUP BY organization_id, technician_id HAVING count(*) > 1""",
    "no technician ever ran two jobs at once": """
        WITH steps AS (
            SELECT organization_id, position, technician_after AS technician,
                CASE WHEN c ->> 'new' = 'IN_PROGRESS' THEN 1 WHEN c ->> 'old' = 'IN_PROGRESS' THEN -1 ELSE 0 END
                AS change
            FROM events, jsonb_array_elements(changes) AS c
            WHERE kind = 'Assignment' AND c ->> 'field' = 'status')
        SELECT technician FROM (
            SELECT technician, sum(change) OVER (PARTITION BY organization_id, technician ORDER BY position)
            AS running FROM steps) AS sums
        WHERE running NOT IN (0, 1)""",
    "stamps of an assignment follow its life cycle": """
        SELECT id FROM assignments WHERE accepted_at < assigned_at OR en_route_at < accepted_at
            OR arrived_at < en_route_at OR started_at < accepted_at OR paused_at < started_at
            OR completed_at < started_at OR rejected_at < assigned_at OR cancelled_at < assigned_at""",
    "an active assignment bears the stamps of its status": """
        SELECT id FROM assignments WHERE NOT CASE status
            WHEN 'ACCEPTED' THEN accepted_at IS NOT NULL AND started_at IS NULL
            WHEN 'EN_ROUTE' THEN en_route_at IS NOT NULL AND started_at IS NULL
            WHEN 'IN_PROGRESS' THEN started_at IS NOT NULL AND paused_at IS NULL
            WHEN 'PAUSED' THEN paused_at IS NOT NULL
            WHEN 'COMPLETED' THEN completed_at IS NOT NULL
            ELSE true END""",
    "resolved and closed tickets are stamped, others are not": """
        SELECT id FROM tickets WHERE (status IN ('RESOLVED', 'CLOSED')) <> (resolved_at IS NOT NULL)
            OR (status = 'CLOSED') <> (closed_at IS NOT NULL)""",
    "whoever rejected a ticket does not get it again": """
        SELECT a.id FROM assignments a JOIN assignments b
          ON b.organization_id = a.organization_id AND b.ticket_id = a.ticket_id
         AND b.technician_id = a.technician_id AND b.sequence > a.sequence
        WHERE a.status = 'REJECTED'""",
    "a technician works at the tier of the turn": """
        SELECT a.id FROM assignments a JOIN technicians t
          ON t.organization_id = a.organization_id AND t.id = a.technician_id
        WHERE t.tier_level <> a.tier_level""",
    "every escalation raised its ticket": """
        SELECT t.id FROM tickets t WHERE t.escalation_count <> (
            SELECT count(*) FROM assignments a WHERE a.organization_id = t.organization_id
            AND a.ticket_id = t.id AND a.status = 'ESCALATED')""",
    "ticket numbers are of their year": """
        SELECT ticket_number FROM tickets
        WHERE ticket_number !~ ('^TKT-' || extract(year FROM created_at AT TIME ZONE 'UTC') || '-[0-9]{6}$')""",
    "counters stand at the last number of their year": """
        SELECT * FROM (SELECT organization_id, substr(ticket_number, 5, 4)::int AS year,
            max(substr(ticket_number, 10)::int) AS last, count(*) AS given FROM tickets GROUP BY 1, 2) AS used
        FULL JOIN ticket_counters AS counters USING (organization_id, year)
        WHERE last IS DISTINCT FROM last_number OR given IS DISTINCT FROM last_number""",
    "parts used cost what they cost": """
        SELECT u.assignment_id FROM assignment_parts u JOIN parts p
          ON p.organization_id = u.organization_id AND p.id = u.part_id
        WHERE u.cost <> p.unit_cost * u.quantity OR u.part_number <> p.part_number OR u.currency <> p.currency""",
    "stock is what came less what was used": """
        SELECT p.part_number FROM parts p WHERE p.stock <> (
            SELECT (c ->> 'new')::int FROM events e, jsonb_array_elements(e.changes) AS c
            WHERE e.organization_id = p.organization_id AND e.subject_id = p.id AND c ->> 'field' = 'stock'
            ORDER BY e.position DESC LIMIT 1)""",
    "positions are gapless from one": """
        SELECT organization_id FROM events GROUP BY organization_id
        HAVING min(position) <> 1 OR max(position) <> count(*)""",
    "the head is the last position and its time": """
        SELECT * FROM (SELECT organization_id, max(position) AS last, max(recorded_at) AS at
            FROM events GROUP BY 1) AS logs
        FULL JOIN event_heads h USING (organization_id)
        WHERE last IS DISTINCT FROM h.position OR at IS DISTINCT FROM h.recorded_at""",
    "recording times never go back": """
        SELECT position FROM (SELECT position, recorded_at, lag(recorded_at) OVER (
            PARTITION BY organization_id ORDER BY position) AS before FROM events) AS log
        WHERE recorded_at < before""",
    "nothing is recorded before it occurred": "SELECT position FROM events WHERE recorded_at < occurred_at",
    "a change stands in one piece and at one time": """
        SELECT change_id FROM events GROUP BY organization_id, change_id
        HAVING max(position) - min(position) + 1 <> count(*) OR count(DISTINCT recorded_at) <> 1
            OR count(DISTINCT actor_id) > 1 OR count(DISTINCT source) > 1""",
    "within a change jobs come first, then the ticket, then the rest": """
        SELECT position FROM (SELECT position, kind, lag(kind) OVER (
            PARTITION BY organization_id, change_id ORDER BY position) AS before FROM events) AS log
        WHERE (kind = 'Assignment' AND before <> 'Assignment')
            OR (kind = 'Ticket' AND before NOT IN ('Assignment', 'Ticket'))""",
    "only what is new had no before": """
        SELECT position FROM events WHERE existed <> (version > 1) OR NOT exists_after""",
    "versions of a row rise by one": """
        SELECT subject_id FROM events GROUP BY organization_id, subject_id
        HAVING min(version) <> 1 OR max(version) <> count(*) OR count(DISTINCT version) <> count(*)""",
    "the last event of a row bears its version and its time": """
        SELECT r.id FROM (
            SELECT organization_id, id, version, updated_at FROM tickets
            UNION ALL SELECT organization_id, id, version, updated_at FROM assignments
            UNION ALL SELECT organization_id, id, version, updated_at FROM comments
            UNION ALL SELECT organization_id, id, version, updated_at FROM parts
            UNION ALL SELECT organization_id, id, version, updated_at FROM users
            UNION ALL SELECT organization_id, id, version, updated_at FROM technicians
            UNION ALL SELECT organization_id, id, version, updated_at FROM customers
            UNION ALL SELECT organization_id, id, version, updated_at FROM assets
            UNION ALL SELECT organization_id, id, version, updated_at FROM organizations) AS r
        LEFT JOIN events e ON e.organization_id = r.organization_id AND e.subject_id = r.id
            AND e.version = r.version AND e.recorded_at = r.updated_at
        WHERE e.position IS NULL""",
    "a ticket lies in the area of its territory and in no other": """
        SELECT t.ticket_number FROM tickets t JOIN territories p ON p.organization_id = t.organization_id
        WHERE (p.id = t.territory_id) <> (p.area @> point(t.longitude, t.latitude))""",
    "every team, territory and skill is in the log": """
        SELECT r.id FROM (SELECT organization_id, id FROM teams UNION ALL SELECT organization_id, id
            FROM territories UNION ALL SELECT organization_id, id FROM skills) AS r
        LEFT JOIN events e ON e.organization_id = r.organization_id AND e.subject_id = r.id
        WHERE e.position IS NULL""",
    "every event is about a row": """
        SELECT e.position FROM events e LEFT JOIN (
            SELECT id FROM tickets UNION ALL SELECT id FROM assignments UNION ALL SELECT id FROM comments
            UNION ALL SELECT id FROM parts UNION ALL SELECT id FROM users UNION ALL SELECT id FROM technicians
            UNION ALL SELECT id FROM customers UNION ALL SELECT id FROM assets UNION ALL SELECT id FROM teams
            UNION ALL SELECT id FROM territories UNION ALL SELECT id FROM skills
            UNION ALL SELECT id FROM organizations) AS r ON r.id = e.subject_id
        WHERE r.id IS NULL""",
    "who is concerned after an event is who is concerned before the next": """
        SELECT position FROM (SELECT position, existed,
            (technician_before, team_before, territory_before, requester_before, customer_before)::text AS before,
            lag((technician_after, team_after, territory_after, requester_after, customer_after)::text)
                OVER (PARTITION BY organization_id, subject_id ORDER BY position) AS earlier
            FROM events WHERE kind IN ('Ticket', 'Assignment')) AS log
        WHERE existed AND before IS DISTINCT FROM earlier""",
    "a ticket's last event concerns its present technician": """
        SELECT e.ticket_id FROM (SELECT DISTINCT ON (organization_id, subject_id) * FROM events
            WHERE kind = 'Ticket' ORDER BY organization_id, subject_id, position DESC) AS e
        LEFT JOIN assignments a ON a.organization_id = e.organization_id AND a.ticket_id = e.ticket_id
            AND a.status IN ACTIVE
        LEFT JOIN technicians t ON t.organization_id = a.organization_id AND t.id = a.technician_id
        WHERE e.technician_after IS DISTINCT FROM a.technician_id OR e.team_after IS DISTINCT FROM t.team_id""",
    "internal comments are internal in the log": """
        SELECT c.id FROM comments c JOIN events e ON e.organization_id = c.organization_id
            AND e.subject_id = c.id WHERE e.internal_after <> c.internal""",
    "keys are given in the order of creation": """
        SELECT id FROM (
            SELECT id, created_at, lag(created_at) OVER (PARTITION BY what, organization_id ORDER BY id) AS before
            FROM (SELECT 't' AS what, organization_id, id, created_at FROM tickets
                UNION ALL SELECT 'a', organization_id, id, created_at FROM assignments
                UNION ALL SELECT 'c', organization_id, id, created_at FROM comments
                UNION ALL SELECT 'x', organization_id, id, created_at FROM customers
                UNION ALL SELECT 'w', organization_id, id, created_at FROM technicians) AS r) AS ordered
        WHERE created_at < before""",
    "event keys are given in the order of positions": """
        SELECT id FROM (SELECT id, lag(id) OVER (PARTITION BY organization_id ORDER BY position) AS before
            FROM events) AS log WHERE id <= before""",
    "every key is a UUID of version 7": """
        SELECT id FROM (SELECT id FROM tickets UNION ALL SELECT id FROM assignments UNION ALL
            SELECT id FROM comments UNION ALL SELECT id FROM events UNION ALL SELECT change_id FROM events
            UNION ALL SELECT id FROM users UNION ALL SELECT id FROM organizations) AS keys
        WHERE id::text !~ '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab]'""",
}

RULES = {sentence: query.replace("ACTIVE", ACTIVE) for sentence, query in _QUERIES.items()}
