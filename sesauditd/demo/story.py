"""The story: week by week the real program reads, judges, and says why."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from sesauditd.demo import archive, narration, summary, world

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sesauditd.bootstrap import Application
    from sesauditd.demo.clock import DemoClock
    from sesauditd.demo.folder import Setting
    from sesauditd.demo.weeks import Week
    from sesauditd.model.recorded import Recorded
    from sesauditd.report.pages import Report

JUDGED_AT = timedelta(hours=3)
"""After Monday 00:00 UTC, when the daemon judges the week (policy.md section 2)."""
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

    program: Application
    setting: Setting
    clock: DemoClock
    stage: Stage
    place: str
    """The folder as it is shown."""
    called: str = "sesauditd"
    """How the reader can call the program."""
    told: set[object] = field(default_factory=set)

    async def play(self) -> None:
        """Play the month through the real program and tell it."""
        draw = random.Random(self.setting.seed)  # noqa: S311
        arrivals = world.notifications(draw, self.setting.weeks)
        files = archive.archived(self.setting.raw, arrivals)
        self._open(len(arrivals), len(files))
        await self._adopt()
        for week in self.setting.weeks:
            await self._tell(week, [one for one in files if archive.is_within(one, week)])
        await self._close()

    def _open(self, notifications: int, objects: int) -> None:
        self.stage.heading(narration.TITLE)
        for paragraph in narration.opening(self.setting, notifications, objects):
            self.stage.say(paragraph)
        self.stage.table(("Customer", "Who it is", "Domains", "Since"), narration.cast(), "")

    async def _adopt(self) -> None:
        from sesauditd.store.register import Adoption

        first_act = next(week.monday for week in self.setting.weeks if week.act)
        await self.program.adopt(
            [
                Adoption(
                    domain=sender.domain,
                    customer=one.name,
                    contact=one.contact,
                    iam_user=sender.iam_user,
                    since=one.since or first_act,
                )
                for one in world.CUSTOMERS
                for sender in one.senders
            ]
        )

    async def _tell(self, week: Week, files: Sequence[Path]) -> None:
        self.stage.heading(narration.heading(week))
        self.stage.say(narration.ACTS[week.act].text)
        self.clock.moment = week.end
        counts = await self._replayed(files, f"Reading week {week.number}")
        self.clock.moment = week.end + JUDGED_AT
        for day in range(7):
            await self.program.rollup(week.at(day, 0))
        await self.program.enforce()
        self.stage.say(narration.read(counts))
        behaviours = (await self._report(week.monday, week.end)).customers
        self.stage.table(summary.NUMBER_COLUMNS, summary.number_rows(behaviours), "")
        fresh = await self._fresh()
        if fresh:
            self.stage.table(summary.VERDICT_COLUMNS, summary.verdict_rows(fresh), "")
        self.stage.say(summary.tolerated(behaviours))
        for plea in narration.PLEAS.get(week.act, ()):
            self.clock.moment = week.end + plea.at
            await self.program.reinstate(plea.domain, plea.explanation)
            self.stage.say(narration.decided(plea, week))

    async def _replayed(self, files: Sequence[Path], what: str) -> Recorded:
        with self.stage.progress(sum(one.stat().st_size for one in files), what) as advance:
            done = 0

            def on_bytes(position: int) -> None:
                nonlocal done
                advance(position - done)
                done = position

            return await self.program.replay([str(one) for one in files], on_bytes=on_bytes)

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
        self._write(verdicts, report)
        self.stage.heading("Who got what, and why")
        self.stage.table(summary.END_COLUMNS, summary.end_rows(verdicts, report.customers), "")
        self.stage.say(narration.HONESTY)
        self.stage.lines(narration.places(self.place))
        self.stage.lines(narration.commands(self.place, self.called))

    def _write(self, verdicts: Sequence[Mapping[str, Any]], report: Report) -> None:
        from sesauditd.report.document import report_document
        from sesauditd.report.report_text import report_text

        folder = self.setting.folder
        for name, document in (("verdicts", verdicts), ("report", report_document(report))):
            text = json.dumps(document, ensure_ascii=False, indent=2)
            (folder / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")
        pages = (report_text(report), report_text(replace(report, account=None)))
        (folder / "report.txt").write_text("\n\n\n".join((*pages, "")), encoding="utf-8")
