"""Operators decide beside the running daemon: mail stops, and comes back as it was."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sesauditd.bootstrap import now
from tests.support import ses
from tests.support.daemons import TAKEN, stage, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.daemons import Stage

SHOP, CLUB = "shop.example", "club.example"
ANNA = "anna@good.example"
REFUSED = 554
NO_LOGIN = 535
LEFT_WAITING = 4


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Open a stage where a daemon runs; each test leaves it as it was."""
    folder = tmp_path_factory.mktemp("operators") / "p"
    with (
        pytest.MonkeyPatch.context() as patch,
        stage(folder, patch, {SHOP: "shop", CLUB: "club"}) as opened,
    ):
        opened.daemon().ready()
        yield opened


def test_a_disabled_domain_sends_nothing_until_it_is_reinstated(beside: Stage) -> None:
    before = beside.state()

    ran = beside.done("disable", SHOP, "--reason", "a drill")
    assert f"Done: disable {SHOP}." in ran.out
    assert beside.mail(SHOP, ANNA) == REFUSED
    other = beside.furnished.logins[CLUB].configuration_set
    assert beside.mail(SHOP, ANNA, configuration_set=other) == REFUSED
    assert beside.mail(CLUB, ANNA) == TAKEN

    beside.done("reinstate", SHOP, "--explanation", "over")
    assert beside.state() == before
    assert beside.mail(SHOP, ANNA) == TAKEN


def test_a_blocked_recipient_is_refused_to_one_customer_only_until_unblocked(
    beside: Stage,
) -> None:
    before = beside.state()

    beside.done("block", ANNA, "--domain", SHOP, "--reason", "asked by phone")
    assert beside.mail(SHOP, ANNA) == REFUSED
    assert beside.mail(SHOP, "Anna@Good.Example") == REFUSED
    assert beside.mail(SHOP, "berta@good.example") == TAKEN
    assert beside.mail(CLUB, ANNA) == TAKEN

    beside.done("unblock", ANNA, "--domain", SHOP, "--reason", "fixed")
    assert beside.mail(SHOP, ANNA) == TAKEN
    assert beside.state() == before


def test_a_terminated_customer_cannot_log_in_until_it_is_restored(beside: Stage) -> None:
    before = beside.state()

    beside.done("terminate", "shop", "--reason", "a drill")
    assert beside.mail(SHOP, ANNA) == NO_LOGIN
    assert beside.mail(CLUB, ANNA) == TAKEN

    beside.done("restore", "shop", "--explanation", "over")
    assert beside.mail(SHOP, ANNA) == TAKEN
    assert beside.state() == before


def all_told(beside: Stage) -> bool:
    """Say whether no notice is on its way; digests wait for their hour."""
    on_their_way = "select id from notices where state in (?, ?) and due_at is null"
    return not beside.rows(on_their_way, "requested", "attempted")


def test_what_was_only_proposed_is_done_when_it_is_approved(beside: Stage) -> None:
    until(lambda: all_told(beside), "the mail about what was decided before")
    before = beside.state()
    beside.forget_calls()
    beside.program.replay([ses.reject(CLUB, ANNA, now())])
    listed = beside.done("actions", "--json").json["actions"]
    (action,) = [one for one in listed if one["state"] == "proposed"]
    assert beside.mail(CLUB, ANNA) == TAKEN
    assert beside.writes() == []

    beside.done("actions", "approve", action["id"])
    assert beside.actions()[f"disable_domain {CLUB}"] == "done"
    assert beside.mail(CLUB, ANNA) == REFUSED

    beside.done("reinstate", CLUB, "--explanation", "cleaned")
    assert beside.state() == before


def test_without_a_daemon_a_decision_is_left_waiting_and_says_so(live: Stage) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "sesauditd", "disable", SHOP, "--reason", "a drill"],
        env=live.environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == LEFT_WAITING
    assert ran.stderr.strip() == (
        "1 action waits for the daemon, which is not running: see sesauditd actions"
    )
    assert live.mail(SHOP, ANNA) == TAKEN
    daemon = live.daemon()
    daemon.until(lambda: live.actions() == {f"disable_domain {SHOP}": "done"}, "its outcome")
    assert live.mail(SHOP, ANNA) == REFUSED
