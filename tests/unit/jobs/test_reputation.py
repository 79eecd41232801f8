"""AWS's rates are polled, kept beside ours, and told of in time, once an incident."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from sesauditd.errors import Failed, Forbidden, Unavailable
from sesauditd.jobs.alarms import Alarms
from sesauditd.jobs.reputation import Measure, ReputationWatch
from sesauditd.model.reputation import Kind, Poll, Tally
from tests.unit.jobs.fakes import NOW, Memory, Reported, Siren

if TYPE_CHECKING:
    from collections.abc import Sequence

LOOK = timedelta(minutes=15)
LONG_AGO = NOW - timedelta(days=30)
TALLY = Tally(days=28, mailed=20_000, hard_bounces=200, feeding_back=10_000, complaints=1)


@dataclass
class CloudWatch:
    bounce_rate: float | None = 0.01
    complaint_rate: float | None = 0.0001
    counted: float | None = None
    failing: Failed | None = None
    asked: list[tuple[datetime, datetime]] = field(default_factory=list)

    async def reputation(self, now: datetime) -> CloudWatch:
        if self.failing:
            raise self.failing
        return replace(self)

    async def sent(
        self, start: datetime, end: datetime, configuration_set: str | None = None
    ) -> float | None:
        self.asked.append((start, end))
        return self.counted


@dataclass
class Kept:
    """Our figures, and the polls in their order."""

    tally: Tally = TALLY
    told: int = 0
    since: datetime = LONG_AGO
    polls: list[Poll] = field(default_factory=list)

    async def tallies(self, now: datetime) -> Sequence[Tally]:
        return [self.tally]

    async def heard(self, start: datetime, end: datetime) -> int:
        return self.told

    async def keep(self, poll: Poll) -> None:
        self.polls.append(poll)

    async def newest(self, limit: int) -> Sequence[Poll]:
        return self.polls[::-1][:limit]

    async def watched_since(self, now: datetime) -> datetime:
        return self.since


@dataclass
class Watched:
    """A watch with everything that it looks at; three polls have to agree."""

    aws: CloudWatch = field(default_factory=CloudWatch)
    kept: Kept = field(default_factory=Kept)
    memory: Memory = field(default_factory=Memory)
    siren: Siren = field(default_factory=Siren)
    looks: int = 0

    async def look(self, reported: Reported | None = None, *, times: int = 1) -> None:
        for _ in range(times):
            await ReputationWatch(
                metrics=self.aws,
                polls=self.kept,
                memory=self.memory,
                # A new one each time, as after a restart.
                alarms=reported or Alarms(siren=self.siren, book=self.memory),
                measure=Measure(polls=3),
            ).run(NOW + self.looks * LOOK)
            self.looks += 1


@pytest.mark.parametrize(
    ("bounces", "complaints", "expected"),
    [
        (None, None, {}),
        (0.0399, None, {"reputation_bounce": None}),
        (0.04, None, {"reputation_bounce": "near"}),
        (0.05, None, {"reputation_bounce": "review"}),
        (0.10, None, {"reputation_bounce": "pause"}),
        (None, 0.00079, {"reputation_complaint": None}),
        (None, 0.0008, {"reputation_complaint": "near"}),
        (None, 0.001, {"reputation_complaint": "review"}),
        (None, 0.005, {"reputation_complaint": "pause"}),
    ],
)
async def test_lines_that_awss_rate_reaches(
    bounces: float | None, complaints: float | None, expected: dict[str, str | None]
) -> None:
    reported = Reported()
    watched = Watched(CloudWatch(bounce_rate=bounces, complaint_rate=complaints))
    await watched.look(reported)
    found = {name: one for name, one in reported.states.items() if name.startswith("reputation_b")}
    found |= {k: v for k, v in reported.states.items() if k.startswith("reputation_c")}
    assert found == expected


@pytest.mark.parametrize(
    ("tally", "expected"),
    [
        # The lower end of chance is what is judged: 840 of 20,000 is 4.2 %, and surely 3.97 %.
        (replace(TALLY, hard_bounces=840), None),
        (replace(TALLY, hard_bounces=850), "near"),
        (replace(TALLY, hard_bounces=1060), "review"),
        (replace(TALLY, hard_bounces=2080), "pause"),
        (replace(TALLY, mailed=999, hard_bounces=500), "nothing is said"),
        (replace(TALLY, mailed=1000, hard_bounces=500), "pause"),
    ],
)
async def test_lines_that_our_own_count_reaches(tally: Tally, expected: str | None) -> None:
    reported = Reported()
    await Watched(kept=Kept(tally)).look(reported)
    assert reported.states.get("own_bounce", "nothing is said") == expected


async def test_a_rate_is_told_once_at_each_line_and_once_when_it_is_well_below() -> None:
    watched = Watched(kept=Kept(since=NOW))
    for rate in (0.03, 0.041, 0.043, 0.052, 0.049, 0.046, 0.038, 0.037, 0.035, 0.035):
        watched.aws.bounce_rate = rate
        await watched.look()
    states = [one.facts["summary"] for one in watched.memory.notices]
    assert watched.siren.heard == [
        ("trouble", "reputation_bounce"),
        ("trouble", "reputation_bounce"),
        ("trouble", "reputation_bounce"),
        ("recovered", "reputation_bounce"),
    ]
    assert "near a line" in str(states[0])
    assert "we counted 1.00 % of 20,000 in 28 days" in str(states[0])
    assert "5.20 %" in str(states[1])
    assert "`sesauditd report`" in str(states[1])
    assert "below AWS's line of review of 5 %" in str(states[3])


async def test_what_aws_does_not_show_is_not_known_and_ends_no_alarm() -> None:
    watched = Watched(CloudWatch(bounce_rate=0.06))
    await watched.look()
    watched.aws.bounce_rate = None
    await watched.look(times=5)
    assert watched.siren.heard == [("trouble", "reputation_bounce")]
    assert watched.kept.polls[-1].bounce_rate is None


async def test_a_missing_permission_is_named_at_once_and_its_end_told() -> None:
    watched = Watched(CloudWatch(bounce_rate=0.06), Kept(since=NOW))
    await watched.look()
    watched.aws.failing = Forbidden("CloudWatch GetMetricData: AccessDenied")
    await watched.look(times=4)
    watched.aws.failing = None
    await watched.look(times=2)
    assert watched.siren.heard == [
        ("trouble", "reputation_bounce"),
        ("trouble", "reputation_unknown"),
        ("recovered", "reputation_unknown"),
    ]
    told = str(watched.memory.notices[1].facts["summary"])
    assert told == (
        "AWS's own rates are not known: CloudWatch GetMetricData: AccessDenied; "
        "allow cloudwatch:GetMetricData, see docs/iam/observe.json"
    )
    assert watched.kept.polls[2].problem
    assert watched.kept.polls[2].bounce_rate is None
    assert watched.kept.polls[2].ours == TALLY


async def test_throttling_is_told_of_at_the_third_poll() -> None:
    watched = Watched(CloudWatch(failing=Unavailable("CloudWatch GetMetricData: Throttling")))
    await watched.look(times=2)
    assert watched.siren.heard == []
    await watched.look(times=3)
    assert watched.siren.heard == [("trouble", "reputation_unknown")]


async def test_rates_that_cannot_both_be_right_are_told_at_the_third_poll_and_their_end() -> None:
    watched = Watched(CloudWatch(bounce_rate=0.03))
    await watched.look(times=2)
    watched.aws.failing = Unavailable("CloudWatch GetMetricData: Throttling")
    await watched.look()
    watched.aws.failing = None
    assert watched.siren.heard == []
    await watched.look(times=4)
    assert watched.siren.heard == [("trouble", "disagreement_bounce")]
    told = str(watched.memory.notices[0].facts["summary"])
    assert "3.00 %" in told
    assert "1.00 % of 20,000 over 28 days" in told
    assert "`sesauditd doctor`" in told
    watched.aws.bounce_rate = 0.01
    await watched.look(times=2)
    watched.aws.bounce_rate = 0.03
    await watched.look()
    watched.aws.bounce_rate = 0.01
    await watched.look(times=2)
    assert watched.siren.heard == [("trouble", "disagreement_bounce")]
    await watched.look(times=2)
    assert watched.siren.heard[1:] == [("recovered", "disagreement_bounce")]


async def test_complaints_that_only_aws_knows_may_have_come_to_it_directly() -> None:
    watched = Watched(CloudWatch(complaint_rate=0.0009))
    await watched.look(times=3)
    told = {str(one.facts["name"]): str(one.facts["summary"]) for one in watched.memory.notices}
    assert "complained to AWS itself" in told["disagreement_complaint"]


async def test_a_lower_rate_of_aws_loses_nothing() -> None:
    watched = Watched(CloudWatch(bounce_rate=0.0), Kept(replace(TALLY, hard_bounces=700)))
    await watched.look(times=3)
    assert watched.siren.heard == [("trouble", "disagreement_bounce")]
    assert "nothing is lost" in str(watched.memory.notices[0].facts["summary"])


@pytest.mark.parametrize(
    ("watched_for", "told"),
    [(timedelta(days=13), False), (timedelta(days=14), True), (timedelta(days=-1), False)],
)
async def test_rates_of_mail_from_before_are_no_disagreement(
    watched_for: timedelta, told: bool
) -> None:
    watched = Watched(CloudWatch(bounce_rate=0.03), Kept(since=NOW - watched_for))
    await watched.look(times=3)
    assert bool(watched.siren.heard) == told


async def test_mail_that_nobody_told_of_is_told() -> None:
    watched = Watched(CloudWatch(counted=1000), Kept(told=900))
    await watched.look(times=2)
    assert watched.siren.heard == []
    await watched.look(times=2)
    assert watched.siren.heard == [("trouble", "unheard_mail")]
    told = str(watched.memory.notices[0].facts["summary"])
    assert "AWS counts 1,000 mails of a day, and we heard of 900 only" in told
    watched.kept.told = 1000
    await watched.look(times=4)
    assert watched.siren.heard[1:] == [("recovered", "unheard_mail")]


async def test_a_day_is_compared_that_ended_a_whole_hour_ago() -> None:
    watched = Watched()
    await watched.look(times=2)
    end = NOW - timedelta(hours=1)
    assert watched.aws.asked == [(end - timedelta(days=1), end)] * 2
    assert [one.rate(Kind.BOUNCE) for one in watched.kept.polls] == [0.01, 0.01]
