from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sesauditd.errors import Refused
from sesauditd.sandbox.mail.delays import duration
from sesauditd.sandbox.mail.world import Reply, as_json, from_json, from_toml

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
FILE = """
[[mailboxes]]
address = ["*@gone.example", "Old@x.example"]
answer = "hard"
after = "2h"

[[mailboxes]]
address = "*@y.example"
sender = "*@shop.example"
answer = "complain"
after_messages = 2
since = 2026-11-02T12:00:00Z
until = 2026-11-03T12:00:00Z

[[mailboxes]]
address = "*@y.example"
answer = "soft"
at = 2026-11-05T12:00:00Z
"""


@pytest.mark.parametrize(
    ("address", "sender", "after", "reply"),
    [
        pytest.param("A@Gone.example", "i@shop.example", 0, Reply.HARD, id="pattern"),
        pytest.param("old@X.example", "i@shop.example", 0, Reply.HARD, id="whatever-case"),
        pytest.param("b@y.example", "i@shop.example", 0, Reply.COMPLAIN, id="first-wins"),
        pytest.param("b@y.example", "i@club.example", 0, Reply.SOFT, id="other-sender"),
        pytest.param("b@y.example", "i@shop.example", -1, Reply.SOFT, id="not-yet"),
        pytest.param("b@y.example", "i@shop.example", 24, Reply.SOFT, id="no-more"),
        pytest.param("c@z.example", "i@shop.example", 0, Reply.DELIVER, id="everybody-else"),
        pytest.param("bounce@simulator.amazonses.com", "i@s.example", 0, Reply.HARD, id="bounce"),
        pytest.param(
            "OOTO+7@simulator.amazonses.com", "i@s.example", 0, Reply.OUT_OF_OFFICE, id="label"
        ),
    ],
)
def test_the_first_mailbox_that_fits_answers(
    address: str, sender: str, after: int, reply: Reply
) -> None:
    found = from_toml(FILE, "w").mailbox(address, sender, NOON + timedelta(hours=after))
    assert found.reply is reply


def test_an_answer_comes_after_its_delay_or_at_its_time_but_never_before_the_mail() -> None:
    world = from_toml(FILE, "w")
    assert world.mailbox("a@gone.example", "", NOON).due(NOON) == NOON + timedelta(hours=2)
    at = world.mailbox("b@y.example", "", NOON)
    assert at.due(NOON) == NOON + timedelta(days=3)
    assert at.due(NOON + timedelta(days=4)) == NOON + timedelta(days=4)


def test_a_world_survives_json() -> None:
    world = from_toml(FILE, "w")
    assert from_json(as_json(world), "w") == world


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("mailboxs = []", "unknown field `mailboxs`", id="unknown-table"),
        pytest.param('[[mailboxes]]\naddress = "a"\nansewr = "x"', "`ansewr`", id="unknown-key"),
        pytest.param('[[mailboxes]]\naddress = "a"\nanswer = "x"', "enum value 'x'", id="answer"),
        pytest.param('[[mailboxes]]\naddress = "a"\nafter = "soon"', "no delay", id="delay"),
        pytest.param('[[mailboxes]]\naddress = "a"\nthen = "1h x"', "no delay", id="rest"),
        pytest.param(
            '[[mailboxes]]\naddress = "a"\nat = 2026-11-02T12:00:00', "timezone", id="no-zone"
        ),
        pytest.param('[[mailboxes]]\naddress = "a"\nanswer = "forward"', "`names`", id="nobody"),
        pytest.param("[[mailboxes]]\nanswer = 'hard'", "`address`", id="no-address"),
        pytest.param("mailboxes = ", "world.toml is not TOML", id="no-toml"),
    ],
)
def test_a_wrong_world_is_refused_in_one_line(text: str, words: str) -> None:
    with pytest.raises(Refused) as caught:
        from_toml(text, "world.toml")
    assert words in str(caught.value)
    assert str(caught.value).startswith("world.toml")
    assert "\n" not in str(caught.value)


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(Refused, match="not JSON"):
        from_json(b"{", "request")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("0.5s", 0.5), ("15m", 900), ("2h", 7200), ("1d12h", 129_600)],
)
def test_delays_are_read(text: str, seconds: float) -> None:
    assert duration(text) == timedelta(seconds=seconds)
