"""Reports as people read them: 80 columns, harmless whatever strangers wrote."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from sesauditd.model.events import Outcome
from sesauditd.model.limits import Limits
from sesauditd.model.verdicts import Does, Rule
from sesauditd.report import plain
from sesauditd.report.account import account
from sesauditd.report.behaviour import Figures, behaviour, narrowed
from sesauditd.report.limits_text import observation
from sesauditd.report.pages import Report
from sesauditd.report.report_text import report_text
from sesauditd.report.tables import table
from sesauditd.report.text import behaviour_text
from tests.unit.report.builders import (
    DOMAIN,
    SPAN,
    WEEK,
    block,
    counted,
    figures,
    history,
    sent,
    strike,
    struck,
    verdict,
)

LIMITS = Limits()
HOSTILE = {
    "ansi": "\x1b[2J\x1b[31mred\x1b]0;title\x07",
    "markup": "[red]boom[/red] [link=http://x]y[/link] :boom:",
    "bidi": "\u202egnp.exe\u2066 \u05e9\u05dc\u05d5\u05dd \u200f",
    "long": "a" * 10_000,
    "lines": "one\r\ntwo\u2028three\x0bfour\x85five",
    "wide": "\u8a66" * 200,
    "surrogate": "\udc80\ud800",
}
FORBIDDEN = {chr(one) for one in (*range(10), *range(11, 32), *range(127, 160))} | set(
    "\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


def hostile(text: str) -> Figures:
    """Return figures in which everything that a stranger may choose is the text."""
    address = f"{text}@{text}"
    return figures(
        history(
            [
                strike(WEEK, address, status=text, diagnostic=text),
                strike(WEEK, address, Outcome.COMPLAINT),
            ],
            [sent(50)],
        ),
        counted=(counted(50),),
        verdicts=(
            verdict(reason=text),
            verdict(Rule.HARD_BOUNCE_WARN, does=Does.WARN, withdrawn_because=text, reason=text),
        ),
        blocks=(block(address),),
    )


def widest(text: str) -> int:
    return max(cell_len(line) for line in text.splitlines())


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_shown_and_not_obeyed(text: str) -> None:
    shown = behaviour_text(behaviour(hostile(text), LIMITS))
    assert not FORBIDDEN & set(shown)
    assert widest(shown) <= 80
    assert len(shown) < 20_000
    shown.encode()


def test_markup_is_shown_as_it_was_written() -> None:
    shown = behaviour_text(behaviour(hostile("[red]boom[/red]"), LIMITS))
    assert "[red]boom[/red]" in shown


@given(st.text(max_size=60))
def test_cleaned_text_is_one_harmless_line(text: str) -> None:
    cleaned = plain.cleaned(text)
    assert not FORBIDDEN & set(cleaned)
    assert "\n" not in cleaned
    assert plain.cleaned(cleaned) == cleaned


@given(st.text(max_size=60), st.integers(1, 20))
def test_shortened_text_is_never_longer_than_asked(text: str, limit: int) -> None:
    assert len(plain.shortened(text, limit)) <= limit


def test_a_report_has_every_part_in_order() -> None:
    known = figures(
        history([*struck(9), *struck(2, outcome=Outcome.COMPLAINT)], [sent(60)]),
        counted=(counted(60), counted(9, Outcome.HARD_BOUNCE)),
        verdicts=(verdict(Rule.HARD_BOUNCE_WARN, does=Does.WARN, reason="9 of 60"),),
        blocks=(block(), block("back@there.example", until=WEEK + timedelta(days=30))),
    )
    shown = behaviour_text(behaviour(known, LIMITS))
    parts = [
        "Customer k: grade D, score 40 of 100",
        "nearest limit at worst: 60.0 %",
        "Mail: 60 mailed, 60 different",
        "hard bounce",
        "15.0 %",
        "Rates",
        "Trend by week",
        "2026-W47",
        "Distance to each limit",
        "hard_bounce.disable",
        "9 of 60 recipients, limit 15; shop.example, 2026-W47",
        "Causes by receiving provider",
        "there.example",
        "Causes by SMTP status",
        "5.1.1",
        "Active blocks: the newest 2 of 2",
        "gone@there.example",
        "for good",
        "Verdicts and what came of them",
        "hard_bounce.warn  shop.example: stored",
        "Strikes: the newest 10 of 11",
    ]
    places = [shown.find(part) for part in parts]
    assert -1 not in places, parts[places.index(-1)]
    assert places == sorted(places)


def test_an_empty_report_says_so_in_every_part() -> None:
    shown = behaviour_text(behaviour(figures(), LIMITS))
    assert "no score: fewer than 20 mails" in shown
    assert "no events" in shown
    assert shown.count("none") == 3
    assert shown.count("no strikes") == 2
    assert widest(shown) <= 80


def test_a_domain_names_its_customer() -> None:
    shown = behaviour_text(behaviour(narrowed(figures(), DOMAIN), LIMITS))
    assert shown.startswith("Domain shop.example of k: no score")


def test_many_of_a_kind_are_counted_instead_of_listed() -> None:
    known = figures(
        history(strike(WEEK, f"a@h{one}.example") for one in range(15)),
        blocks=tuple(block(f"r{one}@there.example") for one in range(12)),
        verdicts=(
            *(verdict(Rule.HARD_BOUNCE_BLOCK, does=Does.BLOCK) for _ in range(30)),
            *(verdict() for _ in range(25)),
        ),
    )
    shown = behaviour_text(behaviour(known, LIMITS))
    assert "and 5 more" in shown
    assert "the newest 10 of 12" in shown
    assert "30 hard_bounce.block: stored" in shown
    assert "and 5 earlier ones" in shown


def test_a_long_span_lists_the_newest_weeks_only() -> None:
    span = type(SPAN).between(SPAN.end - timedelta(days=400), SPAN.end)
    known = figures(counted=(counted(1, day=span.start.date()),), span=span)
    shown = behaviour_text(behaviour(known, LIMITS))
    assert "(45 earlier weeks not listed)" in shown
    assert widest(shown) <= 80


def test_the_account_page_shows_awss_lines_and_everybodys_part() -> None:
    rows = {
        "good[red]": [counted(9000)],
        "bad": [counted(1000), counted(800, Outcome.HARD_BOUNCE), counted(3, Outcome.COMPLAINT)],
    }
    page = account(SPAN, rows, {}, unattributed=3)
    shown = report_text(Report(span=SPAN, account=page))
    assert widest(shown) <= 80
    assert "above review" in shown
    assert "100.0 %" in shown
    assert "good[red]" in shown
    assert "Not counted: 3 of no registered domain" in shown
    assert shown.index("bad") < shown.index("good")


def test_an_account_without_customers_is_a_page_too() -> None:
    shown = report_text(Report(span=SPAN, account=account(SPAN, {}, {}, unattributed=0)))
    assert "0 mailed" in shown
    assert "below both" in shown
    assert "part" not in shown


def test_a_customer_comes_before_its_domains_and_one_domain_is_not_repeated() -> None:
    whole = behaviour(figures(), LIMITS)
    first, second = (behaviour(narrowed(figures(), name), LIMITS) for name in ("a.b", "c.d"))
    shown = report_text(Report(span=SPAN, customers=(whole,), domains=(first, second)))
    assert shown.index("Customer k") < shown.index("Domain a.b") < shown.index("Domain c.d")
    assert "-" * 80 in shown
    assert "Domain" not in report_text(Report(span=SPAN, customers=(whole,), domains=(first,)))
    assert report_text(Report(span=SPAN, domains=(first,))).startswith("Domain a.b")


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ([], ""),
        ([0, 0], "··"),
        ([1, 0, 8], "▂·█"),
        ([5], "█"),
        ([1, 1_000_000], "▁█"),
    ],
)
def test_a_trend_shows_zero_apart_from_little(values: list[float], drawn: str) -> None:
    assert plain.sparkline(values) == drawn


@pytest.mark.parametrize(
    ("ratio", "full"), [(0, 0), (0.001, 1), (0.5, 5), (0.99, 9), (1, 10), (7, 10)]
)
def test_a_bar_is_full_only_where_the_limit_is_reached(ratio: float, full: int) -> None:
    assert plain.bar(ratio).count("█") == full
    assert len(plain.bar(ratio)) == plain.BAR_WIDTH


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0.0 %"), (0.0999, "0.10 %"), (0.4, "0.40 %"), (12.34, "12.3 %")]
)
def test_percentages_below_one_have_two_decimals(value: float, text: str) -> None:
    assert plain.percent(value) == text


def test_a_single_virus_is_one_virus() -> None:
    found = behaviour(figures(infected=((DOMAIN, WEEK),)), LIMITS)
    worst = found.limits[-1].worst
    assert worst is not None
    assert observation(worst) == (
        "virus.disable: 1 virus, limit 1; shop.example, until 2026-11-16 00:00"
    )


def test_a_table_folds_what_is_too_long() -> None:
    drawn = table(("Name", "Count"), [("x" * 200, 12_345), (None, 1)])
    assert widest(drawn) <= 80
    assert "12,345" in drawn
    assert drawn.splitlines()[-1].split() == ["-", "1"]
