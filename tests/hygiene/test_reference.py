"""The pages of reference say what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.reference import PAGES

FOLDER = Path(__file__).parents[2] / "docs/reference"


@pytest.mark.parametrize("page", PAGES)
def test_the_page_is_what_the_code_says(page: str) -> None:
    said = Path(FOLDER, page).read_text(encoding="utf-8")
    assert said == PAGES[page](), "run `make reference`"
