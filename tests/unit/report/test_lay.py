"""What a customer is told: how they did, the next limit, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.errors import Refused
from sesauditd.model.actions import State
from sesauditd.model.events import Outcome
from sesauditd.model.limits import Limits
from sesauditd.model.verdicts import Does, Rule
from sesauditd.report import lay
from sesauditd.report.account import account
from sesauditd.report.behaviour import behaviour
from sesauditd.report.customer_text import customer_text
from sesauditd.report.pages import Report
from tests.unit.report.builders import (
    DOMAIN,
    SPAN,
    block,
    counted,
    figures,
    history,
    sent,
    struck,
    verdict,
)

if TYPE_CHECKING:
    from sesauditd.report.behaviour import Behaviour

PROSE = 80


def of(**more: Any) -> Behaviour:
    return behaviour(figures(**more), Limits())


def dead(count: int, size: int, **more: Any) -> Behaviour:
    known = history(struck(count), [sent(size)])
    sums = (counted(size), counted(size - count, Outcome.DELIVERED))
    return of(known=known, counted=(*sums, counted(count, Outcome.HARD_BOUNCE)), **more)


def test_who_did_well_hears_that_there_is_nothing_to_do() -> None:
    told = lay.told(dead(0, 200))
    assert told.verdict.startswith("Very good")
    assert told.steps == (lay.GO_ON,)
    assert told.limits == (lay.NOTHING_NEAR,)
    assert told.counts == ("200 mails were sent to 200 people.", "200 arrived (100.0 %).")


def test_the_next_limit_is_said_with_its_numbers() -> None:
    (limit,) = lay.told(dead(6, 90)).limits
    assert limit == (
        "In the week from 2026-11-16 to 2026-11-22, 6 of 90 addresses you wrote to did not "
        "exist. We stop your mail at 15. That is 40 % of the way to it."
    )


def test_a_share_is_said_where_the_limit_is_one() -> None:
    (limit,) = lay.told(dead(13, 100)).limits
    assert "We stop your mail at 10, if it is 8.0 % of all. This limit was reached." in limit


def test_every_limit_that_was_reached_is_said_the_gravest_first() -> None:
    strikes = [*struck(20), *struck(6, outcome=Outcome.COMPLAINT)]
    told = lay.told(of(known=history(strikes, [sent(60)]), counted=(counted(60),)))
    assert [("spam" in one, "exist" in one) for one in told.limits] == [
        (True, False),
        (False, True),
    ]
    assert any("unsubscribe" in one for one in told.steps)


def test_half_way_to_a_limit_all_advice_is_given_and_below_only_the_first() -> None:
    assert len(lay.told(dead(2, 90)).steps) == 1
    assert len(lay.told(dead(8, 90)).steps) == 3


def test_a_stopped_customer_is_told_so_before_any_praise() -> None:
    told = lay.told(dead(0, 200), [DOMAIN])
    assert told.verdict == lay.STOPPED
    assert told.steps[0] == lay.ANSWER


def test_one_stopped_domain_of_several_is_named() -> None:
    told = lay.told(dead(0, 200, domains=(DOMAIN, "other.example")), ["other.example"])
    assert told.verdict == "Mail from other.example is stopped at the moment."


def test_what_was_only_shown_or_waits_did_not_happen_to_the_customer() -> None:
    done: dict[str, Any] = {"action": "1", "action_state": State.DONE}
    found = (
        verdict(mode="shadow"),
        verdict(action="2", action_state=State.WAITING),
        verdict(Rule.HARD_BOUNCE_WARN, does=Does.WARN, **done),
        verdict(does=Does.DISABLE, action="3", action_state=State.REVERSED),
        verdict(Rule.HARD_BOUNCE_BLOCK, does=Does.BLOCK, **done),
    )
    said = sorted(what for _, what in lay.told(of(verdicts=found)).done)
    assert said == [
        f"{DOMAIN}: we stopped your mail, because too many addresses did not exist. This is over.",
        f"{DOMAIN}: we warned you, because too many addresses did not exist.",
    ]


def test_a_block_says_why_in_plain_words_and_until_when() -> None:
    found = lay.told(of(blocks=(block(), block("x@y.example", rule="complaint.block"))))
    assert found.blocked == (
        ("gone@there.example", "the address takes no mail", "for good"),
        ("x@y.example", "reported your mail as spam again and again", "for good"),
    )
    assert lay.DEAD_LISTED in found.steps


@pytest.mark.parametrize("rule", list(Rule))
def test_no_name_of_a_rule_reaches_a_customer(rule: Rule) -> None:
    found = of(verdicts=(verdict(rule, action="1", action_state=State.DONE),))
    report = Report(span=SPAN, customers=(found,))
    assert str(rule) not in customer_text(report)


def test_a_name_in_other_letters_is_shown_in_both_forms() -> None:
    told = lay.told(of(domains=("xn--bcker-gra.example",)))
    assert told.names == "bäcker.example (xn--bcker-gra.example)"


def test_the_text_fits_eighty_columns_whatever_the_names() -> None:
    long = "a" * 63
    found = dead(8, 90, domains=tuple(f"{long}.{n}.example" for n in range(9)), blocks=(block(),))
    text = customer_text(Report(span=SPAN, customers=(found,)), "help@host.example")
    assert max(map(len, text.splitlines())) <= PROSE
    assert "help@host.example" in text


def test_the_account_has_no_version_for_customers() -> None:
    report = Report(span=SPAN, account=account(SPAN, {}, {}, 0))
    with pytest.raises(Refused, match="name a customer or a domain"):
        customer_text(report)
