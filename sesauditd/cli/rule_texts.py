"""Each rule of the policy in words, with the numbers that hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sesauditd.model.verdicts import Does, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sesauditd.model.limits import (
        Complaint,
        Guessing,
        HardBounce,
        Lane,
        Limits,
        SoftBounce,
        Virus,
        Volume,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleText:
    """One rule, as a person and a script read it."""

    rule: Rule
    fires_when: str
    action: Does
    does: str
    lane: Lane


def rule_texts(limits: Limits) -> list[RuleText]:
    """Return every rule in the order of the policy, with these limits' numbers."""
    return [
        *_soft_bounce(limits.soft_bounce),
        *_hard_bounce(limits.hard_bounce),
        *_guessing(limits.guessing),
        *_complaint(limits.complaint),
        *_virus(limits.virus),
    ]


def _soft_bounce(rules: SoftBounce) -> Iterator[RuleText]:
    block = rules.block
    yield RuleText(
        rule=Rule.SOFT_BOUNCE_BLOCK,
        fires_when=f"{block.in_a_row} soft bounces in a row within {block.within_days} days, "
        "no delivery between",
        action=Does.BLOCK,
        does=f"block the recipient for {block.block_days} days, for good the second time",
        lane=block.lane,
    )


def _hard_bounce(rules: HardBounce) -> Iterator[RuleText]:
    yield RuleText(
        rule=Rule.HARD_BOUNCE_BLOCK,
        fires_when="a hard bounce",
        action=Does.BLOCK,
        does="block the recipient for good if the mailbox does not exist, "
        f"else for {rules.block.block_days} days, for good the second time",
        lane=rules.block.lane,
    )
    yield _weekly(Rule.HARD_BOUNCE_WARN, rules.warn, "hard bounces")
    again = f"{rules.disable.warnings} warnings in {rules.disable.warnings_weeks} weeks"
    yield _weekly(Rule.HARD_BOUNCE_DISABLE, rules.disable, "hard bounces", again)
    surge = rules.surge
    yield RuleText(
        rule=Rule.HARD_BOUNCE_SURGE,
        fires_when=f"{surge.count} hard bounces within {surge.within_hours} hours "
        f"({surge.new_customer_count} in a customer's first {surge.new_customer_days} days) "
        f"and {surge.rate_percent:g} % of the recipients",
        action=Does.DISABLE,
        does=_DOES[Does.DISABLE],
        lane=surge.lane,
    )


def _guessing(rules: Guessing) -> Iterator[RuleText]:
    disable = rules.disable
    yield RuleText(
        rule=Rule.GUESSING_DISABLE,
        fires_when=f"{disable.unknown_users} unknown users within {disable.within_minutes} "
        f"minutes, {disable.at_one_domain} of them at one domain never delivered to before; "
        f"or, weekly, addresses that look guessed (a score of {rules.terminate.ask_at:g})",
        action=Does.DISABLE,
        does=_DOES[Does.DISABLE],
        lane=disable.lane,
    )
    yield RuleText(
        rule=Rule.GUESSING_TERMINATE,
        fires_when=f"{rules.terminate.guesses} addresses in a week that were surely guessed "
        f"(a score of {rules.terminate.sure_at:g})",
        action=Does.TERMINATE,
        does=_DOES[Does.TERMINATE],
        lane=rules.terminate.lane,
    )


def _complaint(rules: Complaint) -> Iterator[RuleText]:
    block = rules.block
    yield RuleText(
        rule=Rule.COMPLAINT_BLOCK,
        fires_when=f"complaint number {block.complaints} of one recipient "
        f"within {block.within_days} days",
        action=Does.BLOCK,
        does="block the recipient for this customer",
        lane=block.lane,
    )
    yield _weekly(Rule.COMPLAINT_WARN, rules.warn, "complaints")
    again = f"{rules.disable.warnings} warnings in {rules.disable.warnings_weeks} weeks"
    yield _weekly(Rule.COMPLAINT_DISABLE, rules.disable, "complaints", again)
    surge = rules.surge
    yield RuleText(
        rule=Rule.COMPLAINT_SURGE,
        fires_when=f"{surge.count} complaints within {surge.within_hours} hours "
        f"and {surge.rate_percent:g} % of the recipients",
        action=Does.DISABLE,
        does=_DOES[Does.DISABLE],
        lane=surge.lane,
    )
    days = rules.terminate.again_within_days
    again = f"a second disable within {days} days after the reinstatement"
    yield _weekly(Rule.COMPLAINT_TERMINATE, rules.terminate, "complaints", again)


def _virus(rules: Virus) -> Iterator[RuleText]:
    yield RuleText(
        rule=Rule.VIRUS_DISABLE,
        fires_when="a virus is sent, once an incident and domain",
        action=Does.DISABLE,
        does="disable the domain until the virus is explained",
        lane=rules.disable.lane,
    )
    terminate = rules.terminate
    yield RuleText(
        rule=Rule.VIRUS_TERMINATE,
        fires_when=f"incident number {terminate.incidents} within {terminate.within_days} days",
        action=Does.TERMINATE,
        does=_DOES[Does.TERMINATE],
        lane=terminate.lane,
    )


_DOES = {
    Does.WARN: "warn the customer",
    Does.DISABLE: "disable the domain until the customer has explained",
    Does.TERMINATE: "end the customer's access on all domains",
}
_WEEKLY_DOES = {
    Rule.HARD_BOUNCE_WARN: Does.WARN,
    Rule.HARD_BOUNCE_DISABLE: Does.DISABLE,
    Rule.COMPLAINT_WARN: Does.WARN,
    Rule.COMPLAINT_DISABLE: Does.DISABLE,
    Rule.COMPLAINT_TERMINATE: Does.TERMINATE,
}


def _weekly(rule: Rule, limit: Volume, what: str, again: str = "") -> RuleText:
    action = _WEEKLY_DOES[rule]
    small = f"{limit.small_count} {what} in a week of fewer than {limit.small_below} recipients"
    large = f"else {limit.count} that are {limit.rate_percent:g} % or more"
    return RuleText(
        rule=rule,
        fires_when="; or ".join(part for part in (f"{small}, {large}", again) if part),
        action=action,
        does=_DOES[action],
        lane=limit.lane,
    )
