"""For whom an event counts: the caller, the identity, the sender; and for nobody."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from tests.support import ses
from tests.support.cases import when
from tests.support.cli import program

if TYPE_CHECKING:
    from tests.support.cli import Cli

ANN = "ann@mail.example"


OWNERS = (
    ("a.example", "one", "smtp-one"),
    ("a-second.example", "one", "smtp-one"),
    ("b.example", "two", "smtp-two"),
    ("c.example", "three", "shared"),
    ("d.example", "four", "shared"),
    ("shop.d.example", "five"),
)
FLAVOURS: tuple[ses.Flavour, ...] = ("publishing", "identity")


@pytest.fixture
def host(cli: Cli) -> Cli:
    """Return a host with customers who have users of their own, and two who share one."""
    cli.adopt_all(OWNERS)
    return cli


Owner: TypeAlias = tuple[str, str] | None

ROWS: dict[str, tuple[dict[str, Any], Owner]] = {
    "own caller": ({"caller": "smtp-one"}, ("one", "a.example")),
    "no caller, the identity": ({"caller": None}, ("one", "a.example")),
    "unregistered caller": ({"caller": "stranger"}, ("one", "a.example")),
    "root": ({"caller": "root"}, ("one", "a.example")),
    "another's caller pays": ({"caller": "smtp-two"}, ("two", "b.example")),
    "a shared caller names nobody": ({"caller": "shared"}, ("one", "a.example")),
    "a caller in capitals": ({"caller": "SMTP-ONE"}, ("one", "a.example")),
    "first domain of it": ({"domain": "b.example", "caller": "smtp-one"}, ("one", "a.example")),
    "second domain of the same caller": (
        {"domain": "a-second.example", "caller": "smtp-one"},
        ("one", "a-second.example"),
    ),
    "shared, by identity": ({"domain": "d.example", "caller": "shared"}, ("four", "d.example")),
    "the longest suffix": ({"domain": "shop.d.example"}, ("five", "shop.d.example")),
    "below the longest suffix": ({"domain": "eu.shop.d.example"}, ("five", "shop.d.example")),
    "below a domain": ({"domain": "www.d.example"}, ("four", "d.example")),
    "a suffix of letters only": ({"domain": "ad.example"}, None),
    "nobody's domain": ({"domain": "e.example"}, None),
    "by caller alone": ({"domain": "e.example", "caller": "smtp-two"}, ("two", "b.example")),
    "an address as identity": (
        {"domain": "e.example", "identity": "info@a.example"},
        ("one", "a.example"),
    ),
    "no identity, the sender with a name": (
        {"source": '"Shop, the" <shop@b.example>', "sourceArn": None},
        ("two", "b.example"),
    ),
    "capitals": ({"source": "SHOP@B.EXAMPLE", "sourceArn": None}, ("two", "b.example")),
    "the identity before the sender": (
        {"source": "shop@b.example", "identity": "a.example"},
        ("one", "a.example"),
    ),
}


@pytest.fixture(scope="module")
def owners(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[Owner, list[str]]]:
    """Return for the recipient of each row whom the event counts for, and its flags."""
    cli = program(tmp_path_factory.mktemp("attribution"))
    cli.adopt_all(OWNERS[:1])
    cli.adopt_all(OWNERS[1:])
    usual: dict[str, Any] = {"domain": "a.example", "caller": "stranger"}
    told = []
    for number, (how, _) in enumerate(ROWS.values()):
        told += [
            ses.bounce(recipients=to, at=when(1), flavour=flavour, **(usual | how))
            for flavour in FLAVOURS
            for to in [f"{flavour}{number}@mail.example"]
        ]
    cli.replay(ses.lines(told))
    verdicts = {one["recipient"]: (one["customer"], one["domain"]) for one in cli.verdicts()}
    return {
        to["recipient"]: (verdicts.get(to["recipient"]), event["flags"])
        for event in cli.rows("events", "--limit", "1000")
        for to in event["recipients"]
    }


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize(
    ("number", "expected"),
    [pytest.param(number, ROWS[name][1], id=name) for number, name in enumerate(ROWS)],
)
def test_an_event_counts_for(
    owners: Mapping[str, tuple[Owner, list[str]]],
    number: int,
    expected: Owner,
    flavour: ses.Flavour,
) -> None:
    owner, flags = owners[f"{flavour}{number}@mail.example"]
    assert owner == expected
    assert ("unattributed" in flags) == (expected is None)


def test_another_customers_caller_is_flagged(host: Cli) -> None:
    host.replay(ses.lines([ses.bounce("a.example", ANN, when(1), caller="smtp-two")]))
    (stored,) = host.rows("events")
    assert any("caller" in one for one in stored["flags"])


def test_headers_attribute_nothing(host: Cli) -> None:
    event = ses.bounce("e.example", ANN, when(1))
    event["mail"]["headers"] = [{"name": "From", "value": "shop@a.example"}]
    event["mail"]["commonHeaders"]["from"] = ["shop@a.example"]
    event["mail"]["tags"]["customer"] = ["one"]
    host.replay([json.dumps(event)])
    assert host.verdicts() == []


def test_a_name_that_customers_choose_is_no_address(host: Cli) -> None:
    told = ses.bounce(
        "e.example", ANN, when(1), source="shop@a.example <x@e.example>", sourceArn=None
    )
    host.replay([json.dumps(told)])
    assert host.verdicts() == []


def test_an_international_domain_is_the_same_in_both_spellings(cli: Cli) -> None:
    cli.adopt("bücher.example", "k")
    assert [one["domain"] for one in cli.rows("domains")] == ["xn--bcher-kva.example"]
    told = [
        ses.bounce("xn--bcher-kva.example", "a@mail.example", when(1)),
        ses.bounce("xn--bcher-kva.example", "b@m\u00fcnchen.example", when(1)),
        ses.bounce("bücher.example", "c@mail.example", when(1), identity="BÜCHER.example"),
    ]
    cli.replay(ses.lines(told))
    blocked = sorted(one["recipient"] for one in cli.verdicts())
    assert blocked == ["a@mail.example", "b@xn--mnchen-3ya.example", "c@mail.example"]


def test_the_daemons_own_notices_count_for_nobody(host: Cli) -> None:
    host.configure(rest='[notices]\nfrom = "Mail watch <postmaster@a.example>"\n')
    mine: dict[str, Any] = {"source": "Mail watch <postmaster@a.example>", "caller": "sesauditd"}
    own = ses.bounce("a.example", ANN, when(1), configuration_set="sesaudit-notices", **mine)
    infected = ses.reject("a.example", ANN, when(1), configuration_set="sesaudit-notices", **mine)
    host.replay([json.dumps(own), json.dumps(infected)])
    assert host.verdicts() == []


def test_a_customer_cannot_pose_as_the_daemon(host: Cli) -> None:
    host.configure(rest='[notices]\nfrom = "Mail watch <postmaster@a.example>"\n')
    posing = ses.bounce(
        "a.example",
        ANN,
        when(1),
        source="postmaster@a.example",
        caller="smtp-one",
        configuration_set="sesaudit-notices",
    )
    host.replay([json.dumps(posing)])
    assert len(host.verdicts()) == 1


def test_a_user_registered_later_attributes_what_was_nobodys(cli: Cli) -> None:
    cli.replay(ses.lines([ses.bounce("e.example", ANN, when(1), caller="smtp-one")]))
    assert cli.run("status", "--json").document["unattributed"] == 1
    cli.adopt("a.example", "one", "--iam-user", "smtp-one")
    (verdict,) = cli.verdicts()
    assert (verdict["customer"], verdict["domain"]) == ("one", "a.example")
    assert cli.run("status", "--json").document["unattributed"] == 0
