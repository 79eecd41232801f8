"""What SES promises to those who steer it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from sesauditd.errors import Forbidden, Missing
from tests.contract.stands import mail_stand

if TYPE_CHECKING:
    from tests.contract.stands import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
RAW = b"From: a@shop.example\r\nTo: bob@x.org\r\nSubject: hello\r\n\r\nbody\r\n"


async def test_a_mail_gets_an_id_of_its_own(kind: str, world: World) -> None:
    stand = mail_stand(kind, world)
    await stand.add_identity("shop.example", "shop")
    send = stand.mail.send
    first = await send(RAW, "a@shop.example", ["bob@x.org"], "shop")
    second = await send(RAW, "a@shop.example", ["bob@x.org"], None)
    assert first != second


async def test_an_address_is_listed_until_it_is_taken_off(kind: str, world: World) -> None:
    mail = mail_stand(kind, world).mail
    assert await mail.suppressed("bob@x.org") is None
    await mail.suppress("bob@x.org")
    await mail.suppress("bob@x.org")
    assert await mail.suppressed("bob@x.org") == "BOUNCE"
    assert await mail.suppressed("Bob@X.org") == "BOUNCE"
    await mail.unsuppress("bob@x.org")
    await mail.unsuppress("bob@x.org")
    assert await mail.suppressed("bob@x.org") is None


async def test_every_spelling_is_found_and_taken_off_by_itself(kind: str, world: World) -> None:
    mail = mail_stand(kind, world).mail
    for spelling in ("Bob@x.org", "bob@X.org", "al@x.org"):
        await mail.suppress(spelling)
    assert sorted(await mail.suppressed_spellings("BOB@X.ORG")) == ["Bob@x.org", "bob@X.org"]
    await mail.unsuppress("Bob@x.org")
    assert await mail.suppressed_spellings("bob@x.org") == ["bob@X.org"]


async def test_a_long_list_is_read_to_its_end(kind: str, world: World) -> None:
    mail = mail_stand(kind, world).mail
    for number in range(25):
        await mail.suppress(f"bob{number}@x.org")
    assert await mail.suppressed_spellings("BOB24@x.org") == ["bob24@x.org"]


async def test_what_was_listed_lately_is_found_by_its_time(kind: str, world: World) -> None:
    mail = mail_stand(kind, world).mail
    await mail.suppress("bob@x.org")
    await mail.suppress("al@x.org")
    assert sorted(await mail.suppressed_addresses(LONG_AGO)) == ["al@x.org", "bob@x.org"]


async def test_the_list_is_closed_without_production_access(kind: str, world: World) -> None:
    stand = mail_stand(kind, world)
    stand.leave_production()
    with pytest.raises(Forbidden):
        await stand.mail.suppress("bob@x.org")
    assert not (await stand.mail.account()).production


async def test_a_set_is_switched_off_and_on(kind: str, world: World) -> None:
    stand = mail_stand(kind, world)
    await stand.add_identity("shop.example", "shop")
    for enabled in (False, False, True):
        await stand.mail.set_sending("shop", enabled=enabled)
        assert await stand.mail.sending_enabled("shop") is enabled


async def test_a_set_that_is_not_there_is_missing(kind: str, world: World) -> None:
    mail = mail_stand(kind, world).mail
    with pytest.raises(Missing):
        await mail.sending_enabled("nowhere")
    with pytest.raises(Missing):
        await mail.set_sending("nowhere", enabled=True)


async def test_an_identity_names_its_set(kind: str, world: World) -> None:
    stand = mail_stand(kind, world)
    await stand.add_identity("shop.example", "shop")
    found = await stand.mail.identity("shop.example")
    assert found is not None
    assert (found.configuration_set, found.verified) == ("shop", True)
    assert await stand.mail.identity("other.example") is None


async def test_identities_below_a_domain_are_found(kind: str, world: World) -> None:
    stand = mail_stand(kind, world)
    for name in ("shop.example", "workshop.example", "news.shop.example", "a@shop.example"):
        await stand.add_identity(name, "shop")
    found = await stand.mail.identities_under("shop.example")
    assert found == ["a@shop.example", "news.shop.example", "shop.example"]
    assert {*found, "workshop.example"} <= set(await stand.mail.all_identities())


async def test_the_account_is_healthy_and_sends(kind: str, world: World) -> None:
    account = await mail_stand(kind, world).mail.account()
    assert account.production
    assert account.sending_enabled
    assert account.enforcement == "HEALTHY"
    assert account.max_24h > 0
