"""Rows from before their checks were there are healed, and the database refuses their like from now on.

What becomes of them follows from the rows alone:

- a day that was kept as infinity, or that no client can read, becomes the first or the last day there is, 0001-01-02 or
  9999-12-30; so does a moment, at midnight UTC. An API key that was never to end ends as late as a new one may;
- a time zone that is none becomes the organisation's, and the organisation's own becomes UTC;
- alerts are booked within at most the 14 days that are searched;
- keys of users whose data was erased are revoked, as of then.

No event tells of it and no version goes up: the log says what somebody did. Servers of the release before, which keep
agendas by what the log tells, see it once they are started anew.
"""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

FIRST, LAST = "0001-01-02", "9999-12-30"
DAYS = {"technician_skills": "expires_on", "territory_holidays": "day"}
LISTS_OF_DAYS = {"business_calendars": "holidays", "appointment_series": "exceptions"}
STRETCHES = ("shifts", "shift_breaks", "time_off")
ZONED = ("organizations", "territories", "business_calendars", "appointment_series", "appointments")
# Zones that are no place's; no new ones come.
PLACELESS = (
    "CET CST6CDT Cuba EET EST EST5EDT Egypt Eire GB GB-Eire GMT GMT+0 GMT-0 GMT0 Greenwich HST Hongkong Iceland Iran"
    " Israel Jamaica Japan Kwajalein Libya MET MST MST7MDT NZ NZ-CHAT Navajo PRC PST8PDT Poland Portugal ROC ROK"
    " Singapore Turkey UCT UTC Universal W-SU WET Zulu"
)

# The database itself also takes what it can calculate with and nobody has named, such as Foo3.
IS_TIME_ZONE = f"""
    CREATE FUNCTION is_time_zone(name text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
    BEGIN
        RETURN (name ~ '^[A-Z][A-Za-z]+(/[A-Z][A-Za-z_-]+){{1,2}}$'
                OR name ~ '^Etc/GMT([+-]?0|[+]([1-9]|1[0-2])|-([1-9]|1[0-4]))$'
                OR name = ANY (string_to_array('{PLACELESS}', ' ')))
            AND timezone(name, timestamptz 'epoch') IS NOT NULL;
    EXCEPTION WHEN invalid_parameter_value THEN
        RETURN false;
    END
    $$
"""

# Not validated, as all is healed that is there: so a dump is restored even where the database knows fewer zones.
CHECKS = (
    *((table, "time_zone", "is_time_zone(time_zone)") for table in ZONED),
    *((table, column, f"{column} BETWEEN date '{FIRST}' AND date '{LAST}'") for table, column in DAYS.items()),
    *(
        (table, column, f"date '{FIRST}' <= ALL ({column}) AND date '{LAST}' >= ALL ({column})")
        for table, column in LISTS_OF_DAYS.items()
    ),
    *((table, "ends", "isfinite(starts_at) AND isfinite(ends_at)") for table in STRETCHES),
    ("api_keys", "expires_at", "isfinite(expires_at)"),
    ("organization_settings", "auto_book_within_days", "auto_book_within_days <= 14"),
)


def within(column: str, kind: str) -> str:
    """Return what becomes of a day or a moment."""
    zone = "" if kind == "date" else " 00:00:00+00"
    return f"least(greatest({column}, {kind} '{FIRST}{zone}'), {kind} '{LAST}{zone}')"


HEALED = (
    f"""
    UPDATE public.technician_skills SET expires_on = {within("expires_on", "date")}
    WHERE organization_id = each AND expires_on NOT BETWEEN date '{FIRST}' AND date '{LAST}'
    """,
    # The day that it becomes may be there already.
    f"""
    INSERT INTO public.territory_holidays (organization_id, territory_id, day, name)
    SELECT organization_id, territory_id, {within("day", "date")}, name FROM public.territory_holidays
    WHERE organization_id = each AND day NOT BETWEEN date '{FIRST}' AND date '{LAST}'
    ORDER BY territory_id, day
    ON CONFLICT DO NOTHING
    """,
    f"""
    DELETE FROM public.territory_holidays
    WHERE organization_id = each AND day NOT BETWEEN date '{FIRST}' AND date '{LAST}'
    """,
    *(
        f"""
        UPDATE public.{table}
        SET {column} = ARRAY(SELECT DISTINCT {within("day", "date")} FROM unnest({column}) AS day ORDER BY 1)
        WHERE organization_id = each AND NOT (date '{FIRST}' <= ALL ({column}) AND date '{LAST}' >= ALL ({column}))
        """
        for table, column in LISTS_OF_DAYS.items()
    ),
    *(
        f"""
        UPDATE public.{table}
        SET starts_at = {within("starts_at", "timestamptz")}, ends_at = {within("ends_at", "timestamptz")}
        WHERE organization_id = each AND NOT (isfinite(starts_at) AND isfinite(ends_at))
        """
        for table in STRETCHES
    ),
    """
    UPDATE public.api_keys
    SET expires_at = least(greatest(expires_at, created_at), created_at + interval '1830 days')
    WHERE organization_id = each AND NOT isfinite(expires_at)
    """,
    *(
        f"""
        UPDATE public.{table} AS healed SET time_zone = {"'UTC'" if table == "organizations" else "mine.time_zone"}
        FROM public.organizations AS mine
        WHERE healed.organization_id = each AND mine.organization_id = each AND healed.time_zone IN (
            SELECT named.time_zone
            FROM (SELECT DISTINCT time_zone FROM public.{table} WHERE organization_id = each) AS named
            WHERE NOT public.is_time_zone(named.time_zone))
        """
        for table in ZONED
    ),
    """
    UPDATE public.organization_settings SET auto_book_within_days = 14
    WHERE organization_id = each AND auto_book_within_days > 14
    """,
    """
    UPDATE public.api_keys AS k SET revoked_at = greatest(k.created_at, gone.at)
    FROM (
        SELECT subject_id, min(erased_at) AS at FROM public.erasures
        WHERE organization_id = each AND kind = 'USER' GROUP BY subject_id
    ) AS gone
    WHERE k.organization_id = each AND k.user_id = gone.subject_id AND k.revoked_at IS NULL
    """,
)

# Each organisation in turn, because the policies hold here too.
HEAL = f"""
    DO $$
    DECLARE
        organizations uuid[];
        each uuid;
        before text := current_setting('app.organization_id', true);
    BEGIN
        SET LOCAL ROLE fieldgraph_system;
        SELECT coalesce(array_agg(organization_id), ARRAY[]::uuid[]) INTO organizations FROM public.event_heads;
        RESET ROLE;
        FOREACH each IN ARRAY organizations LOOP
            PERFORM set_config('app.organization_id', each::text, true);
            {";".join(HEALED)};
        END LOOP;
        PERFORM set_config('app.organization_id', coalesce(before, ''), true);
    END
    $$
"""


def upgrade() -> None:
    op.execute(IS_TIME_ZONE)
    # Nobody writes another such row between its being healed and its being forbidden.
    op.execute(f"LOCK TABLE {', '.join(sorted({table for table, _, _ in CHECKS}))} IN SHARE ROW EXCLUSIVE MODE")
    op.execute(HEAL)
    for table, name, check in CHECKS:
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {table}_{name}_sensible CHECK ({check}) NOT VALID")


def downgrade() -> None:
    for table, name, _ in reversed(CHECKS):
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_{name}_sensible")
    op.execute("DROP FUNCTION is_time_zone(text)")
