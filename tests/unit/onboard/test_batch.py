"""Several domains side by side."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sesauditd.errors import Failed
from sesauditd.onboard.batch import AT_ONCE, Batch
from sesauditd.onboard.onboarding import Outcome, Prepared, Result, Wish

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True)
class Making:
    """Makes a domain in three turns of the loop; notes who began, and who was at it together."""

    begun: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    most: int = 0
    listed: list[str] = field(default_factory=list)

    async def prepare(self, wish: Wish) -> Prepared:
        """Look."""
        raise NotImplementedError

    async def carry_out(self, prepared: Prepared, *_told: object) -> Outcome:
        """Make it, unless it is a bad one."""
        domain = prepared.wish.domain
        self.begun.append(domain)
        self.most = max(self.most, len(self.begun) - len(self.ended))
        for _ in range(3):
            await asyncio.sleep(0)
        self.ended.append(domain)
        if domain.startswith("bad"):
            raise Failed("it is bad")
        return Outcome(domain=domain, result=Result.DONE)

    @contextmanager
    def listing(self) -> Iterator[None]:
        """Note that a listing held."""
        self.listed.append("begin")
        yield
        self.listed.append("end")


async def carried_out(making: Making, *domains: str) -> list[Any]:
    """Return the outcomes of these domains."""
    wishes = [Wish(domain=one, customer="shop", contact="a@b.example") for one in domains]
    batch = Batch(one=making, login=NotImplemented, listings=[making.listing])
    return list(
        await batch.carry_out(
            [Prepared(wish=one, plan=NotImplemented) for one in wishes],
            show=lambda _key: None,
            on_change=lambda _change, _moment: None,
            on_domain=lambda _outcome: None,
        )
    )


async def test_a_few_are_at_work_together_and_one_that_fails_stops_none() -> None:
    making = Making()
    names = [f"{'bad' if at == 4 else 'site'}-{at}.example" for at in range(12)]

    found = await carried_out(making, *names)

    assert [one.domain for one in found] == names
    assert [one.domain for one in found if one.result is Result.FAILED] == ["bad-4.example"]
    assert making.most == AT_ONCE
    assert making.listed == ["begin", "end"]


async def test_a_domain_comes_after_those_above_it() -> None:
    making = Making()

    await carried_out(making, "a.b.shop.example", "b.shop.example", "shop.example", "club.example")

    order = [one for one in making.begun if one.endswith("shop.example")]
    assert order == ["shop.example", "b.shop.example", "a.b.shop.example"]
    assert making.ended.index("shop.example") < making.ended.index("b.shop.example")


async def test_one_or_two_domains_are_asked_about_without_a_listing() -> None:
    making = Making()

    await carried_out(making, "shop.example", "club.example")

    assert making.listed == []
