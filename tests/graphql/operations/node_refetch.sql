-- $1 organization_id
-- $2 value_0_0
SELECT convert_to(concat('{"node":', coalesce((SELECT concat('{"__typename":"Assignment","id":"', encode(CAST('Assignment:' || CAST(assignments_1.id AS TEXT) AS BYTEA), 'base64'), '","version":', assignments_1.version, ',"updatedAt":"', to_char(assignments_1.updated_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '","jobStatus":"', assignments_1.status, '","ticket":', coalesce((SELECT concat('{"id":"', encode(CAST('Ticket:' || CAST(tickets_1.id AS TEXT) AS BYTEA), 'base64'), '","title":', to_json(tickets_1.title), '}') AS concat_2 
FROM tickets AS tickets_1 
WHERE tickets_1.organization_id = $1::UUID AND tickets_1.deleted_at IS NULL AND tickets_1.id = assignments_1.ticket_id), chr(1)), ',"technician":', coalesce((SELECT concat('{"name":', coalesce((SELECT CAST(to_json(users_1.name) AS TEXT) AS to_json_1 
FROM users AS users_1 
WHERE users_1.organization_id = $1::UUID AND users_1.id = technicians_1.user_id), chr(1)), '}') AS concat_3 
FROM technicians AS technicians_1 
WHERE technicians_1.organization_id = $1::UUID AND technicians_1.id = assignments_1.technician_id), chr(1)), '}') AS concat_1 
FROM assignments AS assignments_1 
WHERE assignments_1.organization_id = $1::UUID AND (EXISTS (SELECT * 
FROM tickets AS tickets_2 
WHERE tickets_2.organization_id = assignments_1.organization_id AND tickets_2.id = assignments_1.ticket_id AND tickets_2.deleted_at IS NULL)) AND assignments_1.id = $2::UUID), 'null'), '}'), 'UTF8') AS convert_to_1
