"""Whom an event counts for (policy.md section 1, attribution), and which mail is our own."""

from __future__ import annotations

import pytest

from sesauditd.model.events import Feedback
from sesauditd.model.register import Attribution, OwnNotices, Register

REGISTER = Register(
    owners={
        "shop.example": "kim",
        "blog.shop.example": "lee",
        "kim.example": "kim",
        "club.example": "ann",
    },
    callers={
        "kim-smtp": (("kim", "shop.example"), ("kim", "kim.example")),
        "ann-smtp": (("ann", "club.example"),),
        "shared": (("kim", "shop.example"), ("ann", "club.example")),
    },
)
KIM_SHOP = Attribution(customer="kim", domain="shop.example")


def sent(*, caller: str | None = None, identity: str = "", source: str = "") -> Feedback:
    return Feedback(
        kind="Bounce", message_id="m-1", caller=caller, identity=identity, source=source
    )


@pytest.mark.parametrize(
    ("feedback", "expected"),
    [
        pytest.param(sent(caller="kim-smtp", identity="shop.example"), KIM_SHOP, id="both agree"),
        pytest.param(
            sent(caller="kim-smtp", identity="kim.example"),
            Attribution(customer="kim", domain="kim.example"),
            id="the from-domain among the caller's own",
        ),
        pytest.param(
            sent(caller="kim-smtp", identity="club.example"),
            Attribution(customer="kim", domain="shop.example", foreign_caller=True),
            id="another customer's identity",
        ),
        pytest.param(sent(caller="kim-smtp"), KIM_SHOP, id="caller alone"),
        pytest.param(
            sent(caller="kim-smtp", identity="unknown.example"), KIM_SHOP, id="unknown identity"
        ),
        pytest.param(sent(identity="shop.example"), KIM_SHOP, id="no caller"),
        pytest.param(
            sent(caller="stranger", identity="shop.example"), KIM_SHOP, id="unregistered caller"
        ),
        pytest.param(
            sent(caller="shared", identity="shop.example"), KIM_SHOP, id="caller of several"
        ),
        pytest.param(sent(caller="shared"), None, id="caller of several alone"),
        pytest.param(sent(identity="info@shop.example"), KIM_SHOP, id="identity is an address"),
        pytest.param(sent(identity="mail.shop.example"), KIM_SHOP, id="subdomain"),
        pytest.param(
            sent(identity="news.blog.shop.example"),
            Attribution(customer="lee", domain="blog.shop.example"),
            id="the longest suffix wins",
        ),
        pytest.param(sent(source="info@shop.example"), KIM_SHOP, id="by the sender address"),
        pytest.param(
            sent(identity="unknown.example", source="info@shop.example"),
            KIM_SHOP,
            id="the sender address where the identity is unknown",
        ),
        pytest.param(
            sent(identity="club.example", source="info@shop.example"),
            Attribution(customer="ann", domain="club.example"),
            id="the identity before the sender address",
        ),
        pytest.param(sent(source="info@notshop.example"), None, id="no suffix inside a label"),
        pytest.param(sent(source="no address"), None, id="no address"),
        pytest.param(sent(), None, id="nothing known"),
    ],
)
def test_an_event_counts_for(feedback: Feedback, expected: Attribution | None) -> None:
    assert REGISTER.attribute(feedback) == expected


def test_an_empty_register_attributes_nothing() -> None:
    assert Register().attribute(sent(caller="kim-smtp", identity="shop.example")) is None


def test_a_caller_of_several_customers_is_known_all_the_same() -> None:
    assert REGISTER.knows_caller("shared")
    assert not REGISTER.knows_caller("stranger")
    assert not REGISTER.knows_caller(None)


def test_customers_and_their_domains_are_sorted() -> None:
    assert REGISTER.customers == ("ann", "kim", "lee")
    assert REGISTER.domains_of("kim") == ("kim.example", "shop.example")
    assert REGISTER.domains_of("nobody") == ()


OURS = OwnNotices(sender="sesauditd@host.example", configuration_set="sesauditd-notices")


@pytest.mark.parametrize(
    ("source", "configuration_set", "caller", "expected"),
    [
        pytest.param(OURS.sender, "sesauditd-notices", "daemon-role", True, id="our own"),
        pytest.param(OURS.sender, "sesauditd-notices", None, True, id="no caller told"),
        pytest.param(OURS.sender, None, "daemon-role", True, id="an identity notification"),
        pytest.param(OURS.sender, "customers", "daemon-role", False, id="another set"),
        pytest.param(OURS.sender, "sesauditd-notices", "kim-smtp", False, id="a customer's user"),
        pytest.param(OURS.sender, "sesauditd-notices", "shared", False, id="a shared user"),
        pytest.param("info@shop.example", "sesauditd-notices", None, False, id="another sender"),
        pytest.param("", "sesauditd-notices", None, False, id="no sender"),
    ],
)
def test_our_own_notice_is_told_from_a_customers_mail(
    source: str, configuration_set: str | None, caller: str | None, expected: bool
) -> None:
    feedback = Feedback(
        kind="Bounce",
        message_id="m-1",
        source=source,
        configuration_set=configuration_set,
        caller=caller,
    )
    assert OURS.are(feedback, REGISTER) is expected


def test_without_a_notice_address_nothing_is_our_own() -> None:
    assert not OwnNotices().are(Feedback(kind="Bounce", message_id="m-1"), REGISTER)
