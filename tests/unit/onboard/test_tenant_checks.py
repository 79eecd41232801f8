"""What the doctor says of a domain's tenant, one thing at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sesauditd.model.tenancy import Tenancy
from sesauditd.onboard.findings import Level
from sesauditd.onboard.sights import DomainSight, Untold
from sesauditd.onboard.tenant_checks import tenant

NOW = datetime(2026, 11, 30, tzinfo=UTC)
TRUSTED = Tenancy(
    domain="shop.example", tenant="sesaudit-shop", first_seen_at=NOW, last_seen_at=NOW
)
GOOD = DomainSight(
    domain="shop.example",
    identity={"configuration_set": "sesaudit-shop-example"},
    tenancy=TRUSTED,
    tenant={"sending": "ENABLED"},
    covered=("configuration-set/sesaudit-shop-example", "identity/shop.example"),
)
REPAIR = "`sesauditd onboard shop.example --tenant` repairs it."


def test_a_domain_without_a_tenant_has_no_line() -> None:
    assert list(tenant(replace(GOOD, tenancy=None))) == []


def test_a_tenant_that_mail_was_seen_to_name_is_good() -> None:
    (found,) = tenant(GOOD)
    assert (found.what, found.level) == ("SES tenant sesaudit-shop", Level.OK)


@pytest.mark.parametrize(
    ("changed", "level", "says", "advice"),
    [
        ({"tenant": None}, Level.WRONG, "SES has none of this name", REPAIR),
        ({"tenant": {"sending": "DISABLED"}}, Level.WRONG, "is paused at SES", "SES console"),
        ({"covered": ("identity/shop.example",)}, Level.WRONG, "does not cover config", REPAIR),
        (
            {"tenant": Untold(why="no answer", forbidden=False)},
            Level.WARNING,
            "could not be looked at",
            "Try again.",
        ),
        (
            {"tenancy": replace(TRUSTED, first_seen_at=None, last_seen_at=None)},
            Level.WARNING,
            "is not trusted yet",
            "--tenant` prints the plugin",
        ),
        (
            {"tenancy": replace(TRUSTED, outside_at=NOW + timedelta(hours=1))},
            Level.WARNING,
            "left outside of",
            "--tenant` prints the plugin",
        ),
    ],
    ids=["gone", "paused", "set left", "not told", "never named", "left"],
)
def test_what_is_wrong_with_a_tenant_is_said_with_what_to_do(
    changed: dict[str, Any], level: Level, says: str, advice: str
) -> None:
    (found,) = tenant(replace(GOOD, **changed))

    assert found.level is level
    assert says in found.says
    assert advice in found.advice
