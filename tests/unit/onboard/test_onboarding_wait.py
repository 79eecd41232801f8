"""Waiting for SES: three things come one by one, and the time is over some day."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.errors import Forbidden, Unavailable
from sesauditd.onboard.naming import Account
from sesauditd.onboard.onboarding_ground import Ground
from sesauditd.onboard.onboarding_wait import Verification, Waiting, verification_of, verified

if TYPE_CHECKING:
    from sesauditd.model.plan import JSON, Document

SOON = Waiting(timeout_seconds=5.0, first_seconds=0.001, longest_seconds=0.002)
OVER = Waiting(timeout_seconds=0.0)
FOUND: dict[str, JSON] = {
    "verified": True,
    "identity": "SUCCESS",
    "dkim": "SUCCESS",
    "mail_from": "SUCCESS",
    "error": "",
}
PENDING: dict[str, JSON] = {
    **FOUND,
    "verified": False,
    "dkim": "PENDING",
    "mail_from": "PENDING",
    "error": "HOST_NOT_FOUND",
}


@dataclass
class Ses:
    """Answers one after the other; the last one is repeated."""

    answers: list[Document | Exception | None]
    asked: list[str] = field(default_factory=list)

    async def verification(self, name: str) -> Document | None:
        self.asked.append(name)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_it_waits_until_everything_is_found() -> None:
    found: list[str] = []
    ses = Ses([PENDING, Unavailable("busy"), {**FOUND, "mail_from": "PENDING"}, FOUND])
    states = await verified(["x.example"], ses, SOON, found.append)
    assert (states["x.example"].is_complete, found) == (True, ["x.example"])


async def test_what_is_found_is_not_asked_about_again() -> None:
    ses = Ses([FOUND, PENDING, PENDING, FOUND])
    await verified(["a.example", "b.example"], ses, SOON)
    assert ses.asked == ["a.example", "b.example", "b.example", "b.example"]


async def test_the_time_is_over_with_what_is_missing() -> None:
    states = await verified(["x.example"], Ses([PENDING]), OVER)
    assert states["x.example"].missing == (
        "identity: not verified (HOST_NOT_FOUND)",
        "DKIM: pending",
        "MAIL FROM: pending",
    )


async def test_a_refusal_ends_the_waiting() -> None:
    with pytest.raises(Forbidden):
        await verified(["x.example"], Ses([Forbidden("no")]), SOON)


def test_without_an_identity_nothing_is_found() -> None:
    assert verification_of(None) == Verification()
    assert not Verification().is_complete


@dataclass(frozen=True)
class Seen:
    production: bool = True
    sending_enabled: bool = True


def ground(seen: Seen, *, there: bool = True) -> Ground:
    async def look(_arn: str) -> object | None:
        return {} if there else None

    async def ses() -> Any:
        return seen

    account = Account(prefix="p", installation="main", account_id="1", region="eu-central-1")
    return Ground(account=account, topic_arn="arn:topic", topic=look, policy=look, ses=ses)


async def test_without_setup_both_of_its_things_are_named() -> None:
    plan = await ground(Seen(), there=False).look()
    assert len(plan.conflicts) == 2
    assert all("sesauditd setup" in one.advice for one in plan.conflicts)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (Seen(), []),
        (Seen(production=False), ["in its sandbox", "refused with 554"]),
        (Seen(sending_enabled=False), ["paused"]),
    ],
    ids=["production", "sandbox", "paused"],
)
async def test_what_aws_does_differently_is_said(seen: Seen, words: list[str]) -> None:
    plan = await ground(seen).look()
    assert plan.is_empty
    assert len(plan.remarks) == len(words)
    assert all(word in said for word, said in zip(words, plan.remarks, strict=True))
