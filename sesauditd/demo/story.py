"""The story: week by week the real program reads, judges, acts, and says why."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from sesauditd.demo import narration, proofs, summary, world
from sesauditd.errors import Failed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from sesauditd.bootstrap import Application
    from sesauditd.demo.folder import Setting
    from sesauditd.demo.post import Letter
    from sesauditd.demo.theatre import Theatre
    from sesauditd.demo.weeks import Week
    from sesauditd.report.pages import Report

JUDGED_AT = timedelta(hours=3, minutes=5)
"""After Monday 00:00 UTC; by then the daemon has judged the week (policy.md section 2)."""
SECOND = timedelta(seconds=1)


class Stage(Protocol):
    """Where the story is shown."""

    def heading(self, text: str) -> None:
        """Begin a chapter."""
        ...

    def say(self, text: str) -> None:
        """Show a paragraph."""
        ...

    def lines(self, texts: Sequence[str]) -> None:
        """Show lines that must not be broken, such as commands."""
        ...

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]], title: str) -> None:
        """Show a table."""
        ...

    def progress(self, total: int, what: str) -> AbstractContextManager[Callable[[int], None]]:
        """Show a bar while something lasts."""
        ...


@dataclass(slots=True)
class Story:
    """One telling, of which it remembers what was said already."""

    theatre: Theatre
    setting: Setting
    stage: Stage
    place: str
    """The folder as it is shown."""
    called: str = "sesauditd"
    """How the reader can call the program."""
    told: set[object] = field(default_factory=set)
    mails_told: int = 0

    @property
    def program(self) -> Application:
        """Return the program that judges."""
        return self.theatre.live.program

    async def play(self) -> None:
        """Play the month through the real program and tell it."""
        letters = world.letters(self.theatre.draw, self.setting.weeks)
        self._open(len(letters))
        for week in self.setting.weeks:
            await self._tell(week, [one for one in letters if week.monday <= one.at < week.end])
        await self._prove(letters[-1])
        await self._close()

    def _open(self, letters: int) -> None:
        self.stage.heading(narration.TITLE)
        for paragraph in narration.opening(self.setting, letters):
            self.stage.say(paragraph)
        self.stage.table(("Customer", "Who it is", "Domains", "Since"), narration.cast(), "")

    async def _tell(self, week: Week, letters: Sequence[Letter]) -> None:
        self.stage.heading(narration.heading(week))
        self.stage.say(narration.ACTS[week.act].text)
        with self.stage.progress(len(letters), f"Mailing week {week.number}") as advance:
            said = await self.theatre.play(letters, week.end + JUDGED_AT, advance)
        behaviours = (await self._report(week.monday, week.end)).customers
        self.stage.table(summary.NUMBER_COLUMNS, summary.number_rows(behaviours), "")
        self.stage.say(summary.refused(said))
        fresh = await self._fresh()
        if fresh:
            self.stage.table(summary.VERDICT_COLUMNS, summary.verdict_rows(fresh), "")
        self.stage.say(summary.tolerated(behaviours))
        await self._show_mail()
        for plea in narration.PLEAS.get(week.act, ()):
            await self.theatre.set_clock(week.end + plea.at)
            await self.program.reinstate(plea.domain, plea.explanation)
            await self.theatre.settle()
            self.stage.say(narration.decided(plea, week))

    async def _show_mail(self) -> None:
        """Show what the daemon wrote to customers since the last time."""
        mails = await self.theatre.notices()
        new, self.mails_told = mails[self.mails_told :], len(mails)
        rows = summary.mail_rows(new)
        if rows:
            self.stage.table(summary.MAIL_COLUMNS, rows, "")

    async def _prove(self, last: Letter) -> None:
        self.stage.heading("Does it hold?")
        self.stage.say(narration.PROOF)
        found = await proofs.proven(self.theatre, last)
        self.stage.table(proofs.COLUMNS, proofs.rows(found), "")
        failed = [one for one in found if not one.holds]
        if failed:
            raise Failed(f"the demo's levers do not hold: {failed[0].claim}: {failed[0].found}")

    async def _fresh(self) -> list[Mapping[str, Any]]:
        """Return the standing verdicts that were not told yet."""
        found = []
        for one in await self._standing():
            name = (one["rule"], one["customer"], one["domain"], one["recipient"], one["reason"])
            if name not in self.told:
                self.told.add(name)
                found.append(one)
        return found

    async def _standing(self) -> list[Mapping[str, Any]]:
        documents = await self.program.verdict_documents()
        return [one for one in documents if one["state"] != "withdrawn"]

    async def _report(self, start: datetime, end: datetime) -> Report:
        from sesauditd.report.figures import Span
        from sesauditd.store.reports import pages

        span = Span.between(start, end - SECOND)
        async with self.program.database.read() as connection:
            return await pages.account_report(connection, self.program.policies, span)

    async def _close(self) -> None:
        verdicts = await self._standing()
        report = await self._report(self.setting.start, self.setting.end)
        await self._write(verdicts, report)
        self.stage.heading("Who got what, and why")
        self.stage.table(summary.END_COLUMNS, summary.end_rows(verdicts, report.customers), "")
        self.stage.say(narration.ENDING)
        self.stage.lines(narration.places(self.place))
        self.stage.lines(narration.commands(self.place, self.called))

    async def _write(self, verdicts: Sequence[Mapping[str, Any]], report: Report) -> None:
        from sesauditd.report.document import report_document
        from sesauditd.report.html import Reader, report_html
        from sesauditd.report.report_text import report_text

        folder = self.setting.folder
        for name, document in (("verdicts", verdicts), ("report", report_document(report))):
            text = json.dumps(document, ensure_ascii=False, indent=2)
            (folder / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")
        pages = (report_text(report), report_text(replace(report, account=None)))
        (folder / "report.txt").write_text("\n\n\n".join((*pages, "")), encoding="utf-8")
        page = report_html(report, Reader.OPERATOR)
        (folder / "report.html").write_text(f"{page}\n", encoding="utf-8")
        await self.theatre.keep_files(folder)
