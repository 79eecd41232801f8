"""Notices leave the account's rate and its day's quota to customers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from sesauditd.errors import Unavailable
from sesauditd.jobs.pacing import LOOK_EVERY, Pacer
from sesauditd.model.notice import NoticeKind, Posting
from tests.support import notices as samples
from tests.support.notices import NOW


@dataclass(frozen=True)
class Quota:
    max_24h: float = 200
    sent_24h: float = 0
    max_per_second: float = 14


def posting(kind: NoticeKind, readers: int = 1) -> Posting:
    return Posting(notice=samples.notice(kind), to=("a@x.example",) * readers)


async def looked(quota: Quota) -> Pacer:
    async def account() -> Quota:
        return quota

    pacer = Pacer(account)
    await pacer.look(NOW)
    return pacer


@pytest.mark.parametrize(
    ("rate", "readers", "seconds"),
    [
        pytest.param(1, 1, 2.0, id="SES's sandbox"),
        pytest.param(14, 1, 1 / 7, id="an ordinary account"),
        pytest.param(14, 7, 1.0, id="each reader counts"),
        pytest.param(0, 2, 2.0, id="an account without a rate"),
    ],
)
async def test_half_of_the_accounts_rate_is_used(rate: float, readers: int, seconds: float) -> None:
    pacer = await looked(Quota(max_per_second=rate))
    assert pacer.sent(readers) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("sent", "urgent", "patient"),
    [
        pytest.param(0, True, True, id="nothing used"),
        pytest.param(179, True, True, id="just below nine tenths"),
        pytest.param(180, True, False, id="what can wait waits"),
        pytest.param(199, True, False, id="the last mail of the day"),
        pytest.param(200, False, False, id="nothing left"),
    ],
)
async def test_the_days_quota_is_kept_to(sent: float, *, urgent: bool, patient: bool) -> None:
    pacer = await looked(Quota(sent_24h=sent))
    assert pacer.allows(posting(NoticeKind.TERMINATED)) is urgent
    assert pacer.allows(posting(NoticeKind.BLOCKED)) is patient


async def test_our_own_mails_count_between_two_looks() -> None:
    pacer = await looked(Quota(sent_24h=198))
    pacer.sent(2)
    assert not pacer.allows(posting(NoticeKind.TERMINATED))


async def test_an_account_without_a_limit_or_one_not_seen_allows_all() -> None:
    pacer = await looked(Quota(max_24h=-1, sent_24h=10**9))
    assert pacer.allows(posting(NoticeKind.BLOCKED))

    async def away() -> Quota:
        raise Unavailable("no route")

    unseen = Pacer(away)
    await unseen.look(NOW)
    assert unseen.allows(posting(NoticeKind.BLOCKED))
    assert unseen.sent(1) == 1.0


async def test_the_account_is_asked_now_and_then_and_an_outage_keeps_what_was_known() -> None:
    answers: list[Quota | Exception] = [Quota(sent_24h=200), Unavailable("x"), Quota()]
    asked = 0

    async def account() -> Quota:
        nonlocal asked
        asked += 1
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return replace(answer)

    pacer = Pacer(account)
    urgent = posting(NoticeKind.TERMINATED)
    await pacer.look(NOW)
    await pacer.look(NOW + LOOK_EVERY - timedelta(seconds=1))
    assert (asked, pacer.allows(urgent)) == (1, False)
    await pacer.look(NOW + LOOK_EVERY)
    assert (asked, pacer.allows(urgent)) == (2, False)
    await pacer.look(NOW + 2 * LOOK_EVERY)
    assert (asked, pacer.allows(urgent)) == (3, True)
