"""Conditions of policies, as IAM joins and compares them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.sandbox.conditions import holds, like

RECIPIENTS = "ses:recipients"
TWO = {RECIPIENTS: ["bob@x.org", "eve@y.org"]}
BOB = {RECIPIENTS: ["bob@x.org"]}


def check(operator: str, wanted: object, context: dict[str, list[str]], **more: bool) -> object:
    ignore_case = more.get("ignore_case", True)
    return holds({operator: {"ses:Recipients": wanted}}, context, ignore_case=ignore_case)


@pytest.mark.parametrize(
    ("operator", "wanted", "context", "expected"),
    [
        pytest.param("ForAnyValue:StringEquals", ["bob@x.org"], TWO, True, id="any-of-two"),
        pytest.param("ForAnyValue:StringEquals", ["ann@x.org"], TWO, False, id="any-of-none"),
        pytest.param("ForAnyValue:StringEquals", ["bob@x.org"], {}, False, id="any-without-key"),
        pytest.param("ForAllValues:StringEquals", ["bob@x.org"], TWO, False, id="all-but-one"),
        pytest.param("ForAllValues:StringEquals", ["bob@x.org"], {}, True, id="all-without-key"),
        pytest.param("StringEquals", ["bob@x.org"], TWO, False, id="two-without-set-operator"),
        pytest.param("StringEquals", "bob@x.org", BOB, True, id="one-without-set-operator"),
        pytest.param("StringEquals", "Bob@x.org", BOB, False, id="equals-minds-case"),
        pytest.param("StringEqualsIgnoreCase", "Bob@X.org", BOB, True, id="ignore-case"),
        pytest.param("StringLike", "*@x.org", BOB, True, id="like"),
        pytest.param("StringLike", "*@X.org", BOB, False, id="like-minds-case"),
        pytest.param("StringEquals", "*@x.org", BOB, False, id="equals-takes-no-wildcard"),
        pytest.param("StringNotEquals", "bob@x.org", BOB, False, id="not-equals"),
        pytest.param("StringNotEquals", "bob@x.org", {}, True, id="not-equals-without-key"),
        pytest.param("StringNotLike", ["*@y.org", "*@z.org"], BOB, True, id="not-like-any"),
        pytest.param("StringEqualsIfExists", "bob@x.org", {}, True, id="if-exists-without-key"),
        pytest.param("StringEqualsIfExists", "ann@x.org", BOB, False, id="if-exists-with-key"),
        pytest.param("StringEquals", "bob@x.org", {}, False, id="equals-without-key"),
        pytest.param("Null", "true", {}, True, id="null-true"),
        pytest.param("Null", True, BOB, False, id="null-of-a-key-that-is-there"),
        pytest.param("NumericLessThan", "5", BOB, None, id="unknown-operator"),
    ],
)
def test_operators_join_values_as_iam_does(
    operator: str, wanted: object, context: dict[str, list[str]], expected: object
) -> None:
    assert check(operator, wanted, context) is expected


def test_ses_may_not_honour_ignore_case() -> None:
    wanted = ["BOB@x.org"]
    operator = "ForAnyValue:StringEqualsIgnoreCase"
    assert check(operator, wanted, TWO) is True
    assert check(operator, wanted, TWO, ignore_case=False) is False
    assert check(operator, ["bob@x.org"], TWO, ignore_case=False) is True


def test_every_condition_must_hold() -> None:
    conditions = {"StringEquals": {"a": "1", "b": "2"}}
    assert holds(conditions, {"a": ["1"], "b": ["2"]}, ignore_case=True) is True
    assert holds(conditions, {"a": ["1"], "b": ["3"]}, ignore_case=True) is False


def test_a_false_condition_outweighs_an_unknown_one() -> None:
    conditions = {"NumericLessThan": {"a": "1"}, "StringEquals": {"b": "2"}}
    assert holds(conditions, {"a": ["1"], "b": ["3"]}, ignore_case=True) is False


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        pytest.param("${*}@x.org", "*@x.org", True, id="literal-asterisk"),
        pytest.param("${*}@x.org", "a@x.org", False, id="literal-asterisk-is-no-wildcard"),
        pytest.param("${aws:username}-?", "shop-1", True, id="variable"),
        pytest.param("${aws:nothing}*", "shop", False, id="unknown-variable"),
        pytest.param("a.c", "abc", False, id="a-dot-is-a-dot"),
        pytest.param("[ab]", "a", False, id="brackets-are-letters"),
    ],
)
def test_patterns_know_wildcards_and_variables(pattern: str, text: str, *, expected: bool) -> None:
    assert like(pattern, text, {"aws:username": ["shop"]}) is expected


def test_an_address_with_a_wildcard_is_none_as_a_value() -> None:
    context = {"name": ["a*"], RECIPIENTS: ["axx"]}
    assert holds({"StringLike": {"ses:Recipients": "${name}"}}, context, ignore_case=True) is False
    assert (
        holds({"StringEquals": {"ses:Recipients": "${name}"}}, context, ignore_case=True) is False
    )


def test_a_wildcard_of_an_arn_does_not_reach_over_its_parts() -> None:
    topic = {"aws:sourcearn": ["arn:aws:ses:eu-central-1:1:configuration-set/sesaudit-x"]}
    good = {"ArnLike": {"aws:SourceArn": "arn:aws:ses:*:1:configuration-set/sesaudit-*"}}
    bad = {"ArnLike": {"aws:SourceArn": "arn:aws:*:configuration-set/sesaudit-*"}}
    assert holds(good, topic, ignore_case=True) is True
    assert holds(bad, topic, ignore_case=True) is False
    denied = {"ArnNotLike": {"aws:SourceArn": "arn:aws:ses:*:2:*"}}
    assert holds(denied, topic, ignore_case=True) is True


@given(st.text(st.characters(exclude_characters="*?$"), max_size=20))
def test_a_text_without_wildcards_is_like_itself_alone(text: str) -> None:
    assert like(text, text, {})
    assert not like(text, f"{text}x", {})
    assert like(f"{text}*", f"{text}x", {})
