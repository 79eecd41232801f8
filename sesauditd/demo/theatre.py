"""The stage machinery: a small AWS, the daemon beside it, and a clock that both go by."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from sesauditd.demo.answering import answers
from sesauditd.demo.mailing import Account, Answer, hand_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from random import Random

    import aiohttp

    from sesauditd.bootstrap.live import Live
    from sesauditd.demo.clock import DemoClock
    from sesauditd.demo.post import Letter
    from sesauditd.sandbox.furnish import Furnished

HANDFUL = 8
"""Letters that go out before what came back is read."""
PAUSE = timedelta(minutes=10)
"""A longer silence in the story lets the daemon read what came back."""
DAILY = time(0, 40)
"""After the roll-up of the day before is due."""
WEEKLY = timedelta(hours=3, minutes=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedIn:
    """A letter and what the SMTP server said to it."""

    letter: Letter
    answer: Answer


@dataclass(slots=True)
class Theatre:
    """Plays letters at their time, and lets the daemon do its work in between."""

    live: Live
    furnished: Furnished
    smtp_port: int
    admin: aiohttp.ClientSession
    clock: DemoClock
    draw: Random
    waiting: int = field(default=0, init=False)

    async def play(
        self, letters: Sequence[Letter], until: datetime, on_letter: Callable[[int], None]
    ) -> list[HandedIn]:
        """Send the letters at their times, and go on to `until`; return what the server said."""
        await self._tell_mailboxes(letters)
        said = []
        for letter in letters:
            await self._go_on(letter.at)
            said.append(await self.send(letter))
            on_letter(1)
        await self._go_on(until)
        await self.settle()
        return said

    async def send(self, letter: Letter, *, configuration_set: str | None = None) -> HandedIn:
        """Hand one letter in now."""
        account = self.account(letter.sender.domain)
        answer = await asyncio.to_thread(
            hand_in, account, letter, configuration_set=configuration_set
        )
        self.waiting += 1
        return HandedIn(letter=letter, answer=answer)

    def account(self, domain: str) -> Account:
        """Return the SMTP account of a domain."""
        login = self.furnished.logins[domain]
        return Account(port=self.smtp_port, user=login.access_key_id, password=login.password)

    async def settle(self) -> None:
        """Let the daemon read, judge, act and write until nothing is left to do."""
        await self.live.settle()
        self.waiting = 0

    async def set_clock(self, moment: datetime) -> None:
        """Let it be that time, for the daemon and for the sandbox."""
        self.clock.moment = moment
        await self._ask("POST", "clock", {"now": moment.isoformat()})
        await self._ask("POST", "events")

    async def let_clock_run(self) -> None:
        """Let the sandbox go by the story's clock, wherever that is."""
        await self._ask("POST", "clock", {})

    async def state(self) -> object:
        """Return all that stands at the sandbox's SES and IAM."""
        return await self._ask("GET", "state")

    async def inbox(self) -> list[Any]:
        """Return the mails that the sandbox delivered, oldest first."""
        found: list[Any] = (await self._ask("GET", "inbox"))["mails"]
        return found

    async def notices(self) -> list[Any]:
        """Return the mails that the daemon wrote, oldest first."""
        own = self.furnished.notice_set
        return [one for one in await self.inbox() if one["configuration_set"] == own]

    async def keep_files(self, folder: Path) -> None:
        """Write what lies in the bucket, and the daemon's mails, into a folder."""
        for number, mail in enumerate(await self.notices(), start=1):
            place = folder / "mail" / f"{number:03d}.eml"
            place.parent.mkdir(exist_ok=True)
            place.write_text(mail["raw"], encoding="utf-8", newline="")
        for key, body in await asyncio.to_thread(self._objects):
            place = folder / "archive" / key
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(body)

    def _objects(self) -> list[tuple[str, bytes]]:
        """Return what lies in the bucket."""
        from sesauditd.sandbox.operator import operator

        at = self.furnished
        with operator(at.endpoint_url, region=at.region, account_id=at.account_id) as asking:
            listed = asking.ask("s3", "ListObjectsV2", Bucket=at.bucket)
            keys = [str(one["Key"]) for one in listed.get("Contents", ())]
            return [
                (key, asking.ask("s3", "GetObject", Bucket=at.bucket, Key=key)["Body"].read())
                for key in keys
            ]

    async def _go_on(self, moment: datetime) -> None:
        """Let time pass, with every job that falls due on the way."""
        for ring in self._rings(moment):
            await self.set_clock(ring)
            await self.settle()
            await self.live.ring()
            await self.settle()
        if self.waiting >= HANDFUL or (self.waiting and moment - self.clock.moment > PAUSE):
            await self.set_clock(moment)
            await self.settle()
        await self.set_clock(moment)

    def _rings(self, moment: datetime) -> list[datetime]:
        """Return when the daemon's jobs are due between now and then."""
        day = self.clock.moment.replace(hour=0, minute=0, second=0, microsecond=0)
        found = []
        while day <= moment:
            found.append(datetime.combine(day, DAILY, day.tzinfo))
            if day.weekday() == 0:
                found.append(day + WEEKLY)
            day += DAY
        return [one for one in found if self.clock.moment < one <= moment]

    async def _tell_mailboxes(self, letters: Sequence[Letter]) -> None:
        world = [one for letter in letters for one in answers(letter, self.draw)]
        await self._ask("PUT", "mailboxes", {"mailboxes": world})

    async def _ask(
        self, method: str, page: str, document: Mapping[str, object] | None = None
    ) -> dict[str, Any]:
        async with self.admin.request(method, f"/_sandbox/{page}", json=document) as response:
            response.raise_for_status()
            found: dict[str, Any] = await response.json()
            return found
