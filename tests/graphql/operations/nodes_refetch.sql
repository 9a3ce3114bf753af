-- $1 organization_id
-- $2 value_0_0
-- $3 value_0_1
SELECT convert_to(concat('{"nodes":[', (SELECT string_agg(CASE WHEN (anon_1.kind = 'Team') THEN coalesce((SELECT concat('{"__typename":"Team","id":"', encode(CAST('Team:' || CAST(teams_1.id AS TEXT) AS BYTEA), 'base64'), '","name":', to_json(teams_1.name), ',"members":[', (SELECT string_agg(concat('{"name":', coalesce((SELECT CAST(to_json(users_1.name) AS TEXT) AS to_json_1 
FROM users AS users_1 
WHERE users_1.organization_id = $1::UUID AND users_1.id = technicians_1.user_id), chr(1)), '}'), ',' ORDER BY technicians_1.id ASC) AS string_agg_2 
FROM technicians AS technicians_1 
WHERE technicians_1.organization_id = $1::UUID AND technicians_1.team_id = teams_1.id), ']}') AS concat_1 
FROM teams AS teams_1 
WHERE teams_1.organization_id = $1::UUID AND teams_1.id = anon_1.key), 'null') WHEN (anon_1.kind = 'Technician') THEN coalesce((SELECT concat('{"__typename":"Technician","id":"', encode(CAST('Technician:' || CAST(technicians_2.id AS TEXT) AS BYTEA), 'base64'), '","name":', coalesce((SELECT CAST(to_json(users_2.name) AS TEXT) AS to_json_2 
FROM users AS users_2 
WHERE users_2.organization_id = $1::UUID AND users_2.id = technicians_2.user_id), chr(1)), ',"tier":', coalesce((SELECT concat('{"name":', to_json(escalation_tiers_1.name), '}') AS concat_3 
FROM escalation_tiers AS escalation_tiers_1 
WHERE escalation_tiers_1.organization_id = $1::UUID AND escalation_tiers_1.level = technicians_2.tier_level), 'null'), '}') AS concat_2 
FROM technicians AS technicians_2 
WHERE technicians_2.organization_id = $1::UUID AND technicians_2.id = anon_1.key), 'null') WHEN (anon_1.kind = 'Customer') THEN coalesce((SELECT concat('{"__typename":"Customer","id":"', encode(CAST('Customer:' || CAST(customers_1.id AS TEXT) AS BYTEA), 'base64'), '","name":', to_json(customers_1.name), ',"assets":[', (SELECT string_agg(concat('{"name":', to_json(assets_1.name), '}'), ',' ORDER BY assets_1.name ASC, assets_1.id ASC) AS string_agg_3 
FROM assets AS assets_1 
WHERE assets_1.organization_id = $1::UUID AND assets_1.customer_id = customers_1.id), ']}') AS concat_4 
FROM customers AS customers_1 
WHERE customers_1.organization_id = $1::UUID AND customers_1.id = anon_1.key), 'null') WHEN (anon_1.kind = 'Part') THEN coalesce((SELECT concat('{"__typename":"Part","id":"', encode(CAST('Part:' || CAST(parts_1.id AS TEXT) AS BYTEA), 'base64'), '","partNumber":', to_json(parts_1.part_number), ',"stock":', parts_1.stock, ',"unitCost":', CASE WHEN (parts_1.unit_cost IS NOT NULL) THEN concat('{"amount":"', parts_1.unit_cost, '","currency":', to_json(parts_1.currency), '}') ELSE 'null' END, '}') AS concat_5 
FROM parts AS parts_1 
WHERE parts_1.organization_id = $1::UUID AND parts_1.id = anon_1.key), 'null') WHEN (anon_1.kind = 'Ticket') THEN coalesce((SELECT concat('{"__typename":"Ticket","id":"', encode(CAST('Ticket:' || CAST(tickets_1.id AS TEXT) AS BYTEA), 'base64'), '","title":', to_json(tickets_1.title), ',"customer":', coalesce((SELECT concat('{"name":', to_json(customers_2.name), '}') AS concat_7 
FROM customers AS customers_2 
WHERE customers_2.organization_id = $1::UUID AND customers_2.id = tickets_1.customer_id), 'null'), '}') AS concat_6 
FROM tickets AS tickets_1 
WHERE tickets_1.organization_id = $1::UUID AND tickets_1.deleted_at IS NULL AND tickets_1.id = anon_1.key), 'null') WHEN (anon_1.kind = 'Comment') THEN coalesce((SELECT concat('{"__typename":"Comment","id":"', encode(CAST('Comment:' || CAST(comments_1.id AS TEXT) AS BYTEA), 'base64'), '","body":', to_json(comments_1.body), ',"author":', coalesce((SELECT concat('{"name":', to_json(users_3.name), '}') AS concat_9 
FROM users AS users_3 
WHERE users_3.organization_id = $1::UUID AND users_3.id = comments_1.author_id), 'null'), '}') AS concat_8 
FROM comments AS comments_1 
WHERE comments_1.organization_id = $1::UUID AND comments_1.deleted_at IS NULL AND (EXISTS (SELECT * 
FROM tickets AS tickets_2 
WHERE tickets_2.organization_id = comments_1.organization_id AND tickets_2.id = comments_1.ticket_id AND tickets_2.deleted_at IS NULL)) AND comments_1.id = anon_1.key), 'null') END, ',' ORDER BY anon_1.at) AS string_agg_1 
FROM unnest($2::TEXT[], $3::UUID[]) WITH ORDINALITY AS anon_1(kind, key, at)), ']}'), 'UTF8') AS convert_to_1
