"""The report as one file: nothing remote, everything of strangers as text."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from sesauditd.errors import Refused
from sesauditd.model.events import Outcome
from sesauditd.model.limits import Limits
from sesauditd.report.account import account
from sesauditd.report.behaviour import behaviour
from sesauditd.report.html import IN_FULL, LISTED, Reader, report_html
from sesauditd.report.pages import Report
from sesauditd.report.spreadsheet import COLUMNS, report_csv
from tests.unit.report.builders import (
    DOMAIN,
    SPAN,
    block,
    counted,
    figures,
    history,
    sent,
    strike,
    verdict,
)

if TYPE_CHECKING:
    from sesauditd.report.behaviour import Behaviour

HOSTILE = "<script>alert(1)</script>\u202e\x1b[31m"
FORBIDDEN = {"script", "link", "img", "iframe", "object", "embed", "form", "a", "base", "video"}


class Elements(HTMLParser):
    """Every tag with its attributes, and tags that were not closed in their order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "br", "rect", "path", "line", "circle"}:
            self.open.append(tag)

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag not in {"rect", "path", "line", "circle"}:
            assert self.open.pop() == tag


def busy(name: str = "k", **more: Any) -> Behaviour:
    known = history([strike(diagnostic=HOSTILE)], [sent(40)])
    sums = (counted(40), counted(39, Outcome.DELIVERED), counted(1, Outcome.HARD_BOUNCE))
    facts: dict[str, Any] = {
        "blocks": (block(HOSTILE),),
        "verdicts": (verdict(reason=HOSTILE),),
    } | more
    return behaviour(figures(known, counted=sums, name=name, customer=name, **facts), Limits())


def whole(count: int = 1, name: str = "k") -> Report:
    names = [name, *(f"customer-{number}" for number in range(1, count))]
    page = account(SPAN, {one: [counted(40)] for one in names}, {}, 3)
    return Report(span=SPAN, account=page, customers=tuple(busy(one) for one in names))


PAGES = {
    "account": (whole(), Reader.OPERATOR),
    "hostile account": (whole(name=HOSTILE), Reader.OPERATOR),
    "empty account": (Report(span=SPAN, account=account(SPAN, {}, {}, 0)), Reader.OPERATOR),
    "customer": (Report(span=SPAN, customers=(busy(),), stopped=(DOMAIN,)), Reader.OPERATOR),
    "customer's": (Report(span=SPAN, customers=(busy(HOSTILE),)), Reader.CUSTOMER),
    "empty customer's": (
        Report(span=SPAN, customers=(behaviour(figures(), Limits()),)),
        Reader.CUSTOMER,
    ),
}


@pytest.fixture(params=list(PAGES.values()), ids=list(PAGES))
def page(request: pytest.FixtureRequest) -> str:
    return report_html(*request.param)


def test_no_line_ends_between_a_number_and_its_percent_sign(page: str) -> None:
    assert not re.search("[0-9] %", page)
    assert re.search("[0-9]\u00a0%", page) or "No mail was sent" in page


def test_a_file_needs_nothing_beside_itself_and_runs_nothing(page: str) -> None:
    found = Elements(page)
    assert not found.open
    assert not FORBIDDEN & {tag for tag, _ in found.tags}
    for _, attributes in found.tags:
        assert not {"src", "href", "style"} & attributes.keys()
        assert not [name for name in attributes if name.startswith("on")]
    # The name of SVG is an address that nothing opens.
    plain = re.sub(r'xmlns(:\w+)?="[^"]*"', "", page)
    assert not re.search(r"url\(|@import|https?://", plain)


def test_no_text_of_a_stranger_gets_out_of_its_place(page: str) -> None:
    assert "<script" not in page
    assert not re.search("[\u202a-\u202e\x1b]", page)


def test_a_file_prints_on_a4(page: str) -> None:
    assert "@page { size: A4;" in page


def test_figures_stand_in_a_table_beneath_every_plot() -> None:
    page = report_html(Report(span=SPAN, customers=(busy(),)), Reader.CUSTOMER)
    assert page.count("<figure>") == 2
    assert page.index("</figure>") < page.index('<th scope="row" class="when">2026-W47')


def test_a_large_account_lists_all_and_tells_ten_in_full() -> None:
    page = report_html(whole(IN_FULL + 3), Reader.OPERATOR)
    assert page.count("<section") == IN_FULL
    assert "for the other 3: sesauditd report CUSTOMER" in page


def test_long_lists_end_with_their_number() -> None:
    found = busy(blocks=tuple(block(f"r{one}@x.example") for one in range(LISTED + 5)))
    page = report_html(Report(span=SPAN, customers=(found,)), Reader.CUSTOMER)
    assert "and 5 more" in page


def test_a_customer_sees_nothing_of_the_account() -> None:
    with pytest.raises(Refused, match="name a customer or a domain"):
        report_html(whole(), Reader.CUSTOMER)


@pytest.mark.parametrize("name", ["=1+1", "+x", "-x", "@x", " =x", "\t=x", "\uff1dx", "|x", "%x"])
def test_no_cell_of_a_csv_is_a_formula(name: str) -> None:
    lines = list(csv.DictReader(io.StringIO(report_csv(whole(name=name)), newline="")))
    assert {line["customer"] for line in lines} == {"'" + name.replace("\t", " ")}


def test_a_csv_has_a_line_for_the_span_and_one_for_each_week() -> None:
    text = report_csv(whole())
    lines = list(csv.DictReader(io.StringIO(text, newline="")))
    assert tuple(lines[0]) == COLUMNS
    span, *weeks = lines
    assert (span["period"], span["mailed"], span["hard_bounces"]) == ("span", "40", "1")
    assert sum(int(week["mailed"]) for week in weeks) == int(span["mailed"])
    assert [week["period"] for week in weeks][-2:] == ["2026-W47", "2026-W48"]
    assert "\r\n" in text
