"""What a domain needs of SES and IAM: what stays, what changes, what is refused; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.model.plan import Conflict, Document, Kept
from sesauditd.onboard.access import SendPolicy, User, policy_name, sending, user_name
from sesauditd.onboard.identity import Identity, MailFrom, signing_of
from sesauditd.onboard.naming import Account
from sesauditd.onboard.ownership import Ownership
from sesauditd.onboard.records import Signing
from sesauditd.onboard.sets import EVENTS, ConfigurationSet, EventDestination

if TYPE_CHECKING:
    from collections.abc import Callable

ACCOUNT = Account(
    prefix="sesaudit", installation="main", account_id="123456789012", region="eu-central-1"
)
NOBODY: Any = None
TOPIC = "arn:topic"
EASY = {"origin": "AWS_SES", "key_length": "RSA_2048_BIT", "enabled": True}
TOKENS = {"tokens": ["a", "b", "c"], "zone": "z.dkim.amazonses.com"}


def the_set(*, take_over: bool = False, may_send: bool = True) -> ConfigurationSet:
    return ConfigurationSet(
        sets=NOBODY,
        set_name="s",
        ownership=Ownership(installation="main", take_over=take_over),
        may_send=may_send,
    )


def identity(*, take_over: bool = False) -> Identity:
    ownership = Ownership(installation="main", take_over=take_over)
    return Identity(identities=NOBODY, domain="x.example", set_name="s", ownership=ownership)


def user(*, take_over: bool = False) -> User:
    return User(
        users=NOBODY,
        user="x.example",
        path="/sesaudit/",
        boundary="b",
        ownership=Ownership(installation="main", take_over=take_over),
    )


def destination() -> EventDestination:
    return EventDestination(
        destinations=NOBODY, set_name="s", destination="sesaudit", topic_arn=TOPIC
    )


def mail_from() -> MailFrom:
    return MailFrom(senders=NOBODY, domain="x.example", mail_from="bounce.x.example")


def set_document(**more: Any) -> Document:
    return {
        "tag": "main",
        "sending_enabled": True,
        "reputation_metrics": True,
        "suppressed_reasons": ["BOUNCE"],
        "suppression_scope": None,
        **more,
    }


def identity_document(**more: Any) -> Document:
    return {"tag": "main", "configuration_set": "s", "signing": {**EASY, **TOKENS}, **more}


@pytest.mark.parametrize(
    "observed",
    [
        None,
        set_document(),
        set_document(reputation_metrics=False, suppressed_reasons=None),
        set_document(suppressed_reasons=["BOUNCE", "COMPLAINT"], suppression_scope="TENANT"),
        set_document(sending_enabled=False, suppressed_reasons=[]),
    ],
)
def test_a_set_wants_what_it_wanted_once_that_is_there(observed: Document | None) -> None:
    wanted = the_set().wanted(observed)
    assert isinstance(wanted, dict)
    again = the_set().wanted(wanted)
    assert isinstance(again, Kept) or again == wanted
    assert wanted["suppressed_reasons"] == ["BOUNCE"]
    if observed is not None:
        assert wanted["sending_enabled"] == observed["sending_enabled"]
        assert wanted["suppression_scope"] == observed["suppression_scope"]


def test_a_set_of_a_stopped_domain_is_made_switched_off() -> None:
    wanted = the_set(may_send=False).wanted(None)
    assert isinstance(wanted, dict)
    assert wanted["sending_enabled"] is False


def test_a_set_that_is_off_stays_off_with_a_remark() -> None:
    assert isinstance(the_set().wanted(set_document(sending_enabled=False)), Kept)


MAKERS: dict[str, tuple[Callable[..., Any], Document]] = {
    "set": (the_set, set_document(tag=None)),
    "identity": (identity, identity_document(tag=None)),
    "user": (user, {"tag": None, "path": "/sesaudit/", "boundary": "b"}),
}


@pytest.mark.parametrize("name", MAKERS)
def test_what_has_no_tag_is_taken_over_only_when_asked(name: str) -> None:
    make, observed = MAKERS[name]
    assert isinstance(make().wanted(observed), Conflict)
    taken = make(take_over=True).wanted(observed)
    assert taken == {**observed, "tag": "main"}
    others = {**observed, "tag": "other"}
    assert isinstance(make(take_over=True).wanted(others), Conflict)


@pytest.mark.parametrize(
    ("types", "wanted"),
    [
        ([], EVENTS),
        (["OPEN", "CLICK", "SEND"], EVENTS),
        (["SUBSCRIPTION"], (*EVENTS, "SUBSCRIPTION")),
    ],
)
def test_a_destination_reports_what_the_policy_needs(
    types: list[str], wanted: tuple[str, ...]
) -> None:
    found = destination().wanted({"enabled": False, "topic": "arn:other", "types": types})
    assert found == {"enabled": True, "topic": TOPIC, "types": sorted(wanted)}
    assert destination().wanted(found) == found


def test_a_destination_to_elsewhere_is_in_the_way() -> None:
    observed = {"enabled": True, "topic": None, "types": ["SEND"], "elsewhere": ["EventBridge"]}
    assert isinstance(destination().wanted(observed), Conflict)


@pytest.mark.parametrize(
    "observed",
    [
        None,
        identity_document(),
        identity_document(configuration_set=None),
        identity_document(signing={**EASY, **TOKENS, "enabled": False}),
        identity_document(signing={**EASY, **TOKENS, "key_length": "RSA_1024_BIT"}),
    ],
)
def test_an_identity_keeps_its_tokens_and_gets_the_rest(observed: Document | None) -> None:
    wanted = identity().wanted(observed)
    assert isinstance(wanted, dict)
    assert wanted["signing"] == (EASY if observed is None else {**EASY, **TOKENS})
    assert wanted["configuration_set"] == "s"
    assert identity().wanted(wanted) == wanted


def test_keys_of_the_owners_own_stay_and_need_no_records_of_ours() -> None:
    own = {"origin": "EXTERNAL", "key_length": "", "enabled": True, "tokens": ["k"], "zone": ""}
    observed = identity_document(signing=own)
    assert identity().wanted(observed) == observed
    assert signing_of(observed) == Signing(tokens=(), hosted_zone="")


def test_tokens_are_known_once_the_identity_is_there() -> None:
    assert signing_of(None) is None
    found = signing_of(identity_document())
    assert found == Signing(tokens=("a", "b", "c"), hosted_zone="z.dkim.amazonses.com")


def test_a_mail_from_name_of_somebody_is_in_the_way_and_a_forgotten_one_is_asked_anew() -> None:
    ours = mail_from().wanted(None)
    assert isinstance(ours, dict)
    assert mail_from().wanted({**ours, "looked_for": False}) == ours
    assert mail_from().wanted({**ours, "without_its_records": "REJECT_MESSAGE"}) == ours
    assert isinstance(mail_from().wanted({**ours, "domain": "mail.x.example"}), Conflict)


def test_a_user_is_moved_only_when_it_is_taken_over() -> None:
    observed = {"tag": "main", "path": "/", "boundary": None}
    assert isinstance(user().wanted(observed), Conflict)
    taken = user(take_over=True).wanted(observed)
    assert taken == {"tag": "main", "path": "/sesaudit/", "boundary": "b"}


def test_the_policy_allows_exactly_one_identity_and_one_set() -> None:
    statements = sending(ACCOUNT, "my-shop.example")
    policy = SendPolicy(
        policies=NOBODY, user="u", policy=policy_name("sesaudit"), statements=statements
    )
    wanted = policy.wanted(None)
    assert isinstance(wanted, dict)
    start = "arn:aws:ses:eu-central-1:123456789012"
    assert wanted["Send"] == {
        "Action": "ses:SendRawEmail",
        "Condition": {"StringLike": {"ses:FromAddress": "*@my-shop.example"}},
        "Effect": "Allow",
        "Resource": [
            f"{start}:configuration-set/sesaudit-my_shop-example",
            f"{start}:identity/my-shop.example",
        ],
        "Sid": "Send",
    }
    assert policy.wanted({**wanted, "More": {"Effect": "Allow"}}) == wanted


def test_names_fit_and_never_meet() -> None:
    domains = ["a-b.example", "a.b.example", f"{'x' * 63}.example", f"{'x' * 62}y.example"]
    for made in (user_name, ACCOUNT.set_name):
        names = [made(domain) for domain in domains]
        assert len(set(names)) == len(domains)
        assert all(len(name) <= 64 for name in names)
