-- $1 organization_id
-- $2 viewer_user_id
-- $3 viewer_customer_ids
-- $4 value_1_0
-- $5 viewer_reaches_update_ticket_all
-- $6 viewer_reaches_update_ticket_assigned
-- $7 viewer_technician_id
-- $8 viewer_reaches_update_ticket_own
-- $9 viewer_reaches_reopen_ticket_all
-- $10 viewer_reaches_reopen_ticket_involved
-- $11 viewer_reaches_reopen_ticket_requested
-- $12 viewer_reaches_comment_internally_all
-- $13 value_0_0
SELECT convert_to(concat('{"tickets":', (SELECT concat('{"totalCount":', (SELECT count(*) AS count_1 
FROM tickets 
WHERE tickets.organization_id = $1::UUID AND tickets.deleted_at IS NULL AND (tickets.requester_id = $2::UUID OR tickets.customer_id = ANY ($3::UUID[]))), ',"nodes":[', string_agg(concat('{"ticketNumber":', to_json(anon_1.ticket_number), ',"title":', to_json(anon_1.title), ',"status":"', anon_1.status, '","address":', coalesce(CAST(to_json(anon_1.address) AS TEXT), 'null'), ',"requester":', coalesce((SELECT concat('{"name":', to_json(users_1.name), '}') AS concat_2 
FROM users AS users_1 
WHERE users_1.organization_id = $1::UUID AND (users_1.id = $2::UUID OR (users_1.roles && ARRAY['TECHNICIAN', 'SENIOR_TECHNICIAN', 'DISPATCHER', 'TEAM_LEAD', 'MANAGER', 'ADMIN']) OR (EXISTS (SELECT * 
FROM technicians AS technicians_1 
WHERE technicians_1.organization_id = users_1.organization_id AND technicians_1.user_id = users_1.id)) OR (EXISTS (SELECT * 
FROM customer_users AS customer_users_1 
WHERE customer_users_1.organization_id = users_1.organization_id AND customer_users_1.user_id = users_1.id AND customer_users_1.customer_id = ANY ($3::UUID[]))) OR (EXISTS (SELECT * 
FROM tickets AS tickets_1 
WHERE tickets_1.organization_id = users_1.organization_id AND tickets_1.requester_id = users_1.id AND tickets_1.customer_id = ANY ($3::UUID[])))) AND users_1.id = anon_1.requester_id), chr(1)), ',"currentAssignment":', coalesce((SELECT concat('{"status":"', assignments_1.status, '","technician":', coalesce((SELECT concat('{"name":', coalesce((SELECT CAST(to_json(users_2.name) AS TEXT) AS to_json_1 
FROM users AS users_2 
WHERE users_2.organization_id = $1::UUID AND (users_2.id = $2::UUID OR (users_2.roles && ARRAY['TECHNICIAN', 'SENIOR_TECHNICIAN', 'DISPATCHER', 'TEAM_LEAD', 'MANAGER', 'ADMIN']) OR (EXISTS (SELECT * 
FROM technicians AS technicians_2 
WHERE technicians_2.organization_id = users_2.organization_id AND technicians_2.user_id = users_2.id)) OR (EXISTS (SELECT * 
FROM customer_users AS customer_users_2 
WHERE customer_users_2.organization_id = users_2.organization_id AND customer_users_2.user_id = users_2.id AND customer_users_2.customer_id = ANY ($3::UUID[]))) OR (EXISTS (SELECT * 
FROM tickets AS tickets_2 
WHERE tickets_2.organization_id = users_2.organization_id AND tickets_2.requester_id = users_2.id AND tickets_2.customer_id = ANY ($3::UUID[])))) AND users_2.id = technicians_3.user_id), chr(1)), '}') AS concat_4 
FROM technicians AS technicians_3 
WHERE technicians_3.organization_id = $1::UUID AND technicians_3.id = assignments_1.technician_id), chr(1)), '}') AS concat_3 
FROM assignments AS assignments_1 
WHERE assignments_1.organization_id = $1::UUID AND assignments_1.ticket_id = anon_1.id AND assignments_1.status IN ('ASSIGNED', 'ACCEPTED', 'EN_ROUTE', 'IN_PROGRESS', 'PAUSED')), 'null'), ',"comments":', (SELECT concat('{"totalCount":', (SELECT count(*) AS count_2 
FROM comments AS counted 
WHERE counted.organization_id = $1::UUID AND counted.deleted_at IS NULL AND NOT counted.internal AND counted.ticket_id = anon_1.id), ',"nodes":[', string_agg(concat('{"body":', to_json(anon_2.body), ',"internal":', CASE WHEN anon_2.internal THEN 'true' ELSE 'false' END, ',"author":', coalesce((SELECT concat('{"name":', to_json(users_3.name), '}') AS concat_6 
FROM users AS users_3 
WHERE users_3.organization_id = $1::UUID AND (users_3.id = $2::UUID OR (users_3.roles && ARRAY['TECHNICIAN', 'SENIOR_TECHNICIAN', 'DISPATCHER', 'TEAM_LEAD', 'MANAGER', 'ADMIN']) OR (EXISTS (SELECT * 
FROM technicians AS technicians_4 
WHERE technicians_4.organization_id = users_3.organization_id AND technicians_4.user_id = users_3.id)) OR (EXISTS (SELECT * 
FROM customer_users AS customer_users_3 
WHERE customer_users_3.organization_id = users_3.organization_id AND customer_users_3.user_id = users_3.id AND customer_users_3.customer_id = ANY ($3::UUID[]))) OR (EXISTS (SELECT * 
FROM tickets AS tickets_3 
WHERE tickets_3.organization_id = users_3.organization_id AND tickets_3.requester_id = users_3.id AND tickets_3.customer_id = ANY ($3::UUID[])))) AND users_3.id = anon_2.author_id), 'null'), '}'), ','), ']}') AS concat_5 
FROM (SELECT anon_3.organization_id AS organization_id, anon_3.id AS id, anon_3.ticket_id AS ticket_id, anon_3.author_id AS author_id, anon_3.body AS body, anon_3.internal AS internal, anon_3.system_generated AS system_generated, anon_3.edited_at AS edited_at, anon_3.deleted_at AS deleted_at, anon_3.version AS version, anon_3.created_at AS created_at, anon_3.updated_at AS updated_at 
FROM (SELECT comments_1.organization_id AS organization_id, comments_1.id AS id, comments_1.ticket_id AS ticket_id, comments_1.author_id AS author_id, comments_1.body AS body, comments_1.internal AS internal, comments_1.system_generated AS system_generated, comments_1.edited_at AS edited_at, comments_1.deleted_at AS deleted_at, comments_1.version AS version, comments_1.created_at AS created_at, comments_1.updated_at AS updated_at 
FROM comments AS comments_1 
WHERE comments_1.organization_id = $1::UUID AND comments_1.deleted_at IS NULL AND NOT comments_1.internal AND comments_1.ticket_id = anon_1.id ORDER BY comments_1.created_at ASC, comments_1.id ASC 
 LIMIT 101) AS anon_3 
 LIMIT $4::BIGINT) AS anon_2 
HAVING true), ',"requiredParts":[', (SELECT string_agg(concat('{"quantity":', ticket_required_parts_1.quantity, ',"part":', coalesce((SELECT concat('{"name":', to_json(parts_1.name), ',"unitCost":', CASE WHEN (CASE WHEN false THEN parts_1.unit_cost ELSE NULL END IS NOT NULL) THEN concat('{"amount":"', CASE WHEN false THEN parts_1.unit_cost ELSE NULL END, '"}') ELSE 'null' END, '}') AS concat_7 
FROM parts AS parts_1 
WHERE parts_1.organization_id = $1::UUID AND parts_1.id = ticket_required_parts_1.part_id), chr(1)), '}'), ',' ORDER BY ticket_required_parts_1.part_id ASC) AS string_agg_1 
FROM ticket_required_parts AS ticket_required_parts_1 
WHERE ticket_required_parts_1.organization_id = $1::UUID AND ticket_required_parts_1.ticket_id = anon_1.id), '],"viewerCan":', (SELECT concat('{"update":', CASE WHEN ($5::BOOLEAN OR $6::BOOLEAN AND coalesce(anon_4.holder_id, anon_4.latest_id) = $7::UUID OR $8::BOOLEAN AND (anon_1.requester_id = $2::UUID OR anon_1.customer_id = ANY ($3::UUID[]))) THEN 'true' ELSE 'false' END, ',"reopen":', CASE WHEN (anon_1.status IN ('RESOLVED', 'CLOSED') AND ($9::BOOLEAN OR $10::BOOLEAN AND (anon_1.requester_id = $2::UUID OR coalesce(anon_4.holder_id, anon_4.latest_id) = $7::UUID) OR $11::BOOLEAN AND anon_1.requester_id = $2::UUID)) THEN 'true' ELSE 'false' END, ',"commentInternally":', CASE WHEN $12::BOOLEAN THEN 'true' ELSE 'false' END, '}') AS concat_8 
FROM (SELECT (SELECT assignments_2.technician_id 
FROM assignments AS assignments_2 
WHERE assignments_2.organization_id = anon_1.organization_id AND assignments_2.ticket_id = anon_1.id AND assignments_2.status IN ('ASSIGNED', 'ACCEPTED', 'EN_ROUTE', 'IN_PROGRESS', 'PAUSED')) AS holder_id, (SELECT assignments_2.technician_id 
FROM assignments AS assignments_2 
WHERE assignments_2.organization_id = anon_1.organization_id AND assignments_2.ticket_id = anon_1.id ORDER BY assignments_2.sequence DESC 
 LIMIT 1) AS latest_id) AS anon_4), '}'), ','), ']}') AS concat_1 
FROM (SELECT anon_5.organization_id AS organization_id, anon_5.id AS id, anon_5.ticket_number AS ticket_number, anon_5.title AS title, anon_5.description AS description, anon_5.status AS status, anon_5.status_rank AS status_rank, anon_5.priority AS priority, anon_5.category AS category, anon_5.environment AS environment, anon_5.affected_service AS affected_service, anon_5.tags AS tags, anon_5.custom_fields AS custom_fields, anon_5.customer_id AS customer_id, anon_5.asset_id AS asset_id, anon_5.requester_id AS requester_id, anon_5.territory_id AS territory_id, anon_5.latitude AS latitude, anon_5.longitude AS longitude, anon_5.address AS address, anon_5.escalation_count AS escalation_count, anon_5.escalation_tier_level AS escalation_tier_level, anon_5.resolution_notes AS resolution_notes, anon_5.resolved_at AS resolved_at, anon_5.closed_at AS closed_at, anon_5.deleted_at AS deleted_at, anon_5.sla_policy_id AS sla_policy_id, anon_5.sla_due_at AS sla_due_at, anon_5.sla_state AS sla_state, anon_5.sla_due_first AS sla_due_first, anon_5.sla_due_last AS sla_due_last, anon_5.version AS version, anon_5.created_at AS created_at, anon_5.updated_at AS updated_at 
FROM (SELECT tickets.organization_id AS organization_id, tickets.id AS id, tickets.ticket_number AS ticket_number, tickets.title AS title, tickets.description AS description, tickets.status AS status, tickets.status_rank AS status_rank, tickets.priority AS priority, tickets.category AS category, tickets.environment AS environment, tickets.affected_service AS affected_service, tickets.tags AS tags, tickets.custom_fields AS custom_fields, tickets.customer_id AS customer_id, tickets.asset_id AS asset_id, tickets.requester_id AS requester_id, tickets.territory_id AS territory_id, tickets.latitude AS latitude, tickets.longitude AS longitude, tickets.address AS address, tickets.escalation_count AS escalation_count, tickets.escalation_tier_level AS escalation_tier_level, tickets.resolution_notes AS resolution_notes, tickets.resolved_at AS resolved_at, tickets.closed_at AS closed_at, tickets.deleted_at AS deleted_at, tickets.sla_policy_id AS sla_policy_id, tickets.sla_due_at AS sla_due_at, tickets.sla_state AS sla_state, tickets.sla_due_first AS sla_due_first, tickets.sla_due_last AS sla_due_last, tickets.version AS version, tickets.created_at AS created_at, tickets.updated_at AS updated_at 
FROM tickets 
WHERE tickets.organization_id = $1::UUID AND tickets.deleted_at IS NULL AND (tickets.requester_id = $2::UUID OR tickets.customer_id = ANY ($3::UUID[])) ORDER BY tickets.created_at DESC, tickets.id DESC 
 LIMIT 101) AS anon_5 
 LIMIT $13::BIGINT) AS anon_1 
HAVING true), '}'), 'UTF8') AS convert_to_1
