"""The SES adapter: one mail for one call, every spelling, no lever pulled on half an answer."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from sesauditd.aws.mail import Account, Identity, Mail
from sesauditd.errors import Forbidden, Missing, Unavailable, Uncertain
from tests.unit.aws.wire import Reply, refused, said

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sesauditd.aws.clients import Clients
    from tests.unit.aws.wire import Wire

pytestmark = pytest.mark.asyncio(loop_scope="module")

RAW = b"Subject: \xc3\xa4\r\n\r\nbody\r\n"
ABSENT = refused("NotFoundException", 404)
DONE = said({})


async def test_a_mail_leaves_raw_and_by_the_set_it_names(wire: Wire, clients: Clients) -> None:
    wire.will(said({"MessageId": "0100"}))
    assert await Mail(clients).send(RAW, "a@b.org", ["c@d.org"], "notices") == "0100"
    assert wire.asked[0].parameters == {
        "FromEmailAddress": "a@b.org",
        "Destination": {"ToAddresses": ["c@d.org"]},
        "Content": {"Raw": {"Data": base64.b64encode(RAW).decode()}},
        "ConfigurationSetName": "notices",
    }


async def test_a_mail_may_name_no_set(wire: Wire, clients: Clients) -> None:
    wire.will(said({"MessageId": "0100"}))
    await Mail(clients).send(RAW, "a@b.org", ["c@d.org"], None)
    assert "ConfigurationSetName" not in wire.asked[0].parameters


@pytest.mark.parametrize(
    "reply", [said({}), Reply(body=b'{"Messa'), Reply(body=b"\xff\xfe")], ids=["empty", "half", "?"]
)
async def test_a_mail_without_an_id_may_have_left(
    wire: Wire, clients: Clients, reply: Reply
) -> None:
    wire.will(reply)
    with pytest.raises(Uncertain):
        await Mail(clients).send(RAW, "a@b.org", ["c@d.org"], None)


async def test_an_address_is_looked_up_as_spelt_and_in_lower_case(
    wire: Wire, clients: Clients
) -> None:
    listed = {"SuppressedDestination": {"EmailAddress": "bob@x.org", "Reason": "COMPLAINT"}}
    wire.will(ABSENT, said(listed))
    assert await Mail(clients).suppressed("Bob@X.org") == "COMPLAINT"
    paths = [asked.path.rpartition("/")[2] for asked in wire.asked]
    assert paths == ["Bob@X.org", "bob@x.org"]


async def test_an_address_that_is_not_listed_is_asked_for_once(
    wire: Wire, clients: Clients
) -> None:
    wire.will(ABSENT)
    assert await Mail(clients).suppressed("bob@x.org") is None
    assert len(wire.asked) == 1


async def test_the_list_may_not_be_written_in_the_sandbox_of_aws(
    wire: Wire, clients: Clients
) -> None:
    wire.will(refused("BadRequestException", 400, "needs production access"))
    with pytest.raises(Forbidden, match="production access"):
        await Mail(clients).suppress("bob@x.org")


async def test_an_address_is_listed_for_bounces_only(wire: Wire, clients: Clients) -> None:
    wire.will(DONE)
    await Mail(clients).suppress("bob@x.org")
    assert wire.asked[0].parameters == {"EmailAddress": "bob@x.org", "Reason": "BOUNCE"}


@pytest.mark.parametrize("reply", [DONE, ABSENT], ids=["there", "gone"])
async def test_taking_an_address_off_the_list_may_be_repeated(
    wire: Wire, clients: Clients, reply: Reply
) -> None:
    wire.will(reply)
    await Mail(clients).unsuppress("a+b/c@x.org")
    assert wire.asked[0].method == "DELETE"


async def test_spellings_are_found_on_every_page(wire: Wire, clients: Clients) -> None:
    wire.will(
        said({"SuppressedDestinationSummaries": _entries("Bob@x.org", "al@x.org"), **_more("1")}),
        said({"SuppressedDestinationSummaries": [], **_more("2")}),
        said({"SuppressedDestinationSummaries": _entries("bob@X.org")}),
    )
    spellings = await Mail(clients).suppressed_spellings("BOB@x.org")
    assert spellings == ["Bob@x.org", "bob@X.org"]
    assert len(wire.asked) == 3


@pytest.mark.parametrize("reply", [said({}), Reply(status=429)], ids=["truncated", "throttled"])
async def test_half_a_list_is_no_list(wire: Wire, clients: Clients, reply: Reply) -> None:
    wire.will(said({"SuppressedDestinationSummaries": _entries("bob@x.org"), **_more("1")}), reply)
    with pytest.raises(Unavailable):
        await Mail(clients).suppressed_spellings("bob@x.org")


async def test_a_list_that_does_not_end_is_given_up(
    wire: Wire, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sesauditd.aws.api.MOST_PAGES", 3)
    wire.will(said({"SuppressedDestinationSummaries": [], **_more("same")}))
    with pytest.raises(Unavailable, match="does not end"):
        await Mail(clients).suppressed_spellings("bob@x.org")


@pytest.mark.parametrize("enabled", [True, False])
async def test_a_set_says_whether_it_sends(wire: Wire, clients: Clients, enabled: bool) -> None:
    wire.will(said({"SendingOptions": {"SendingEnabled": enabled}}))
    assert await Mail(clients).sending_enabled("shop") is enabled


async def test_a_set_is_switched(wire: Wire, clients: Clients) -> None:
    wire.will(DONE)
    await Mail(clients).set_sending("shop", enabled=False)
    assert wire.asked[0].parameters == {"SendingEnabled": False}


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda mail: mail.suppressed("b@x.org"), id="suppressed"),
        pytest.param(lambda mail: mail.sending_enabled("shop"), id="sending_enabled"),
        pytest.param(lambda mail: mail.identity("shop.org"), id="identity"),
        pytest.param(lambda mail: mail.identities_under("shop.org"), id="identities_under"),
        pytest.param(lambda mail: mail.account(), id="account"),
    ],
)
async def test_a_truncated_answer_says_nothing(
    wire: Wire, clients: Clients, ask: Callable[[Mail], Awaitable[object]]
) -> None:
    wire.will(Reply(body=b'{"Sending'))
    with pytest.raises(Unavailable, match="truncated"):
        await ask(Mail(clients))


async def test_half_the_options_of_a_set_say_nothing(wire: Wire, clients: Clients) -> None:
    wire.will(said({"SendingOptions": {}}))
    with pytest.raises(Unavailable, match="truncated"):
        await Mail(clients).sending_enabled("shop")


async def test_a_set_that_is_gone_is_missing(wire: Wire, clients: Clients) -> None:
    wire.will(ABSENT)
    with pytest.raises(Missing):
        await Mail(clients).sending_enabled("shop")


async def test_an_identity_names_its_set(wire: Wire, clients: Clients) -> None:
    wire.will(said({"VerifiedForSendingStatus": True, "ConfigurationSetName": "shop"}))
    expected = Identity(name="shop.org", configuration_set="shop", verified=True)
    assert await Mail(clients).identity("shop.org") == expected


async def test_an_identity_may_not_exist(wire: Wire, clients: Clients) -> None:
    wire.will(ABSENT)
    assert await Mail(clients).identity("shop.org") is None


async def test_identities_below_a_domain_are_its_own(wire: Wire, clients: Clients) -> None:
    names = ["shop.org", "workshop.org", "news.shop.org", "me@Shop.org", "a@news.shop.org", "b.org"]
    wire.will(said({"EmailIdentities": [{"IdentityName": name} for name in names]}))
    found = await Mail(clients).identities_under("shop.org")
    assert found == ["a@news.shop.org", "me@Shop.org", "news.shop.org", "shop.org"]


async def test_the_account_is_as_aws_sees_it(wire: Wire, clients: Clients) -> None:
    wire.will(
        said(
            {
                "ProductionAccessEnabled": True,
                "EnforcementStatus": "PROBATION",
                "SendingEnabled": True,
                "SendQuota": {"Max24HourSend": 50000, "MaxSendRate": 14, "SentLast24Hours": 12.0},
                "SuppressionAttributes": {"SuppressedReasons": ["BOUNCE"]},
            }
        )
    )
    assert await Mail(clients).account() == Account(
        production=True,
        enforcement="PROBATION",
        sending_enabled=True,
        max_24h=50000,
        sent_24h=12,
        max_per_second=14,
        suppressed_reasons=frozenset({"BOUNCE"}),
    )


def _entries(*addresses: str) -> list[dict[str, str]]:
    return [{"EmailAddress": address, "Reason": "BOUNCE"} for address in addresses]


def _more(token: str) -> dict[str, str]:
    return {"NextToken": token}
