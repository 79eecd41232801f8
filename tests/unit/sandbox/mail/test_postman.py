from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sesauditd.sandbox.mail.postman import Unrest
from sesauditd.sandbox.ses.values import (
    Destination,
    Reason,
    Scope,
    Suppressed,
    Tenant,
)
from tests.support.mailing import (
    IDENTITY_TOPIC,
    SET,
    SHOP,
    START,
    TOPIC,
    Post,
    arn,
    letter,
)

if TYPE_CHECKING:
    from sesauditd.sandbox.mail.inbox import Inbox

GONE = '[[mailboxes]]\naddress = "Gone@x.example"\nanswer = "hard"\nafter = "2h"\n'
BOTH = ("Send", "Delivery")
CROSS = '[[mailboxes]]\naddress = "cross@x.example"\nanswer = "complain"\nafter = "2h"\n'


def test_an_answer_is_told_when_the_clock_has_come_to_it() -> None:
    post = Post(GONE)
    post.send("gone@x.example")
    assert post.kinds() == ["Send"]
    assert post.later(hours=1) == 0
    assert post.postman.waiting() == 1
    assert post.later(days=3) == 1
    assert post.kinds() == ["Send", "Bounce"]
    # It is told late, and all the same says when it happened.
    assert post.board.published[-1][3] == START + timedelta(hours=2)


def test_what_is_due_is_told_in_the_order_of_its_times() -> None:
    post = Post(GONE + GONE.replace("Gone", "Soon").replace("2h", "1h"))
    post.send("gone@x.example")
    post.send("soon@x.example")
    post.later(hours=5)
    told = [one["mail"]["destination"][0] for one in post.board.events()[2:]]
    assert told == ["soon@x.example", "gone@x.example"]


async def test_it_tells_by_itself_while_it_runs() -> None:
    post = Post(GONE)
    stop = asyncio.Event()
    post.send("gone@x.example")
    running = asyncio.create_task(post.postman.run(stop))
    post.now += timedelta(hours=3)
    for _ in range(200):
        if not post.postman.waiting():
            break
        await asyncio.sleep(0.01)
    stop.set()
    await running
    assert post.kinds() == ["Send", "Bounce"]


def test_a_destination_hears_only_of_the_types_it_asked_for() -> None:
    post = Post()
    other = TOPIC.replace("feedback", "other")
    off = TOPIC.replace("feedback", "off")
    post.change_set(
        destinations=(
            Destination(name="a", enabled=True, types=("DELIVERY",), topic=other),
            Destination(name="b", enabled=False, types=("SEND",), topic=off),
            Destination(name="c", enabled=True, types=("SEND",), topic=None),
        )
    )
    post.send("a@x.example")
    assert [one["eventType"] for one in post.board.events(other)] == ["Delivery"]
    assert len(post.board.published) == 1
    assert post.board.published[0][2] == arn("configuration-set", SET)


def test_mail_without_a_set_tells_only_identity_topics() -> None:
    post = Post()
    topics = {"Delivery": IDENTITY_TOPIC}
    post.add_identity(SHOP, topics=topics)
    post.send("a@x.example")
    assert len(post.board.published) == 1
    assert post.board.published[0][2] == arn("identity", SHOP)


def test_an_identity_topic_that_cannot_be_published_to_is_removed() -> None:
    post = Post()
    topics = {"Delivery": IDENTITY_TOPIC, "Bounce": TOPIC}
    post.add_identity(SHOP, topics=topics, forwarding=False)
    post.board.closed.add(IDENTITY_TOPIC)
    post.send("a@x.example")
    identity = post.state.identities[SHOP]
    assert identity.topics == {"Bounce": TOPIC}
    assert identity.forwarding


def test_a_closed_topic_of_a_destination_only_loses_events() -> None:
    post = Post()
    post.board.closed.add(TOPIC)
    assert post.send("a@x.example")
    assert post.board.published == []
    assert post.state.sets[SET].destinations[0].topic == TOPIC


@pytest.mark.parametrize("seed", [1, 2])
def test_events_can_come_twice_and_out_of_order_as_a_seed_says(seed: int) -> None:
    def told() -> list[tuple[str, str]]:
        unrest = Unrest(seed=seed, duplicates=0.3, shuffled=timedelta(minutes=10))
        post = Post(unrest=unrest)
        for number in range(40):
            post.send(f"r{number}@x.example")
        post.later(hours=1)
        return [(one["eventType"], one["mail"]["destination"][0]) for one in post.board.events()]

    first = told()
    assert first == told()
    assert len(set(first)) == 80
    assert 85 < len(first) < 125
    straight = [(kind, f"r{number}@x.example") for number in range(40) for kind in BOTH]
    assert list(dict.fromkeys(first)) != straight


