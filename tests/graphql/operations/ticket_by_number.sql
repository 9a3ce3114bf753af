-- $1 organization_id
-- $2 value_0_0
SELECT convert_to(concat('{"ticket":', coalesce((SELECT concat('{"id":"', encode(CAST('Ticket:' || CAST(tickets_1.id AS TEXT) AS BYTEA), 'base64'), '","ticketNumber":', to_json(tickets_1.ticket_number), ',"title":', to_json(tickets_1.title), ',"status":"', tickets_1.status, '","customer":', coalesce((SELECT concat('{"name":', to_json(customers_1.name), '}') AS concat_2 
FROM customers AS customers_1 
WHERE customers_1.organization_id = $1::UUID AND customers_1.id = tickets_1.customer_id), 'null'), '}') AS concat_1 
FROM tickets AS tickets_1 
WHERE tickets_1.organization_id = $1::UUID AND tickets_1.deleted_at IS NULL AND tickets_1.ticket_number = $2::VARCHAR), 'null'), '}'), 'UTF8') AS convert_to_1
