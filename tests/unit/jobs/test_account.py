"""What AWS says about the account, and what of it is trouble."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from sesauditd.errors import Unavailable
from sesauditd.jobs.account import AccountWatch, findings
from tests.unit.jobs.fakes import NOW, Memory, Reported


@dataclass(frozen=True, kw_only=True)
class Account:
    production: bool = True
    enforcement: str = "HEALTHY"
    sending_enabled: bool = True
    max_24h: float = 50_000
    sent_24h: float = 100
    suppressed_reasons: frozenset[str] = frozenset({"BOUNCE"})


@dataclass
class Aws:
    """Answers as SES does."""

    now: Account | None = None

    async def account(self) -> Account:
        if self.now is None:
            raise Unavailable("SES GetAccount: no answer")
        return self.now


HEALTHY = Account()


@pytest.mark.parametrize(
    ("account", "trouble"),
    [
        (HEALTHY, {}),
        (replace(HEALTHY, enforcement="PROBATION"), {"account_status": "PROBATION"}),
        (replace(HEALTHY, enforcement="SHUTDOWN"), {"account_status": "SHUTDOWN"}),
        (replace(HEALTHY, sending_enabled=False), {"account_sending": "off"}),
        (replace(HEALTHY, production=False), {"account_sandbox": "sandbox"}),
        (
            replace(HEALTHY, suppressed_reasons=frozenset({"BOUNCE", "COMPLAINT"})),
            {"account_suppression": "COMPLAINT"},
        ),
        (replace(HEALTHY, suppressed_reasons=frozenset()), {}),
        (replace(HEALTHY, sent_24h=40_000), {"account_quota": "nearly used"}),
        (replace(HEALTHY, sent_24h=39_999), {}),
        (replace(HEALTHY, max_24h=-1, sent_24h=1e6), {}),
    ],
    ids=[
        "healthy",
        "probation",
        "shutdown",
        "switched off",
        "sandbox",
        "complaints suppress",
        "nothing suppresses",
        "quota at 80 %",
        "quota below 80 %",
        "no quota",
    ],
)
def test_trouble_of_an_account(account: Account, trouble: dict[str, str]) -> None:
    found = {one.name: one.state for one in findings(account) if one.state is not None}
    assert found == trouble


def watch(aws: Aws, reported: Reported, memory: Memory) -> AccountWatch:
    return AccountWatch(accounts=aws, alarms=reported, notes=memory)


async def test_a_look_is_remembered_and_reported() -> None:
    reported, memory = Reported(), Memory()
    aws = Aws(replace(HEALTHY, enforcement="PROBATION"))
    await watch(aws, reported, memory).run(NOW)
    assert memory.facts["account"] == {
        "production": True,
        "enforcement": "PROBATION",
        "sending_enabled": True,
        "max_24h": 50_000,
        "sent_24h": 100,
        "suppressed_reasons": ["BOUNCE"],
    }
    assert reported.states["account_status"] == "PROBATION"


async def test_without_an_answer_nothing_is_known_and_nothing_recovers() -> None:
    reported, memory = Reported(), Memory()
    with pytest.raises(Unavailable):
        await watch(Aws(), reported, memory).run(NOW)
    assert (reported.findings, memory.facts) == ([], {})
