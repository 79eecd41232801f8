"""An event has one key however often, through whatever way and in whatever order it arrives."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sesauditd.model.events import Feedback, Named
from sesauditd.model.recorded import Recorded

MAIL_AT = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)


def people(*addresses: str) -> tuple[Named, ...]:
    return tuple(Named(address=one, spelling=one) for one in addresses)


DELIVERY = Feedback(
    kind="Delivery",
    message_id="m-1",
    mail_at=MAIL_AT,
    inner_at=MAIL_AT + timedelta(seconds=2),
    named=people("a@x.org", "b@x.org"),
)
BOUNCE = replace(DELIVERY, kind="Bounce", feedback_id="f-1")


def test_the_key_is_sixteen_bytes_of_which_the_first_are_the_mails_time() -> None:
    assert len(DELIVERY.key) == 16
    assert int.from_bytes(DELIVERY.key[:8], "big") == int(MAIL_AT.timestamp())
    assert DELIVERY.key[8:] == DELIVERY.dedupe


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(replace(DELIVERY, named=people("b@x.org", "a@x.org")), id="order"),
        pytest.param(replace(DELIVERY, caller="kim", identity="x.org"), id="flavour"),
        pytest.param(
            replace(DELIVERY, mail_at=MAIL_AT + timedelta(milliseconds=900)), id="milliseconds"
        ),
    ],
)
def test_a_second_arrival_of_a_delivery_has_the_same_key(changed: Feedback) -> None:
    assert changed.key == DELIVERY.key


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(replace(DELIVERY, kind="Send"), id="kind"),
        pytest.param(replace(DELIVERY, message_id="m-2"), id="message"),
        pytest.param(replace(DELIVERY, named=people("a@x.org")), id="recipients"),
        pytest.param(replace(DELIVERY, inner_at=MAIL_AT), id="inner time"),
        pytest.param(replace(DELIVERY, inner_at=None), id="no inner time"),
    ],
)
def test_another_delivery_has_another_key(changed: Feedback) -> None:
    assert changed.dedupe != DELIVERY.dedupe


def test_a_feedback_id_settles_which_bounce_it_is() -> None:
    assert replace(BOUNCE, named=people("c@x.org"), inner_at=None).dedupe == BOUNCE.dedupe
    assert replace(BOUNCE, feedback_id="f-2").dedupe != BOUNCE.dedupe
    assert replace(BOUNCE, kind="Complaint").dedupe != BOUNCE.dedupe


@pytest.mark.parametrize(
    "mail_at",
    [
        pytest.param(None, id="missing"),
        pytest.param(datetime(1901, 1, 1, tzinfo=UTC), id="before 1970"),
    ],
)
def test_a_mail_without_a_usable_time_sorts_first(mail_at: datetime | None) -> None:
    assert replace(DELIVERY, mail_at=mail_at).key[:8] == bytes(8)


@given(st.lists(st.text(max_size=10), max_size=4), st.lists(st.text(max_size=10), max_size=4))
def test_other_recipients_make_another_key(first: list[str], second: list[str]) -> None:
    keys = [replace(DELIVERY, named=people(*some)).dedupe for some in (first, second)]
    assert (keys[0] == keys[1]) is (sorted(first) == sorted(second))


def test_counts_add_up() -> None:
    first = Recorded(recorded=1, duplicates=2, quarantined=3, ignored=4)
    total = first + Recorded(recorded=10)
    assert total == Recorded(recorded=11, duplicates=2, quarantined=3, ignored=4)
    assert total.read == 20


@given(st.lists(st.text(), min_size=1))
def test_what_is_told_apart_by_is_the_json_of_a_list(words: list[str]) -> None:
    people = tuple(Named(address=one, spelling=one) for one in words)
    said = replace(DELIVERY, named=people, inner_at=None)
    told = json.dumps([said.kind, said.message_id, *sorted(words), ""])
    assert said.dedupe == hashlib.sha256(told.encode()).digest()[:8]
