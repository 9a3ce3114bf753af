"""Alert rules and the dashboard ask for figures that there are, by labels that these have."""

import re

import pytest

from tests.serving import serving
from tests.watching.figures import (
    OF_PROMETHEUS,
    ROOT,
    Samples,
    asked_for,
    described,
    expressions,
    panels,
    rules,
    scraped,
    value,
)

GUIDE = ROOT / "docs/watching.md"


@pytest.fixture
async def told(database_url: str) -> Samples:
    """What a server tells that has done nothing yet."""
    async with serving(database_url, event_bus_url="redis://127.0.0.1:1") as served:
        return await scraped(served)


def anchors(page: str) -> set[str]:
    return {
        re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in re.findall(r"(?m)^#+ (.+)$", page)
    }


async def test_whatever_is_asked_for_exists_and_has_the_labels(told: Samples) -> None:
    labels = {name: {label for label, _ in its} for name, its in told}
    # What has labels that come with what happens is described, and not there before.
    for family in described():
        for suffix in ("_total", "_bucket", "_sum", "_count", ""):
            labels.setdefault(f"{family.name}{suffix}", set()).update(getattr(family, "_labelnames", ()))
    known = set(labels)

    asked = [each for expression in expressions() for each in asked_for(expression)]

    assert len(asked) > 60
    for name, by in asked:
        assert name in known, name
        assert by - OF_PROMETHEUS <= labels[name], (name, by)


def test_an_expression_that_asks_for_something_else_is_noticed() -> None:
    (found,) = asked_for('sum by (color) (rate(fieldgraph_cars_total{wheels="4"}[5m])) > 1')

    assert found == ("fieldgraph_cars_total", {"color", "wheels"})


def test_every_rule_says_what_happened_and_what_to_do() -> None:
    titles = anchors(GUIDE.read_text())
    names = [rule["alert"] for rule in rules()]

    assert len(set(names)) == len(names) > 10
    for rule in rules():
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert re.fullmatch(r"\d+[smh]", rule.get("for", "1m"))
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert (page, anchor in titles) == ("docs/watching.md", True), rule["alert"]
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["annotations"]["description"].endswith(".")


def test_every_panel_has_a_place_of_its_own() -> None:
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels()]

    assert len(set(places)) == len(places)
    assert len({panel["id"] for panel in panels()}) == len(places)


async def test_the_guide_names_every_figure(told: Samples) -> None:
    page = GUIDE.read_text()
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name, _ in told if name.startswith("fieldgraph_")}

    assert {name for name in families if f"`{name}`" not in page} == set()


async def test_a_database_that_is_there_is_told(told: Samples) -> None:
    assert value(told, "fieldgraph_database_up") == 1
    assert value(told, "fieldgraph_event_bus_up") == 0
