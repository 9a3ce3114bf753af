"""docs/coverage.md names every requirement once, and what covers it exists."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/coverage.md"
HOW_MANY = {"S0": 9, "S1": 30, "S2": 23, "S3": 32, "S4": 10, "S5": 24}
ITEM = re.compile(r"^- \[([ x])\] (S\d\.\d+) (\S.*)$", re.MULTILINE)
HELD_BY = re.compile(r"(?<!\S)(?:tests/\S+\.py|pyproject\.toml)(?!\S)")


def test_every_requirement_stands_there_once_in_order() -> None:
    wanted = [f"{part}.{number}" for part, most in HOW_MANY.items() for number in range(1, most + 1)]
    listed = [name for _, name, _ in ITEM.findall(PAGE.read_text())]

    assert [name for name, times in Counter(listed).items() if times > 1] == []
    assert listed == wanted


def test_every_line_of_a_list_is_an_item() -> None:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("- ")]

    assert [line for line in lines if not ITEM.match(line)] == []


def test_what_is_covered_is_held_by_files_that_exist() -> None:
    covered = {name: HELD_BY.findall(text) for mark, name, text in ITEM.findall(PAGE.read_text()) if mark == "x"}

    assert [name for name, files in covered.items() if not files] == []
    assert [(name, file) for name, files in covered.items() for file in files if not (ROOT / file).exists()] == []


def test_what_is_not_covered_claims_no_test() -> None:
    open_ = {name: HELD_BY.findall(text) for mark, name, text in ITEM.findall(PAGE.read_text()) if mark == " "}

    assert [name for name, files in open_.items() if files] == []
