"""A whole report as plain text: the account, a customer with its domains, or a domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sesauditd.report.account_text import account_text
from sesauditd.report.tables import WIDTH
from sesauditd.report.text import behaviour_text

if TYPE_CHECKING:
    from sesauditd.report.pages import Report


def report_text(report: Report) -> str:
    """Return the pages one after the other, a rule of dashes between them.

    The account stands for its customers, and a customer's only domain for nothing of its own.
    """
    if report.account is not None:
        return account_text(report.account)
    pages = [behaviour_text(one) for one in report.customers]
    if len(report.domains) > 1 or not report.customers:
        pages += [behaviour_text(one) for one in report.domains]
    return f"\n\n{'-' * WIDTH}\n\n".join(pages)
