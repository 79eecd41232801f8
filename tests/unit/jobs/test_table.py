"""The jobs as they are, on the real table of periods and the real weekly judgement."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sesauditd.jobs.alarms import Alarms
from sesauditd.jobs.schedule import Jobs
from sesauditd.jobs.table import Work, table
from sesauditd.store.periods import Periods
from sesauditd.store.tables import actions, notices, periods, verdicts
from sesauditd.store.watch import Memory
from tests.support import feedback as ses
from tests.support.running import Running, running
from tests.unit.jobs.fakes import Siren

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Table

    from sesauditd.model.owed import Period

WEEKLY = "weekly"
BACK = datetime(2026, 11, 24, 8, tzinfo=UTC)
"""A Tuesday: the week of the 16th and two before it were never judged."""


@dataclass
class Duties:
    """What the daemon does, on a real program; the rest only notes that it was asked."""

    running: Running
    done: list[str] = field(default_factory=list)
    failures: int = 0
    drained: bool = True

    async def enforce(self, period: Period, now: datetime) -> None:
        if self.failures:
            self.failures -= 1
            raise ValueError("a bug")
        await self.running.application.weekly.enforce(period.due, now=now, dry_run=False)
        self.done.append(f"enforce {period.name}")

    async def roll_up(self, period: Period, now: datetime) -> None:
        document = await self.running.application.rollup(period.start)
        self.done.append(f"roll up {document['day']}")

    async def may_judge(self, period: Period, now: datetime) -> bool:
        return self.drained

    async def summarise(self, period: Period, now: datetime) -> None:
        self.done.append(f"summary {period.name}")

    async def nothing_for(self, period: Period, now: datetime) -> None:
        pass

    async def nothing(self, now: datetime) -> None:
        pass

    def jobs(self, siren: Siren | None = None) -> Jobs:
        """Return the jobs of a daemon that starts anew on the same database."""
        database = self.running.application.database
        work = Work(
            watch_clock=self.nothing,
            roll_up=self.roll_up,
            enforce=self.enforce,
            may_judge=self.may_judge,
            digest=self.nothing_for,
            shadow_digest=self.nothing_for,
            summarise=self.summarise,
            report=self.nothing_for,
            tell_waiting=self.nothing,
            watch_account=self.nothing,
            watch_pipe=self.nothing,
            copy_journal=self.nothing,
            reconcile=self.nothing_for,
            raise_horizon=self.nothing_for,
            forget=self.nothing,
            after_rebuild=self.nothing,
            back_up=self.nothing_for,
            watches=(),
        )
        return Jobs(
            table=table(work, rollup="00:30", enforcement="monday 03:00"),
            periods=Periods(database),
            alarms=Alarms(siren=siren or Siren(), book=Memory(database)),
            holds_lease=lambda: True,
            trusts_clock=lambda: True,
            clock=lambda: BACK,
            turned=lambda: None,
        )

    def weeks(self) -> list[str]:
        """Return the weeks in the order in which they were judged."""
        return [one.removeprefix("enforce ") for one in self.done if one.startswith("enforce")]


def three_bad_weeks() -> list[ses.Event]:
    """Return five complaints a week about 400 mails, of three weeks."""
    events: list[Any] = []
    for weeks in range(3):
        early = timedelta(weeks=weeks)
        events += [ses.send(f"p{n}@x.example", ses.at(1) - early) for n in range(400)]
        events += [ses.complaint(f"p{n}@x.example", ses.at(2) - early) for n in range(5)]
    return events


async def documents(program: Running, table: Table) -> list[dict[str, Any]]:
    """Return the rows of a table by name of column."""
    names = table.columns.keys()
    return [dict(zip(names, row, strict=True)) for row in await program.rows(table)]


async def weekly_verdicts(program: Running) -> list[tuple[str, str]]:
    """Return rule and end of the weekly verdicts."""
    found = await documents(program, verdicts)
    ends = [
        (one["rule"], f"{one['window_end']:%Y-%m-%d}") for one in found if one["lane"] == WEEKLY
    ]
    return sorted(ends)


async def test_three_missed_mondays_are_judged_as_three_weeks_in_order_each_once(
    tmp_path: Path,
) -> None:
    async with running(tmp_path / "p") as program:
        await program.adopt()
        await program.feed(three_bad_weeks())
        duties = Duties(program)
        await duties.jobs().tick(BACK)
        await duties.jobs().tick(BACK + timedelta(minutes=1))
        assert duties.weeks() == ["2026-W45", "2026-W46", "2026-W47"]
        assert await weekly_verdicts(program) == [
            ("complaint.disable", "2026-11-09"),
            ("complaint.disable", "2026-11-16"),
            ("complaint.disable", "2026-11-23"),
        ]
        judged = [row for row in await program.rows(periods) if row[0] == "enforcement"]
        assert [row[1] for row in judged] == ["2026-W45", "2026-W46", "2026-W47"]


async def test_every_day_is_rolled_up_before_the_first_week_is_judged(tmp_path: Path) -> None:
    async with running(tmp_path / "p") as program:
        await program.adopt()
        await program.feed(three_bad_weeks())
        duties = Duties(program)
        await duties.jobs().tick(BACK)
        rolled = [one for one in duties.done if one.startswith("roll up")]
        assert duties.done[: len(rolled)] == rolled == sorted(rolled)
        assert (rolled[0], rolled[-1]) == ("roll up 2026-11-03", "roll up 2026-11-23")


async def test_a_clock_that_was_set_back_judges_and_closes_nothing_twice(tmp_path: Path) -> None:
    async with running(tmp_path / "p") as program:
        await program.adopt()
        await program.feed(three_bad_weeks())
        duties = Duties(program)
        await duties.jobs().tick(BACK)
        before = (list(duties.done), await program.rows(periods), await program.rows(actions))
        for hours in (3, 40 * 24, 0):
            await duties.jobs().tick(BACK - timedelta(hours=hours))
        after = (duties.done, await program.rows(periods), await program.rows(actions))
        assert after == before


async def test_a_judgement_that_fails_is_tried_again_and_told_of_once(tmp_path: Path) -> None:
    async with running(tmp_path / "p") as program:
        await program.adopt()
        await program.feed(three_bad_weeks())
        duties, siren = Duties(program, failures=2), Siren()
        for minute in range(4):
            await duties.jobs(siren).tick(BACK + timedelta(minutes=minute))
        assert duties.weeks() == ["2026-W45", "2026-W46", "2026-W47"]
        assert siren.heard == [("trouble", "job_weekly"), ("recovered", "job_weekly")]
        told = [row["kind"] for row in await documents(program, notices)]
        assert sorted(told) == ["recovered", "trouble"]


async def test_weeks_wait_for_the_queue_and_days_do_not(tmp_path: Path) -> None:
    async with running(tmp_path / "p") as program:
        await program.adopt()
        await program.feed(three_bad_weeks())
        duties = Duties(program, drained=False)
        jobs = duties.jobs()
        assert "rollup 2026-11-23" in await jobs.tick(BACK)
        assert duties.weeks() == []
        duties.drained = True
        assert "weekly 2026-W47" in await jobs.tick(BACK)


async def test_weeks_that_are_caught_up_at_once_share_one_blast_radius(tmp_path: Path) -> None:
    async with running(tmp_path / "p") as program:
        for customer in "klmnop":
            await program.adopt(f"{customer}.example", customer)
        for number, customer in enumerate("klmnop"):
            early, about = timedelta(weeks=number // 2), {"domain": f"{customer}.example"}
            people = [f"p{n}@x.example" for n in range(100)]
            await program.feed([ses.send(one, ses.at(1) - early, **about) for one in people])
            await program.feed(
                [ses.complaint(one, ses.at(2) - early, **about) for one in people[:5]]
            )
        await Duties(program).jobs().tick(BACK)
        states = [row["state"] for row in await documents(program, actions)]
        assert sorted(states) == ["requested"] * 3 + ["waiting"] * 3


async def test_digests_and_summaries_begin_with_the_first_run(tmp_path: Path) -> None:
    async with running(tmp_path / "p") as program:
        await program.adopt()
        await program.feed(three_bad_weeks())
        duties = Duties(program)
        await duties.jobs().tick(BACK)
        assert not [one for one in duties.done if one.startswith("summary")]
        done = await duties.jobs().tick(BACK + timedelta(days=7))
        assert "summary 2026-W48" in done
        assert done.index("weekly 2026-W48") < done.index("summary 2026-W48")
