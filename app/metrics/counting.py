"""Counters, histograms and levels that cost a look-up and an addition each.

One loop counts, so that no lock is needed. Whatever labels come from outside are bounded by whoever counts.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_BOUNDS = (*(str(float(bound)) for bound in SECONDS), "+Inf")

Labels = tuple[str, ...]


class Tally(Collector):
    """How often something happened, by its labels; those that are `known` are there from the beginning, as 0."""

    def __init__(
        self,
        registry: CollectorRegistry,
        name: str,
        text: str,
        labels: Sequence[str] = (),
        known: Iterable[Labels] = (),
    ) -> None:
        self.counts: dict[Labels, float] = dict.fromkeys(known if labels else [()], 0.0)
        self._name, self._text, self._labels = name, text, tuple(labels)
        registry.register(self)

    def add(self, *labels: str, by: float = 1) -> None:
        """Count what happened, once or so many times."""
        self.counts[labels] = self.counts.get(labels, 0.0) + by

    def describe(self) -> list[Metric]:
        """Return what it counts, without how often."""
        return [CounterMetricFamily(self._name, self._text, labels=self._labels)]

    def collect(self) -> Iterator[Metric]:
        """Yield how often it happened."""
        family = CounterMetricFamily(self._name, self._text, labels=self._labels)
        for labels, count in list(self.counts.items()):
            family.add_metric(labels, count)
        yield family


class Lasted:
    """How often something lasted how long, in buckets."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * len(_BOUNDS)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        """Count something that lasted so long."""
        self.counts[bisect_left(SECONDS, seconds)] += 1
        self.total += seconds


class Durations(Collector):
    """How long something lasted, by its labels; those that are `known` are there from the beginning."""

    def __init__(
        self,
        registry: CollectorRegistry,
        name: str,
        text: str,
        labels: Sequence[str] = (),
        known: Iterable[Labels] = (),
    ) -> None:
        self.lasted: dict[Labels, Lasted] = {each: Lasted() for each in (known if labels else [()])}
        self._name, self._text, self._labels = name, text, tuple(labels)
        registry.register(self)

    def of(self, *labels: str) -> Lasted:
        """Return the buckets of these labels."""
        found = self.lasted.get(labels)
        if found is None:
            found = self.lasted[labels] = Lasted()
        return found

    def describe(self) -> list[Metric]:
        """Return what it measures, without how long it lasted."""
        return [HistogramMetricFamily(self._name, self._text, labels=self._labels)]

    def collect(self) -> Iterator[Metric]:
        """Yield how often it lasted how long."""
        family = HistogramMetricFamily(self._name, self._text, labels=self._labels)
        for labels, lasted in list(self.lasted.items()):
            counts = map(float, accumulate(lasted.counts))
            family.add_metric(labels, list(zip(_BOUNDS, counts, strict=True)), lasted.total)
        yield family


class Underway(Collector):
    """How many of something are under way: each for as long as its `with` block lasts."""

    def __init__(self, registry: CollectorRegistry, name: str, text: str) -> None:
        self.count = 0
        self._name, self._text = name, text
        registry.register(self)

    def __enter__(self) -> None:
        """Begin one."""
        self.count += 1

    def __exit__(self, *_raised: object) -> None:
        """End one."""
        self.count -= 1

    def describe(self) -> list[Metric]:
        """Return what it counts, without how many there are."""
        return [GaugeMetricFamily(self._name, self._text)]

    def collect(self) -> Iterator[Metric]:
        """Yield how many are under way."""
        yield GaugeMetricFamily(self._name, self._text, value=self.count)


Look = Callable[[], float | Mapping[Labels, float]]


class Level(Collector):
    """How high something stands at the moment that somebody looks, by its labels."""

    def __init__(
        self, registry: CollectorRegistry, name: str, text: str, look: Look, labels: Sequence[str] = ()
    ) -> None:
        self._name, self._text, self._look, self._labels = name, text, look, tuple(labels)
        registry.register(self)

    def describe(self) -> list[Metric]:
        """Return what it looks at, without looking."""
        return [GaugeMetricFamily(self._name, self._text, labels=self._labels)]

    def collect(self) -> Iterator[Metric]:
        """Yield how high it stands."""
        family = GaugeMetricFamily(self._name, self._text, labels=self._labels)
        found = self._look()
        for labels, value in (found if isinstance(found, Mapping) else {(): found}).items():
            family.add_metric(labels, value)
        yield family


class Names:
    """The names that come from outside and may become labels: the first `most` short ones, all others are "other"."""

    def __init__(self, most: int, longest: int = 64) -> None:
        self._most, self._longest = most, longest
        self._known: dict[str, str] = {"": "anonymous"}

    def label(self, name: str) -> str:
        """Return the label of a name."""
        known = self._known.get(name)
        if known is not None:
            return known
        if len(self._known) > self._most or len(name) > self._longest:
            return "other"
        self._known[name] = name
        return name
