"""The documents say what is so: their operations are valid, their links lead somewhere, what is made is current."""

import json
import re
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate

from app.cli import serve
from app.cli.diagrams import life_cycles_page
from app.domain.refusals import ErrorCode
from app.domain.tickets import TicketStatus
from app.live.replay import ResetReason
from schema.execution import closing

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
JSON_IN_SHELL = re.compile(r"-d '(\{.*?\})'$", re.MULTILINE)
SUBSCRIPTION_IN_SHELL = re.compile(r"^subscription \{.*?^\}$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)]+)\)")


def operations_of(document: Path) -> list[str]:
    found = []
    for language, text in FENCE.findall(document.read_text()):
        if language == "graphql":
            found.append(text)
        elif language == "sh":
            found += [json.loads(each)["query"] for each in JSON_IN_SHELL.findall(text)]
            found += SUBSCRIPTION_IN_SHELL.findall(text)
    return found


@pytest.fixture(scope="module")
def contract() -> GraphQLSchema:
    return build_schema((ROOT / "schema/schema.graphql").read_text())


def test_the_documents_hold_operations_of_every_kind() -> None:
    # The check below passes on documents without operations: this one fails first.
    kinds = [each.split()[0] for document in DOCUMENTS for each in operations_of(document)]

    assert len(operations_of(ROOT / "README.md")) == 3
    assert {"query", "mutation", "subscription"} <= set(kinds)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_operation_of_a_document_is_valid(document: Path, contract: GraphQLSchema) -> None:
    wrong = [
        (operation.splitlines()[0], [error.message for error in errors])
        for operation in operations_of(document)
        if (errors := validate(contract, parse(operation)))
    ]

    assert wrong == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_inside_the_checkout_leads_to_a_file(document: Path) -> None:
    targets = [each.partition("#")[0] for each in LINK.findall(document.read_text()) if "://" not in each]
    gone = [each for each in targets if each and not (document.parent / each).exists()]

    assert gone == []


def test_the_readme_begins_with_the_query_that_the_server_prints() -> None:
    assert operations_of(ROOT / "README.md")[0] == serve._QUERY


def test_the_life_cycles_are_those_of_the_rules() -> None:
    assert (ROOT / "docs/life-cycles.md").read_text() == life_cycles_page()


def test_the_flow_chart_is_described_and_shows_nothing_that_does_not_exist(contract: GraphQLSchema) -> None:
    chart = (ROOT / "docs/ticket-flow.svg").read_text()
    mutation = contract.mutation_type
    assert mutation is not None
    statuses = set(re.findall(r'<text class="status"[^>]*>([A-Z_]+)</text>', chart))
    verbs = set(re.findall(r"\b[a-z]+[A-Z][a-z]+\b", " ".join(re.findall(r"<text[^>]*>([^<]+)</text>", chart))))

    assert 'aria-labelledby="title desc"' in chart
    assert {"NEW", "ASSIGNED", "RESOLVED"} <= statuses <= set(TicketStatus)
    assert {"createTicket", "completeAssignment"} <= verbs <= set(mutation.fields)


def test_the_guide_names_every_mutation_and_subscription(contract: GraphQLSchema) -> None:
    guide = (ROOT / "docs/api.md").read_text() + (ROOT / "docs/administration.md").read_text()
    roots = [contract.mutation_type, contract.subscription_type]
    names = [name for root in roots if root is not None for name in root.fields]

    assert [name for name in names if f"`{name}" not in guide] == []


def test_the_guides_name_every_refusal_reset_and_close_code() -> None:
    guide = (ROOT / "docs/api.md").read_text()
    refusals = (ROOT / "docs/errors.md").read_text()
    codes = {value for name, value in vars(closing).items() if name[0].isupper() and isinstance(value, int)}

    assert [code for code in ErrorCode if code not in refusals] == []
    assert [reason for reason in ResetReason if f"| {reason} |" not in guide] == []
    assert {int(code) for code in re.findall(r"^\| (\d{4}) \|", guide, re.MULTILINE)} == codes


def test_every_decision_has_a_number_of_its_own_and_the_same_parts() -> None:
    decisions = sorted((ROOT / "docs/adr").glob("*.md"))
    numbers = [path.name.partition("-")[0] for path in decisions]
    parts = ["Context", "Decision", "Consequences", "What would change our mind"]

    assert numbers == [f"{number:04}" for number in range(1, len(decisions) + 1)]
    for path in decisions:
        assert re.findall(r"^## (.+)$", path.read_text(), re.MULTILINE) == parts, path.name
        assert len(path.read_text().split()) < 500, path.name
