"""Figures as Prometheus reads them, and what rules and dashboards ask of them."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import promql_parser
import yaml
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from promql_parser import AggregateExpr, VectorSelector

from app.metrics.counting import Durations, Level, Tally, Underway
from app.metrics.figures import Figures
from tests.serving import Served

ROOT = Path(__file__).parents[2]
ALERTS = ROOT / "deploy/prometheus/alerts.yml"
DASHBOARD = ROOT / "deploy/grafana/fieldgraph.json"
# Prometheus adds these itself.
OF_PROMETHEUS = frozenset({"instance", "job", "le"})

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


async def scraped(served: Served, **headers: str) -> Samples:
    """Return the samples of /metrics by name and labels."""
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{served.port}/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    return samples(answer.text)


def samples(text: str) -> Samples:
    """Return the samples of a text by name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(found: Samples, sample: str, /, **labels: str) -> float:
    """Return the sum of the samples of a name that have these labels."""
    wanted = frozenset(labels.items())
    return sum(number for (name, its), number in found.items() if name == sample and wanted <= its)


def moved(before: Samples, after: Samples) -> set[str]:
    """Return the names of the samples that are others than before."""
    return {key[0] for key, number in after.items() if before.get(key) != number}


def rules() -> list[dict[str, Any]]:
    """Return the alert rules."""
    (group,) = yaml.safe_load(ALERTS.read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def panels() -> list[dict[str, Any]]:
    """Return the panels of the dashboard."""
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return found


def expressions() -> Iterator[str]:
    """Yield what the rules and the dashboard ask of Prometheus."""
    for rule in rules():
        yield rule["expr"]
    for panel in panels():
        for target in panel["targets"]:
            # What Grafana puts in.
            yield target["expr"].replace("$__rate_interval", "1m")


def asked_for(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Yield the names that an expression asks for, each with all labels that it goes by."""
    for part, labels in _parts(promql_parser.parse(expression), frozenset()):
        assert part.name is not None, expression
        yield part.name, {*labels, *(matcher.name for matcher in part.matchers.matchers)}


def _parts(node: Any, labels: frozenset[str]) -> Iterator[tuple[VectorSelector, frozenset[str]]]:
    if isinstance(node, VectorSelector):
        yield node, labels
    if isinstance(node, AggregateExpr) and node.modifier is not None:
        labels = labels | frozenset(node.modifier.labels)
    below = [getattr(node, name, None) for name in ("lhs", "rhs", "expr", "vector_selector")]
    for each in (*below, *(getattr(node, "args", None) or ())):
        if each is not None:
            yield from _parts(each, labels)


def described() -> Iterator[Metric]:
    """Yield what a process counts, without how often."""
    for collector in Figures().registry._collector_to_names:
        if isinstance(collector, Tally | Durations | Underway | Level):
            yield from collector.describe()
