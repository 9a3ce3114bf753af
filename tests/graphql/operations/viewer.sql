-- $1 viewer_roles
-- $2 organization_id
-- $3 viewer_user_id
-- $4 cursor_start
-- $5 cursor_outer
-- $6 cursor_inner
-- $7 viewer_technician_id
SELECT convert_to(concat('{"viewer":{"roles":', array_to_json($1::TEXT[]), ',"user":', coalesce((SELECT concat('{"id":"', encode(CAST('User:' || CAST(users_1.id AS TEXT) AS BYTEA), 'base64'), '","name":', to_json(users_1.name), ',"email":', coalesce(CAST(to_json(users_1.email) AS TEXT), 'null'), ',"customers":[', (SELECT string_agg(concat('{"id":"', encode(CAST('Customer:' || CAST(customers_1.id AS TEXT) AS BYTEA), 'base64'), '","name":', to_json(customers_1.name), '}'), ',' ORDER BY customers_1.name ASC, customers_1.id ASC) AS string_agg_1 
FROM customer_users AS customer_users_1 JOIN customers AS customers_1 ON customer_users_1.organization_id = customers_1.organization_id AND customer_users_1.customer_id = customers_1.id 
WHERE customers_1.organization_id = $2::UUID AND customer_users_1.user_id = users_1.id), ']}') AS concat_1 
FROM users AS users_1 
WHERE users_1.organization_id = $2::UUID AND users_1.id = $3::UUID), chr(1)), ',"organization":', coalesce((SELECT concat('{"id":"', encode(CAST('Organization:' || CAST(organizations_1.id AS TEXT) AS BYTEA), 'base64'), '","name":', to_json(organizations_1.name), ',"timeZone":', to_json(organizations_1.time_zone), ',"latestEventCursor":"', translate(encode(($4::BYTEA || int8send(coalesce((SELECT event_heads.position 
FROM event_heads 
WHERE event_heads.organization_id = $2::UUID), 0))) || substr(sha256($5::BYTEA || sha256($6::BYTEA || ($4::BYTEA || int8send(coalesce((SELECT event_heads.position 
FROM event_heads 
WHERE event_heads.organization_id = $2::UUID), 0))))), 1, 16), 'base64'), E'+/\n', '-_'), '","tiers":[', (SELECT string_agg(concat('{"level":', escalation_tiers_1.level, ',"code":', to_json(escalation_tiers_1.code), ',"name":', to_json(escalation_tiers_1.name), ',"acceptWithinMinutes":', coalesce(CAST(escalation_tiers_1.accept_within_minutes AS TEXT), 'null'), ',"team":', coalesce((SELECT concat('{"name":', to_json(teams_1.name), '}') AS concat_3 
FROM teams AS teams_1 
WHERE teams_1.organization_id = $2::UUID AND teams_1.id = escalation_tiers_1.team_id), 'null'), '}'), ',' ORDER BY escalation_tiers_1.level ASC) AS string_agg_2 
FROM escalation_tiers AS escalation_tiers_1 
WHERE escalation_tiers_1.organization_id = $2::UUID AND escalation_tiers_1.organization_id = organizations_1.organization_id), ']}') AS concat_2 
FROM organizations AS organizations_1 
WHERE organizations_1.organization_id = $2::UUID AND organizations_1.id = $2::UUID), chr(1)), ',"technician":', coalesce((SELECT concat('{"id":"', encode(CAST('Technician:' || CAST(technicians_1.id AS TEXT) AS BYTEA), 'base64'), '","active":', CASE WHEN technicians_1.active THEN 'true' ELSE 'false' END, ',"tier":', coalesce((SELECT concat('{"level":', escalation_tiers_2.level, '}') AS concat_5 
FROM escalation_tiers AS escalation_tiers_2 
WHERE escalation_tiers_2.organization_id = $2::UUID AND escalation_tiers_2.level = technicians_1.tier_level), 'null'), '}') AS concat_4 
FROM technicians AS technicians_1 
WHERE technicians_1.organization_id = $2::UUID AND technicians_1.id = $7::UUID), 'null'), '}}'), 'UTF8') AS convert_to_1
