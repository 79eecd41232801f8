"""IAM as the sandbox evaluates it, on users and policies that moto keeps in this process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from moto.core.base_backend import BackendDict
from moto.iam.models import iam_backends

from sesauditd.sandbox.authorization import Authorization
from sesauditd.sandbox.principals import principals
from sesauditd.sandbox.ses.state import Switches

if TYPE_CHECKING:
    from moto.iam.models import IAMBackend

ACCOUNT = "123456789012"
USER = "shop.example"
BASE = f"arn:aws:ses:eu-central-1:{ACCOUNT}"
IDENTITY = f"{BASE}:identity/{USER}"
SET = f"{BASE}:configuration-set/sesaudit-shop-example"
BOTH = (IDENTITY, SET)


@pytest.fixture
def iam() -> IAMBackend:
    BackendDict.reset()
    backend = iam_backends[ACCOUNT]["aws"]
    backend.create_user("us-east-1", USER, "/sesaudit/")
    backend.put_user_policy(USER, "send", policy(resource=list(BOTH)))
    return backend


def policy(
    effect: str = "Allow",
    action: str = "ses:SendRawEmail",
    resource: Any = "*",
    condition: dict[str, Any] | None = None,
) -> str:
    statement = {"Effect": effect, "Action": action, "Resource": resource}
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def managed(iam: IAMBackend, document: str, name: str = "block") -> str:
    return iam.create_policy("", "/sesaudit/", document, name, []).arn


def may(*to: str, resources: tuple[str, ...] = BOTH, **more: Any) -> bool:
    authorization = Authorization(ACCOUNT, **more)
    context = {"ses:Recipients": list(to), "ses:FromAddress": [f"info@{USER}"]}
    return authorization.decide(USER, "ses:SendRawEmail", resources, context).allowed


@pytest.mark.usefixtures("iam")
def test_an_allow_reaches_what_it_names_and_no_more() -> None:
    assert may("bob@x.org")
    assert not may("bob@x.org", resources=(IDENTITY, f"{BASE}:configuration-set/other"))
    assert not may("bob@x.org", resources=(f"{BASE}:identity/club.example", SET))


def test_a_set_that_no_policy_names_refuses_also_as_the_identitys_default(iam: IAMBackend) -> None:
    iam.put_user_policy(USER, "send", policy(resource=IDENTITY))
    assert not may("bob@x.org")


def test_one_blocked_recipient_refuses_the_whole_message(iam: IAMBackend) -> None:
    blocked = {"ForAnyValue:StringEqualsIgnoreCase": {"ses:Recipients": ["BOB@x.org"]}}
    arn = managed(iam, policy("Deny", "ses:Send*", condition=blocked))
    assert may("bob@x.org")
    iam.attach_user_policy(arn, USER)
    assert not may("bob@x.org")
    assert not may("eve@y.org", "bob@X.org")
    assert may("eve@y.org")
    assert may("bob@x.org", switches=Switches(recipients_ignore_case=False))
    iam.detach_user_policy(arn, USER)
    assert may("bob@x.org")


def test_for_all_values_in_a_deny_is_wrong_twice(iam: IAMBackend) -> None:
    blocked = {"ForAllValues:StringEquals": {"ses:Recipients": ["bob@x.org"]}}
    iam.put_user_policy(USER, "block", policy("Deny", "ses:Send*", condition=blocked))
    assert may("bob@x.org", "eve@y.org")
    assert not may()


def test_the_default_version_of_a_policy_holds(iam: IAMBackend) -> None:
    arn = managed(iam, policy("Deny"))
    iam.attach_user_policy(arn, USER)
    assert not may("bob@x.org")
    version = iam.create_policy_version(arn, policy(), set_as_default=True)
    assert may("bob@x.org")
    iam.set_default_policy_version(arn, "v1")
    assert version.version_id == "v2"
    assert not may("bob@x.org")


def test_a_group_gives_and_takes(iam: IAMBackend) -> None:
    iam.create_group("sites")
    iam.put_group_policy("sites", "deny", policy("Deny", "ses:*"))
    assert may("bob@x.org")
    iam.add_user_to_group("sites", USER)
    assert not may("bob@x.org")


def test_a_boundary_bounds_and_grants_nothing(iam: IAMBackend) -> None:
    wide = managed(iam, policy(action="ses:*"), "wide")
    narrow = managed(iam, policy(action="ses:SendEmail"), "narrow")
    denying = managed(iam, policy("Deny"), "denying")
    assert may("bob@x.org", boundaries={USER: wide})
    assert not may("bob@x.org", boundaries={USER: narrow})
    assert not may("bob@x.org", boundaries={USER: denying})
    assert not may("bob@x.org", boundaries={USER: f"{wide}-gone"})
    iam.delete_user_policy(USER, "send")
    assert not may("bob@x.org", boundaries={USER: wide})


@pytest.mark.usefixtures("iam")
def test_a_refusal_names_user_action_resource_and_reason() -> None:
    decision = Authorization(ACCOUNT).decide(USER, "ses:SendEmail", [IDENTITY], {})
    assert not decision.allowed
    assert decision.why == (
        f"User `arn:aws:iam::{ACCOUNT}:user/sesaudit/{USER}' is not authorized to perform "
        f"`ses:SendEmail' on resource `{IDENTITY}' because no identity-based policy allows "
        "the action"
    )


@pytest.mark.usefixtures("iam")
def test_a_user_that_does_not_exist_may_nothing() -> None:
    decision = Authorization(ACCOUNT).decide("nobody", "ses:SendRawEmail", [IDENTITY], {})
    assert not decision.allowed


def test_a_policy_may_speak_of_the_users_name(iam: IAMBackend) -> None:
    own = f"{BASE}:identity/${{aws:username}}"
    iam.put_user_policy(USER, "send", policy(resource=[own, SET]))
    assert may("bob@x.org")


def test_a_key_is_its_users_until_it_is_deleted(iam: IAMBackend) -> None:
    authorization = Authorization(ACCOUNT)
    key = iam.create_access_key(USER)
    found = authorization.credential(key.access_key_id)
    assert found is not None
    assert (found.user, found.secret, found.active) == (USER, key.secret_access_key, True)
    iam.update_access_key(USER, key.access_key_id, "Inactive")
    inactive = authorization.credential(key.access_key_id)
    assert inactive is not None
    assert not inactive.active
    iam.delete_access_key(key.access_key_id, USER)
    assert authorization.credential(key.access_key_id) is None
    assert authorization.credential("test") is None


def test_the_state_of_iam_is_equal_after_everything_was_undone(iam: IAMBackend) -> None:
    key = iam.create_access_key(USER)
    before = principals(ACCOUNT, {})
    arn = managed(iam, policy("Deny"))
    iam.attach_user_policy(arn, USER)
    iam.put_user_policy(USER, "terminate", policy("Deny", "*"))
    iam.update_access_key(USER, key.access_key_id, "Inactive")
    changed = principals(ACCOUNT, {})
    assert changed != before
    assert key.secret_access_key not in json.dumps(changed)
    iam.update_access_key(USER, key.access_key_id, "Active")
    iam.delete_user_policy(USER, "terminate")
    iam.detach_user_policy(arn, USER)
    iam.delete_policy(arn)
    assert principals(ACCOUNT, {}) == before
