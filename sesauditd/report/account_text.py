"""The account page as plain text of 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sesauditd.report.account import BOUNCE_LINES, COMPLAINT_LINES, standing_of
from sesauditd.report.plain import day, minute, number, percent, shortened
from sesauditd.report.tables import filled, section, table

if TYPE_CHECKING:
    from sesauditd.report.account import Account, Against, Lines, Member

NAME_SHOWN = 60
WORDS = {"below": "below both", "review": "above review", "pause": "above pause"}


def account_text(account: Account) -> str:
    """Return the page: the account against AWS's lines, then each customer's part in it."""
    span = account.span
    title = f"Account, {day(span.start)} to {minute(span.end)} UTC: {number(account.mailed)} mailed"
    rows = [
        _against("Hard bounces", account.bounces, BOUNCE_LINES),
        _against("Complaints", account.complaints, COMPLAINT_LINES),
    ]
    columns = ("", "Count", "Of", "Rate", "Review", "Pause", "It is")
    parts = [section(title, table(columns, rows, right=("Rate", "Review", "Pause")))]
    if account.members:
        parts.append(section("Each customer's part", _members(account)))
    if account.unattributed:
        parts.append(
            filled(
                f"Not counted: {number(account.unattributed)} of no registered domain, "
                "see sesauditd events --unattributed"
            )
        )
    parts.append(
        filled(
            "AWS takes a representative volume that it does not tell: its own rates, on the SES "
            "console's reputation page, differ from these."
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
