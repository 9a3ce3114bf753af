-- $1 organization_id
-- $2 value_0_4
-- $3 value_0_1
-- $4 value_0_2
-- $5 value_0_3
-- $6 viewer_assigns
-- $7 viewer_reaches_escalate_ticket_all
-- $8 viewer_reaches_escalate_ticket_assigned
-- $9 viewer_technician_id
-- $10 value_0_0
SELECT convert_to(concat('{"tickets":', (SELECT concat('{"totalCount":', (SELECT count(*) AS count_1 
FROM tickets 
WHERE tickets.organization_id = $1::UUID AND tickets.deleted_at IS NULL AND tickets.created_at >= $2::TIMESTAMP WITH TIME ZONE AND NOT (EXISTS (SELECT * 
FROM assignments AS assignments_1 
WHERE assignments_1.organization_id = tickets.organization_id AND assignments_1.ticket_id = tickets.id AND assignments_1.status IN ('ASSIGNED', 'ACCEPTED', 'EN_ROUTE', 'IN_PROGRESS', 'PAUSED'))) AND (tickets.priority = ANY ($3::TEXT[]) OR tickets.escalation_count >= $4::BIGINT) AND (tickets.status = ANY ($5::TEXT[])) IS NOT true), ',"nodes":[', string_agg(concat('{"ticketNumber":', to_json(anon_1.ticket_number), ',"title":', to_json(anon_1.title), ',"priority":"', anon_1.priority, '","status":"', anon_1.status, '","escalationCount":', anon_1.escalation_count, ',"escalationTier":', coalesce((SELECT concat('{"level":', escalation_tiers_1.level, ',"name":', to_json(escalation_tiers_1.name), '}') AS concat_2 
FROM escalation_tiers AS escalation_tiers_1 
WHERE escalation_tiers_1.organization_id = $1::UUID AND escalation_tiers_1.level = anon_1.escalation_tier_level), 'null'), ',"viewerCan":', (SELECT concat('{"assign":', CASE WHEN (anon_2.holder_id IS NULL AND anon_1.status IN ('NEW', 'OPEN', 'IN_PROGRESS', 'PENDING_INFO', 'PENDING_PARTS', 'ESCALATED', 'REOPENED') AND $6::BOOLEAN) THEN 'true' ELSE 'false' END, ',"escalate":', CASE WHEN ((anon_2.holder_id IS NOT NULL OR anon_1.status = 'ESCALATED') AND ($7::BOOLEAN OR $8::BOOLEAN AND anon_2.holder_id = $9::UUID)) THEN 'true' ELSE 'false' END, '}') AS concat_3 
FROM (SELECT (SELECT assignments_2.technician_id 
FROM assignments AS assignments_2 
WHERE assignments_2.organization_id = anon_1.organization_id AND assignments_2.ticket_id = anon_1.id AND assignments_2.status IN ('ASSIGNED', 'ACCEPTED', 'EN_ROUTE', 'IN_PROGRESS', 'PAUSED')) AS holder_id, (SELECT assignments_2.technician_id 
FROM assignments AS assignments_2 
WHERE assignments_2.organization_id = anon_1.organization_id AND assignments_2.ticket_id = anon_1.id ORDER BY assignments_2.sequence DESC 
 LIMIT 1) AS latest_id) AS anon_2), '}'), ','), ']}') AS concat_1 
FROM (SELECT anon_3.organization_id AS organization_id, anon_3.id AS id, anon_3.ticket_number AS ticket_number, anon_3.title AS title, anon_3.description AS description, anon_3.status AS status, anon_3.status_rank AS status_rank, anon_3.priority AS priority, anon_3.category AS category, anon_3.environment AS environment, anon_3.affected_service AS affected_service, anon_3.tags AS tags, anon_3.custom_fields AS custom_fields, anon_3.customer_id AS customer_id, anon_3.asset_id AS asset_id, anon_3.requester_id AS requester_id, anon_3.territory_id AS territory_id, anon_3.latitude AS latitude, anon_3.longitude AS longitude, anon_3.address AS address, anon_3.escalation_count AS escalation_count, anon_3.escalation_tier_level AS escalation_tier_level, anon_3.resolution_notes AS resolution_notes, anon_3.resolved_at AS resolved_at, anon_3.closed_at AS closed_at, anon_3.deleted_at AS deleted_at, anon_3.sla_policy_id AS sla_policy_id, anon_3.sla_due_at AS sla_due_at, anon_3.sla_state AS sla_state, anon_3.sla_due_first AS sla_due_first, anon_3.sla_due_last AS sla_due_last, anon_3.version AS version, anon_3.created_at AS created_at, anon_3.updated_at AS updated_at 
FROM (SELECT tickets.organization_id AS organization_id, tickets.id AS id, tickets.ticket_number AS ticket_number, tickets.title AS title, tickets.description AS description, tickets.status AS status, tickets.status_rank AS status_rank, tickets.priority AS priority, tickets.category AS category, tickets.environment AS environment, tickets.affected_service AS affected_service, tickets.tags AS tags, tickets.custom_fields AS custom_fields, tickets.customer_id AS customer_id, tickets.asset_id AS asset_id, tickets.requester_id AS requester_id, tickets.territory_id AS territory_id, tickets.latitude AS latitude, tickets.longitude AS longitude, tickets.address AS address, tickets.escalation_count AS escalation_count, tickets.escalation_tier_level AS escalation_tier_level, tickets.resolution_notes AS resolution_notes, tickets.resolved_at AS resolved_at, tickets.closed_at AS closed_at, tickets.deleted_at AS deleted_at, tickets.sla_policy_id AS sla_policy_id, tickets.sla_due_at AS sla_due_at, tickets.sla_state AS sla_state, tickets.sla_due_first AS sla_due_first, tickets.sla_due_last AS sla_due_last, tickets.version AS version, tickets.created_at AS created_at, tickets.updated_at AS updated_at 
FROM tickets 
WHERE tickets.organization_id = $1::UUID AND tickets.deleted_at IS NULL AND tickets.created_at >= $2::TIMESTAMP WITH TIME ZONE AND NOT (EXISTS (SELECT * 
FROM assignments AS assignments_1 
WHERE assignments_1.organization_id = tickets.organization_id AND assignments_1.ticket_id = tickets.id AND assignments_1.status IN ('ASSIGNED', 'ACCEPTED', 'EN_ROUTE', 'IN_PROGRESS', 'PAUSED'))) AND (tickets.priority = ANY ($3::TEXT[]) OR tickets.escalation_count >= $4::BIGINT) AND (tickets.status = ANY ($5::TEXT[])) IS NOT true ORDER BY tickets.priority ASC, tickets.updated_at DESC, tickets.id DESC 
 LIMIT 101) AS anon_3 
 LIMIT $10::BIGINT) AS anon_1 
HAVING true), '}'), 'UTF8') AS convert_to_1
