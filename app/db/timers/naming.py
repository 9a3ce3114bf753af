"""The names that pgqueuer's tables have here, whatever the environment says."""

from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.types import Channel

SETTINGS = DBSettings(
    prefix="",
    durability=Durability.durable,
    channel=Channel("ch_pgqueuer"),
    function="fn_pgqueuer_changed",
    statistics_table="pgqueuer_statistics",
    queue_status_type="pgqueuer_status",
    queue_table="pgqueuer",
    queue_table_log="pgqueuer_log",
    trigger="tg_pgqueuer_changed",
    schedules_table="pgqueuer_schedules",
)
