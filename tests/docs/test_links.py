"""Every link from one page to another leads somewhere, to the very heading."""

from __future__ import annotations

import re

import pytest

from tests.support.pages import ROOT, pages

LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
CODE = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)
ELSEWHERE = ("https:", "http:", "mailto:")


@pytest.mark.parametrize("page", pages())
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    text = CODE.sub("", (ROOT / page).read_text(encoding="utf-8"))
    assert [link for link in LINK.findall(text) if not _leads_somewhere(page, link)] == []


def test_a_link_to_a_heading_that_is_not_there_is_found() -> None:
    assert _leads_somewhere("docs/tutorial.md", "setup.md#by-hand")
    assert not _leads_somewhere("docs/tutorial.md", "setup.md#by-foot")
    assert not _leads_somewhere("docs/tutorial.md", "set-down.md")


def _leads_somewhere(page: str, link: str) -> bool:
    if link.startswith(ELSEWHERE):
        return True
    path, _, heading = link.partition("#")
    target = (ROOT / page).parent / path if path else ROOT / page
    if not target.exists():
        return False
    return not heading or heading in _headings(target.read_text(encoding="utf-8"))


def _headings(text: str) -> set[str]:
    """Return the anchors that a page gets: its headings as the usual renderers spell them."""
    found = HEADING.findall(CODE.sub("", text))
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in found}
