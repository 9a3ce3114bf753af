-- $1 organization_id
-- $2 viewer_user_id
-- $3 viewer_customer_ids
-- $4 now
-- $5 value_0_0
SELECT convert_to(concat('{"ticket":', coalesce((SELECT concat('{"ticketNumber":', to_json(tickets_1.ticket_number), ',"currentAssignment":', coalesce((SELECT concat('{"status":"', assignments_1.status, '","technician":', coalesce((SELECT concat('{"name":', coalesce((SELECT CAST(to_json(users_1.name) AS TEXT) AS to_json_1 
FROM users AS users_1 
WHERE users_1.organization_id = $1::UUID AND (users_1.id = $2::UUID OR (users_1.roles && ARRAY['TECHNICIAN', 'SENIOR_TECHNICIAN', 'DISPATCHER', 'TEAM_LEAD', 'MANAGER', 'ADMIN']) OR (EXISTS (SELECT * 
FROM technicians AS technicians_1 
WHERE technicians_1.organization_id = users_1.organization_id AND technicians_1.user_id = users_1.id)) OR (EXISTS (SELECT * 
FROM customer_users AS customer_users_1 
WHERE customer_users_1.organization_id = users_1.organization_id AND customer_users_1.user_id = users_1.id AND customer_users_1.customer_id = ANY ($3::UUID[]))) OR (EXISTS (SELECT * 
FROM tickets AS tickets_2 
WHERE tickets_2.organization_id = users_1.organization_id AND tickets_2.requester_id = users_1.id AND tickets_2.customer_id = ANY ($3::UUID[])))) AND users_1.id = technicians_2.user_id), chr(1)), ',"lastLocation":', coalesce((SELECT concat('{"point":{"lat":', json_float(technician_locations_1.latitude), ',"lon":', json_float(technician_locations_1.longitude), '},"recordedAt":"', to_char(technician_locations_1.recorded_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '","stale":', CASE WHEN (technician_locations_1.recorded_at < $4::TIMESTAMP WITH TIME ZONE - interval '300 seconds') THEN 'true' ELSE 'false' END, '}') AS concat_4 
FROM technician_locations AS technician_locations_1 
WHERE technician_locations_1.organization_id = $1::UUID AND (EXISTS (SELECT * 
FROM assignments AS assignments_2 JOIN tickets AS tickets_3 ON assignments_2.organization_id = tickets_3.organization_id AND assignments_2.ticket_id = tickets_3.id 
WHERE assignments_2.organization_id = technician_locations_1.organization_id AND assignments_2.technician_id = technician_locations_1.technician_id AND assignments_2.status IN ('EN_ROUTE', 'IN_PROGRESS', 'PAUSED') AND tickets_3.requester_id = $2::UUID AND tickets_3.deleted_at IS NULL)) AND technician_locations_1.technician_id = technicians_2.id), 'null'), '}') AS concat_3 
FROM technicians AS technicians_2 
WHERE technicians_2.organization_id = $1::UUID AND technicians_2.id = assignments_1.technician_id), chr(1)), '}') AS concat_2 
FROM assignments AS assignments_1 
WHERE assignments_1.organization_id = $1::UUID AND assignments_1.ticket_id = tickets_1.id AND assignments_1.status IN ('ASSIGNED', 'ACCEPTED', 'EN_ROUTE', 'IN_PROGRESS', 'PAUSED')), 'null'), '}') AS concat_1 
FROM tickets AS tickets_1 
WHERE tickets_1.organization_id = $1::UUID AND tickets_1.deleted_at IS NULL AND (tickets_1.requester_id = $2::UUID OR tickets_1.customer_id = ANY ($3::UUID[])) AND tickets_1.id = $5::UUID), 'null'), '}'), 'UTF8') AS convert_to_1
