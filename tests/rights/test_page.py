"""The page for people says what the table says; `make generate` renews it."""

import os
from pathlib import Path

from tests.rights.page import page

PAGE = Path(__file__).parents[2] / "docs/rights.md"


def test_the_page_says_what_the_table_says() -> None:
    written = page()
    if "RENEW_GOLDENS" in os.environ:
        PAGE.write_text(written)

    assert PAGE.read_text() == written
    assert "| `acceptAssignment` (Assignment) | - | job | job | job | job | job | job |" in written
    assert "| Comment, internal | - | all | all | all | all | all | all |" in written
