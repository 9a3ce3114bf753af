-- $1 organization_id
-- $2 value_0_2
-- $3 value_0_1
-- $4 value_0_0
SELECT convert_to(concat('{"technicians":', (SELECT concat('{"totalCount":', (SELECT count(*) AS count_1 
FROM technicians 
WHERE technicians.organization_id = $1::UUID AND technicians.tier_level >= $2::BIGINT AND technicians.active IS true AND NOT (EXISTS (SELECT anon_1.skill_id 
FROM unnest(CAST(ARRAY[$3::UUID] AS UUID[])) AS anon_1(skill_id) 
WHERE NOT (EXISTS (SELECT * 
FROM technician_skills 
WHERE technician_skills.organization_id = technicians.organization_id AND technician_skills.technician_id = technicians.id AND technician_skills.skill_id = anon_1.skill_id))))), ',"nodes":[', string_agg(concat('{"id":"', encode(CAST('Technician:' || CAST(anon_2.id AS TEXT) AS BYTEA), 'base64'), '","name":', coalesce((SELECT CAST(to_json(users_1.name) AS TEXT) AS to_json_1 
FROM users AS users_1 
WHERE users_1.organization_id = $1::UUID AND users_1.id = anon_2.user_id), chr(1)), ',"specialization":', coalesce((SELECT CAST(to_json(skills_1.name) AS TEXT) AS to_json_2 
FROM skills AS skills_1 
WHERE skills_1.organization_id = $1::UUID AND skills_1.id = anon_2.main_skill_id), 'null'), ',"tier":', coalesce((SELECT concat('{"level":', escalation_tiers_1.level, '}') AS concat_2 
FROM escalation_tiers AS escalation_tiers_1 
WHERE escalation_tiers_1.organization_id = $1::UUID AND escalation_tiers_1.level = anon_2.tier_level), 'null'), ',"team":', coalesce((SELECT concat('{"name":', to_json(teams_1.name), '}') AS concat_3 
FROM teams AS teams_1 
WHERE teams_1.organization_id = $1::UUID AND teams_1.id = anon_2.team_id), 'null'), ',"territories":[', (SELECT string_agg(concat('{"name":', to_json(territories_1.name), '}'), ',' ORDER BY territories_1.name ASC, territories_1.id ASC) AS string_agg_1 
FROM technician_territories AS technician_territories_1 JOIN territories AS territories_1 ON technician_territories_1.organization_id = territories_1.organization_id AND technician_territories_1.territory_id = territories_1.id 
WHERE territories_1.organization_id = $1::UUID AND technician_territories_1.technician_id = anon_2.id), '],"currentJob":', coalesce((SELECT concat('{"id":"', encode(CAST('Assignment:' || CAST(assignments_1.id AS TEXT) AS BYTEA), 'base64'), '"}') AS concat_4 
FROM assignments AS assignments_1 
WHERE assignments_1.organization_id = $1::UUID AND (EXISTS (SELECT * 
FROM tickets AS tickets_1 
WHERE tickets_1.organization_id = assignments_1.organization_id AND tickets_1.id = assignments_1.ticket_id AND tickets_1.deleted_at IS NULL)) AND assignments_1.technician_id = anon_2.id AND assignments_1.status = 'IN_PROGRESS' ORDER BY assignments_1.started_at ASC, assignments_1.id ASC 
 LIMIT 1), 'null'), '}'), ','), ']}') AS concat_1 
FROM (SELECT anon_3.organization_id AS organization_id, anon_3.id AS id, anon_3.external_id AS external_id, anon_3.user_id AS user_id, anon_3.team_id AS team_id, anon_3.tier_level AS tier_level, anon_3.main_skill_id AS main_skill_id, anon_3.years_experience AS years_experience, anon_3.home_latitude AS home_latitude, anon_3.home_longitude AS home_longitude, anon_3.active AS active, anon_3.rating_total AS rating_total, anon_3.rating_count AS rating_count, anon_3.version AS version, anon_3.created_at AS created_at, anon_3.updated_at AS updated_at 
FROM (SELECT technicians.organization_id AS organization_id, technicians.id AS id, technicians.external_id AS external_id, technicians.user_id AS user_id, technicians.team_id AS team_id, technicians.tier_level AS tier_level, technicians.main_skill_id AS main_skill_id, technicians.years_experience AS years_experience, technicians.home_latitude AS home_latitude, technicians.home_longitude AS home_longitude, technicians.active AS active, technicians.rating_total AS rating_total, technicians.rating_count AS rating_count, technicians.version AS version, technicians.created_at AS created_at, technicians.updated_at AS updated_at 
FROM technicians 
WHERE technicians.organization_id = $1::UUID AND technicians.tier_level >= $2::BIGINT AND technicians.active IS true AND NOT (EXISTS (SELECT anon_1.skill_id 
FROM unnest(CAST(ARRAY[$3::UUID] AS UUID[])) AS anon_1(skill_id) 
WHERE NOT (EXISTS (SELECT * 
FROM technician_skills 
WHERE technician_skills.organization_id = technicians.organization_id AND technician_skills.technician_id = technicians.id AND technician_skills.skill_id = anon_1.skill_id)))) ORDER BY technicians.id ASC 
 LIMIT 101) AS anon_3 
 LIMIT $4::BIGINT) AS anon_2 
HAVING true), '}'), 'UTF8') AS convert_to_1
