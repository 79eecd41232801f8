"""The account page as plain text of 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sesauditd.report.account import BOUNCE_LINES, COMPLAINT_LINES, standing_of
from sesauditd.report.plain import day, minute, number, percent, shortened
from sesauditd.report.reputation import COLUMNS, reputation_note, reputation_rows
from sesauditd.report.tables import filled, section, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sesauditd.model.reputation import Poll
    from sesauditd.report.account import Account, Against, Lines, Member

NAME_SHOWN = 60
WORDS = {"below": "below both", "review": "above review", "pause": "above pause"}


def account_text(account: Account) -> str:
    """Return the page: the account against AWS's lines, then each customer's part in it."""
    span = account.span
    title = f"Account, {day(span.start)} to {minute(span.end)} UTC: {number(account.mailed)} mailed"
    rows = [
        _against("Bounces", account.bounces, BOUNCE_LINES),
        _against("Complaints", account.complaints, COMPLAINT_LINES),
    ]
    columns = ("", "Count", "Of", "Rate", "Review", "Pause", "Left", "It is")
    right = ("Rate", "Review", "Pause", "Left")
    parts = [section(title, table(columns, rows, right=right))]
    parts += _reputation(account.reputation)
    if account.members:
        parts.append(section("Each customer's part", _members(account)))
        parts += _budgets(account)
    if account.unattributed:
        parts.append(
            filled(
                f"Not counted: {number(account.unattributed)} of no registered domain, "
                "see sesauditd events --unattributed"
            )
        )
    return "\n\n".join(parts)


def _against(name: str, against: Against, lines: Lines) -> tuple[object, ...]:
    return (
        name,
        against.count,
        against.size,
        percent(against.percent),
        f"{lines.review_percent:g} %",
        f"{lines.pause_percent:g} %",
        percent(max(0.0, 100 - against.budget_percent)),
        WORDS[standing_of(against, lines)],
    )


def _members(account: Account) -> str:
    columns = ("Customer", "Grade", "Mailed", "Bounces", "Share", "Complaints", "Share ")
    rows = [_member(one) for one in account.members]
    return table(columns, rows, right=("Bounces", "Share", "Complaints", "Share "))


def _member(member: Member) -> tuple[object, ...]:
    return (
        shortened(member.customer, NAME_SHOWN),
        member.score.grade if member.score else None,
        member.mailed,
        f"{number(member.bounces.count)} ({percent(member.bounces.percent)})",
        percent(member.bounces.share_percent),
        f"{number(member.complaints.count)} ({percent(member.complaints.percent)})",
        percent(member.complaints.share_percent),
    )


def _reputation(poll: Poll | None) -> list[str]:
    title = "AWS's own rates, beside ours by its definition as far as it is known"
    if poll is None:
        never = "Not known: no daemon has asked AWS yet. SES's console shows them."
        return [section(title, filled(never))]
    right = ("AWS's own", "Ours", "Of", "In days")
    rows = table(COLUMNS, list(reputation_rows(poll)), right=right)
    return [section(title, rows), filled(reputation_note(poll))]


def _budgets(account: Account) -> list[str]:
    """Return who uses how much of what AWS lets the account have, whoever uses most first."""
    bounces = [(one.customer, one.bounces) for one in account.members]
    complaints = [(one.customer, one.complaints) for one in account.members]
    return [
        *_budget("hard bounces", bounces, BOUNCE_LINES),
        *_budget("complaints", complaints, COMPLAINT_LINES),
    ]


def _budget(what: str, spent: Sequence[tuple[str, Against]], lines: Lines) -> list[str]:
    spenders = sorted((one for one in spent if one[1].count), key=_by_count)
    if not spenders:
        return []
    rows = [
        (
            shortened(customer, NAME_SHOWN),
            number(found.count),
            percent(found.share_percent),
            percent(found.budget_percent),
            _of_room(found),
        )
        for customer, found in spenders
    ]
    columns = ("Customer", "Count", "Share", "Of the budget", "Of the room left")
    title = f"Who uses the account's budget of {what}, {lines.review_percent:g} % before review"
    return [section(title, table(columns, rows, right=columns[1:]))]


def _by_count(spent: tuple[str, Against]) -> tuple[int, str]:
    return -spent[1].count, spent[0]


def shared(against: Against) -> str:
    """Return a count with its share of the account's, nothing beside none."""
    if not against.count:
        return "0"
    return f"{number(against.count)} ({against.share_percent:.0f} %)"


def _of_room(against: Against) -> str:
    return "none left" if against.of_room_percent is None else percent(against.of_room_percent)