def test_a_hard_bounce_puts_its_address_on_the_list_once_it_is_told() -> None:
    post = Post(GONE)
    post.send("gone@x.example", "a@x.example")
    assert post.state.suppression == {}
    post.later(hours=2)
    entry = post.state.suppression["gone@x.example"]
    assert entry.reason is Reason.BOUNCE
    assert entry.updated_at == START + timedelta(hours=2)
    post.send("GONE@x.example")
    assert post.board.events()[-1]["bounce"]["bounceSubType"] == "OnAccountSuppressionList"
    # The echo is no new reason.
    assert list(post.state.suppression) == ["gone@x.example"]


@pytest.mark.parametrize(
    ("world", "recipient", "reasons", "listed"),
    [
        pytest.param(GONE, "gone@x.example", (), False, id="bounce-not-asked-for"),
        pytest.param(CROSS, "cross@x.example", (Reason.BOUNCE,), False, id="complaint-not"),
        pytest.param(CROSS, "cross@x.example", (Reason.COMPLAINT,), True, id="complaint"),
        pytest.param("", "bounce@simulator.amazonses.com", (Reason.BOUNCE,), False, id="simulator"),
        pytest.param(
            GONE.replace("hard", "soft"), "gone@x.example", (Reason.BOUNCE,), False, id="soft"
        ),
        pytest.param(
            CROSS + 'feedback_type = "not-spam"\n',
            "cross@x.example",
            (Reason.COMPLAINT,),
            False,
            id="not-spam",
        ),
    ],
)
def test_the_list_remembers_what_its_reasons_ask_for(
    world: str, recipient: str, reasons: tuple[Reason, ...], listed: bool
) -> None:
    post = Post(world)
    post.change_account(reasons=reasons)
    post.send(recipient)
    post.later(hours=2)
    assert (recipient in post.state.suppression) is listed


def test_a_sets_own_reasons_come_before_the_accounts() -> None:
    post = Post(GONE)
    post.change_set(reasons=())
    post.send("gone@x.example")
    post.later(hours=2)
    assert post.state.suppression == {}


def tenanted(world: str) -> tuple[Post, bytes]:
    post = Post(world)
    post.state.tenants["t"] = Tenant(
        name="t",
        id="tn-1",
        created_at=START,
        reasons=(Reason.BOUNCE, Reason.COMPLAINT),
        scope=Scope.TENANT,
        resources={arn("identity", SHOP): START, arn("configuration-set", SET): START},
    )
    return post, letter("x@x.example", headers="X-SES-TENANT: t\r\n")


def test_a_tenants_list_is_kept_and_asked_apart() -> None:
    post, raw = tenanted(GONE)
    post.send("gone@x.example", raw=raw)
    post.later(hours=2)
    assert post.state.suppression == {}
    assert list(post.state.tenant_suppression["t"]) == ["gone@x.example"]
    post.send("gone@x.example", raw=raw)
    assert post.board.events()[-1]["bounce"]["bounceSubType"] == "OnTenantSuppressionList"


@pytest.mark.parametrize(("switch", "left"), [(True, 0), (False, 1)])
def test_whether_not_spam_forgives_a_complaint_is_a_switch(switch: bool, left: int) -> None:
    post, raw = tenanted(CROSS + 'feedback_type = "not-spam"\n')
    post.state.switches.not_spam_unlists = switch
    post.send("cross@x.example", raw=raw)
    entry = Suppressed(address="Cross@x.example", reason=Reason.COMPLAINT, updated_at=START)
    post.state.suppression_list("t")[entry.address] = entry
    post.later(hours=2)
    assert len(post.state.tenant_suppression["t"]) == left


def shown(inbox: Inbox) -> list[dict[str, Any]]:
    return [one.shown() for one in inbox.mails()]


def test_delivered_mail_can_be_looked_at() -> None:
    post = Post(GONE)
    raw = letter("a@x.example", headers="Bcc: b@y.example\r\nAuto-Submitted: auto-generated\r\n")
    post.send("a@x.example", "b@y.example", "gone@x.example", raw=raw)
    first, second = shown(post.inbox)
    assert first["to"] == ["a@x.example"]
    assert second["to"] == ["b@y.example"]
    assert ["Auto-Submitted", "auto-generated"] in first["headers"]
    assert "Bcc" not in first["raw"]
    assert first["delivered_at"] == "2026-11-02T09:00:00.000Z"
    assert [one.recipients for one in post.inbox.mails("B@Y.example")] == [("b@y.example",)]
    post.inbox.clear()
    assert shown(post.inbox) == []


def test_the_inbox_forgets_the_oldest() -> None:
    post = Post(kept=2)
    for number in range(3):
        post.send(f"r{number}@x.example")
    assert [one.recipients[0] for one in post.inbox.mails()] == ["r1@x.example", "r2@x.example"]
