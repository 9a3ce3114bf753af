"""All that one process counts."""

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest

from app.domain.deliveries import Channel
from app.domain.events import EventType
from app.domain.refusals import ErrorCode
from app.domain.timers import TimerKind
from app.metrics.counting import Durations, Level, Names, Tally, Underway

MOST_NAMES = 100
TEXT = "text/plain; version=0.0.4; charset=utf-8"


class Figures:
    """The figures of one process, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = new = CollectorRegistry()
        self._names = Names(MOST_NAMES)
        self._operations = Tally(
            new,
            "fieldgraph_operations",
            "Operations by their names, how they came to their answers, and the code of the first error, else OK.",
            ("name", "kind", "path", "code"),
        )
        self._seconds = Durations(
            new,
            "fieldgraph_operation_seconds",
            "How long queries and mutations took, by their names and how they came to their answers.",
            ("name", "path"),
        )
        self.refused = Tally(
            new, "fieldgraph_requests_refused", "Requests that were not executed, by the code of the error.", ("code",)
        )
        self.cost = Tally(new, "fieldgraph_cost_spent", "What operations have paid of their callers' allowances.")
        self.throttled = Tally(
            new, "fieldgraph_operations_throttled", "Operations whose callers had nothing left to pay with."
        )
        self.refusals = Tally(
            new,
            "fieldgraph_refusals",
            "Changes that mutations have refused, by code.",
            ("code",),
            [(code.value,) for code in ErrorCode],
        )
        self.events = Tally(
            new,
            "fieldgraph_events",
            "Events that this process has written to the log, by type.",
            ("type",),
            [(each.value,) for each in EventType],
        )
        self.repeats = Tally(new, "fieldgraph_repeats", "Changes that were asked for again under the same key.")
        self.resets = Tally(
            new, "fieldgraph_stream_resets", "Streams whose readers had to read anew, by reason.", ("reason",)
        )
        self.closes = Tally(
            new, "fieldgraph_websocket_closes", "Websockets that the server has closed, by code.", ("code",)
        )
        self.sockets = Underway(new, "fieldgraph_websockets", "Websockets that are open.")
        self.streams = Underway(new, "fieldgraph_streams", "Subscriptions that are followed.")
        self.slot_searches = Durations(
            new, "fieldgraph_slot_search_seconds", "How long searches for slots took, their reads aside."
        )
        self.slots_found = Tally(
            new,
            "fieldgraph_slot_searches",
            "Searches for slots, by whether any was found.",
            ("found",),
            [("yes",), ("no",)],
        )
        self.uploads = Tally(new, "fieldgraph_uploads", "Uploads by how they ended.", ("outcome",))
        self.exports = Tally(new, "fieldgraph_exports", "Exports by how they ended.", ("outcome",))
        self.imports = Tally(new, "fieldgraph_imports", "Imports by how they ended.", ("outcome",))
        self.timers = Durations(
            new,
            "fieldgraph_timer_seconds",
            "How long timers took to carry out, by kind and how it ended: done, early, retried or set_aside.",
            ("kind", "outcome"),
            [(kind.value, "done") for kind in TimerKind],
        )
        self.deliveries = Tally(
            new,
            "fieldgraph_deliveries",
            "Tries to send something out of the house, by channel and how they ended.",
            ("channel", "outcome"),
            [(channel.value, outcome) for channel in Channel for outcome in ("sent", "failed", "given_up")],
        )

    def answered(self, name: str, kind: str, path: str, code: str, seconds: float) -> None:
        """Count a query or mutation that was executed; the name is as its client gave it, empty for none."""
        label = self._names.label(name)
        self._operations.add(label, kind, path, code)
        self._seconds.of(label, path).add(seconds)

    def followed(self, name: str) -> None:
        """Count a subscription that began."""
        self._operations.add(self._names.label(name), "subscription", "stream", "OK")

    def text(self) -> bytes:
        """Return all figures as Prometheus reads them."""
        return generate_latest(self.registry)


def watch_process(figures: Figures, *, service: str, version: str) -> None:
    """Add what is known of the process itself: memory, processor, descriptors, its interpreter, and what it is."""
    ProcessCollector(registry=figures.registry)
    PlatformCollector(registry=figures.registry)
    GCCollector(registry=figures.registry)
    Level(
        figures.registry,
        "fieldgraph_build_info",
        "What runs here; always 1.",
        lambda: {(service, version): 1.0},
        ("service", "version"),
    )
