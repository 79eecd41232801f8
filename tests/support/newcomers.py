"""Domains that are onboarded at the sandbox, and looks at what stands of them there."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from itertools import count
from typing import TYPE_CHECKING

from sesauditd.bootstrap.onboard import onboarder
from sesauditd.onboard.access import user_name
from sesauditd.onboard.onboarding import Wish
from tests.support.accounts import QUICK
from tests.support.roles import ONBOARD, TAKE_OVER
from tests.support.sandboxes import NOW

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from sesauditd.bootstrap.onboard import Onboarder
    from sesauditd.model.plan import Change, Plan
    from sesauditd.onboard.credentials import Credentials
    from sesauditd.onboard.onboarding import Outcome
    from tests.support.accounts import Stood

RESOURCES = 9
"""That the engine makes for a domain with a hosted zone of its own."""
_numbers = count(1)


class PowerCutError(BaseException):
    """Nothing after it happens, as when the process dies."""


@dataclass(slots=True, kw_only=True)
class Newcomers:
    """One installation at the sandbox, and everything that it ever showed to a person."""

    place: Stood
    folder: Path
    program: Onboarder
    shown: list[Credentials] = field(default_factory=list)

    def domain(self, *, zone: bool = True) -> str:
        """Return a domain that nobody has named before, with a hosted zone of its own."""
        name = f"shop-{next(_numbers)}.example"
        if zone:
            self.place.asking.ask("route53", "CreateHostedZone", Name=name, CallerReference=name)
        return name

    async def plan(self, domain: str, customer: str = "bakery", **more: bool) -> Plan:
        """Return what would be done; `more` are what else a wish says."""
        with self.place.acting("look"):
            wished = wish(domain, customer, **more)
            return (await self.program.onboarding.prepare(wished)).plan

    async def onboard(
        self, domain: str, customer: str = "bakery", roles: Sequence[str] = (), **more: bool
    ) -> Outcome:
        """Do it, and keep what is shown."""
        return await self.onboard_by(self.program, domain, customer, roles, **more)

    async def onboard_by(
        self,
        program: Onboarder,
        domain: str,
        customer: str = "bakery",
        roles: Sequence[str] = (),
        **more: bool,
    ) -> Outcome:
        """Do it by another program, as a new process does, or one that takes over.

        Under the roles of the command, unless others are given.
        """
        over = program.onboarding.layout.ownership.take_over
        with self.place.acting(*(roles or (TAKE_OVER if over else ONBOARD))):
            prepared = await program.onboarding.prepare(wish(domain, customer, **more))
            (outcome,) = await program.batch.carry_out(
                [prepared], show=self.shown.append, on_change=unwatched, on_domain=unwatched
            )
        return outcome

    def keys(self, domain: str) -> list[str]:
        """Return the ids of the access keys of a domain's user, none without the user."""
        ask = self.place.asking.ask
        users = ask("iam", "ListUsers", PathPrefix="/sesaudit/")["Users"]
        name = user_name(domain)
        if [one["UserName"] for one in users].count(name) != 1:
            return []
        found = ask("iam", "ListAccessKeys", UserName=name)["AccessKeyMetadata"]
        return [str(one["AccessKeyId"]) for one in found]

    def newest(self, domain: str) -> Credentials:
        """Return what was shown last for a domain."""
        return [one for one in self.shown if one.domain == domain][-1]

    def send(self, login: Credentials, recipient: str) -> None:
        """Send a mail as the domain's site does; smtplib's own errors if it is refused."""
        mail = EmailMessage()
        mail["From"], mail["To"] = f"wordpress@{login.domain}", recipient
        mail["Subject"] = "Your order"
        mail.set_content("Thank you.")
        host, port = self.place.sandbox.host, self.place.sandbox.smtp_port
        with smtplib.SMTP(host, port, timeout=20) as smtp:
            if smtp.has_extn("starttls") or "starttls" in (smtp.ehlo(), smtp.esmtp_features)[1]:
                context = ssl.create_default_context()
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                smtp.starttls(context=context)
            smtp.login(login.user, login.password)
            smtp.send_message(mail)


@asynccontextmanager
async def newcomers_at(place: Stood, folder: Path) -> AsyncIterator[Newcomers]:
    """Set an account up, and open the program as the command does."""
    async with place.opened(folder) as account:
        await account.apply(await account.plan(), unwatched)
    async with opened(place, folder) as program:
        yield Newcomers(place=place, folder=folder, program=program)


@asynccontextmanager
async def opened(
    place: Stood, folder: Path, *, take_over: bool = False
) -> AsyncIterator[Onboarder]:
    """Open the program; it takes a second, for the models of a dozen clients."""
    resolver = f"{place.sandbox.host}:{place.sandbox.dns_port}"
    settings = place.settings(folder, onboarding={"resolver": [resolver]})
    async with onboarder(settings, clock=lambda: NOW, tempo=QUICK, take_over=take_over) as program:
        yield program


def wish(domain: str, customer: str = "bakery", **more: bool) -> Wish:
    """Return the wish to have a domain onboarded."""
    contact = f"anna@{customer}-home.example"
    return Wish(domain=domain, customer=customer, contact=contact, **more)


def unwatched(*_seen: object) -> None:
    """Watch nothing."""


def names(changes: tuple[Change, ...]) -> list[str]:
    """Return what is changed."""
    return [one.resource for one in changes]
