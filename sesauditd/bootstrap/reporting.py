"""Makes the reports that are mailed, in a thread with a loop and a connection of its own.

Counting many customers takes longer than the daemon's loop may stand still.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from sesauditd.store.engine import Database

if TYPE_CHECKING:
    from sesauditd.bootstrap.program import Application
    from sesauditd.model.owed import Period
    from sesauditd.report.pages import Report

LOOKS_BACK = timedelta(days=90)
STALE = timedelta(days=21)
"""After which nobody is mailed about a month any more, when the daemon was down for long."""
MICROSECOND = timedelta(microseconds=1)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Reporting:
    """The reports of one installation."""

    program: Application

    async def of_account(self, end: datetime) -> str:
        """Return the operators' page about the 90 days before a moment."""
        return await asyncio.to_thread(lambda: asyncio.run(self._of_account(end)))

    async def to_customers(self, period: Period, now: datetime) -> int:
        """Ask for a letter to each customer who sent mail in a month; return how many.

        Asks for none where `notices.customer_reports` is off, and none about a month that is
        long over: whoever switches it on wants no letters about the past.
        """
        if not self.program.settings.notices.customer_reports or now - period.due > STALE:
            return 0
        facts = await asyncio.to_thread(lambda: asyncio.run(self._letters(period)))
        return await self._asked(facts, period, now)

    async def _asked(
        self, letters: Mapping[str, dict[str, object]], period: Period, now: datetime
    ) -> int:
        from sesauditd.model.notice import Notice, NoticeKind
        from sesauditd.store.notices import request

        asked = 0
        for customer, facts in letters.items():
            notice = Notice(
                kind=NoticeKind.MONTHLY_REPORT,
                customer=customer,
                subject=f"{customer}/{period.name}",
                facts=facts,
            )
            async with self.program.database.write() as connection:
                asked += await request(connection, notice, now)
        log.info("customers_reported", month=period.name, letters=asked)
        return asked

    async def _of_account(self, end: datetime) -> str:
        from sesauditd.report.figures import Span
        from sesauditd.report.html import Reader, report_html
        from sesauditd.store.reports import pages

        span = Span.between(end - LOOKS_BACK, end - MICROSECOND)
        database = Database.open(self.program.settings.database.url)
        try:
            async with database.read() as connection:
                found = await pages.account_report(connection, self.program.policies, span)
        finally:
            await database.close()
        return report_html(found, Reader.OPERATOR)

    async def _letters(self, period: Period) -> Mapping[str, dict[str, object]]:
        from sesauditd.report.letters import monthly_facts
        from sesauditd.store.register import snapshot

        notices = self.program.settings.notices
        contact = notices.reply_to or notices.sender
        found: dict[str, dict[str, object]] = {}
        database = Database.open(self.program.settings.database.url)
        try:
            async with database.read() as connection:
                present = (await snapshot(connection)).present
            for customer in present:
                report = await self._of_customer(database, customer, period)
                facts = monthly_facts(report, period.start, period.end, contact=contact)
                if facts is not None:
                    found[customer] = facts
        finally:
            await database.close()
        return found

    async def _of_customer(self, database: Database, customer: str, period: Period) -> Report:
        from sesauditd.report.figures import Span
        from sesauditd.store.reports import pages

        span = Span.between(period.start, period.end - MICROSECOND)
        async with database.read() as connection:
            return await pages.subject_report(connection, self.program.policies, customer, span)
