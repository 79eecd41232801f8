"""Examines an installation: what was seen in, a finding for each line out; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sesauditd.model.production import HOW_TO_ASK
from sesauditd.onboard import domain_checks, path_checks
from sesauditd.onboard.findings import Check, Finding, doubtful, good, wrong
from sesauditd.onboard.path_checks import untold
from sesauditd.onboard.permissions import permissions
from sesauditd.onboard.setup import NOTICE_EVENTS
from sesauditd.onboard.sights import Untold

if TYPE_CHECKING:
    from sesauditd.model.plan import Document
    from sesauditd.onboard.sights import DatabaseSight, Expected, Sights

MOST_DRIFT: Final = timedelta(minutes=5)
"""AWS refuses a signature that is older or younger."""
LEAST_FREE_BYTES: Final = 512 * 1024 * 1024
MEBIBYTE: Final = 1024 * 1024
HEALTHY: Final = "HEALTHY"
SHUTDOWN: Final = "SHUTDOWN"
UNSHARED: Final = (
    "Domains could not be looked at, and SES was asked at a pace that a daemon does not know of."
)
CONSOLE: Final = "Read what AWS wrote to the account's address; see the SES console."


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """The SMTP server that sites log in at: what it said first, or why it did not."""

    host: str
    port: int
    greeting: str | None
    problem: str = ""


def aws(expected: Expected, seen: Sights, *, enforcing: bool) -> Sequence[Finding]:
    """Return what there is to say of everything at AWS, the account first."""
    return [
        *_credentials(expected, seen),
        _clock(seen),
        *permissions(seen, enforcing=enforcing),
        *path_checks.path(expected, seen),
        *_account(seen),
        *_notices(expected, seen),
        *(found for one in seen.domains for found in domain_checks.domain(expected, one)),
    ]


def silent(why: Untold) -> Sequence[Finding]:
    """Return what there is to say where AWS does not answer; each look would wait in vain."""
    advice = (
        "Look at this machine's network, at region and endpoint_url in [aws], and at "
        "AWS_ENDPOINT_URL; nothing else of AWS was examined."
    )
    return [wrong(Check.CREDENTIALS, "AWS", why.why, advice)]


def machine(database: DatabaseSight, smtp: Smtp | None) -> Iterator[Finding]:
    """Yield what there is to say of the database and of the way to SES by SMTP."""
    yield _database(database)
    if smtp is None:
        return
    what = f"SMTP server {smtp.host}:{smtp.port}"
    if smtp.greeting is not None:
        yield good(Check.SMTP, what, "answers")
        return
    advice = (
        "Look at the firewall, and at [smtp] of the configuration: providers often close port "
        "25; 587, 2587, 465 and 2465 lead to SES, too."
    )
    yield wrong(Check.SMTP, what, smtp.problem, advice)


def _credentials(expected: Expected, seen: Sights) -> Iterator[Finding]:
    if isinstance(seen.caller, Untold):
        advice = "Give this process a role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        yield wrong(Check.CREDENTIALS, "credentials of AWS", seen.caller.why, advice)
    else:
        yield good(Check.CREDENTIALS, "credentials of AWS", "are accepted")
        yield _account_id(expected.account_id, seen.caller)
    yield good(Check.REGION, "region", expected.region)


def _account_id(configured: str | None, caller: str) -> Finding:
    what = "account"
    if configured is None:
        advice = f'Write account_id = "{caller}" into [aws]: the daemon refuses to start else.'
        return wrong(Check.ACCOUNT_ID, what, "the configuration names none", advice)
    if configured == caller:
        return good(Check.ACCOUNT_ID, what, caller)
    says = f"the credentials open {caller}, the configuration says {configured}"
    advice = "Use the credentials of the configured account, or change [aws] account_id."
    return wrong(Check.ACCOUNT_ID, what, says, advice)


def _clock(seen: Sights) -> Finding:
    what = "clock of this machine"
    if isinstance(seen.ahead, Untold):
        return doubtful(Check.CLOCK, what, "AWS did not say what time it is", "Try again.")
    seconds = abs(round(seen.ahead.total_seconds()))
    way = "ahead of" if seen.ahead > timedelta(0) else "behind"
    if abs(seen.ahead) > MOST_DRIFT:
        says = f"{seconds} seconds {way} AWS's, which refuses signatures of such a time"
        return wrong(Check.CLOCK, what, says, "Set it, and let NTP keep it.")
    return good(Check.CLOCK, what, f"agrees with AWS's to {max(seconds, 1)} seconds")


def _account(seen: Sights) -> Iterator[Finding]:
    account = seen.account
    if isinstance(account, Untold) or account is None:
        lost = account or Untold(why="SES said nothing", forbidden=False)
        yield untold(Check.ENFORCEMENT, "SES account", lost)
        return
    yield _suppression(account)
    if account.get("production"):
        yield good(Check.PRODUCTION, "SES production access", "granted")
    else:
        says = "not granted: SES sends to verified addresses and its simulator only"
        advice = f"{HOW_TO_ASK} asks AWS for it; without options it tells how far that is."
        yield doubtful(Check.PRODUCTION, "SES production access", says, advice)
    yield _standing(account)


def _suppression(account: Document) -> Finding:
    what = "account suppression list"
    reasons = account.get("suppressed_reasons")
    listed = sorted(map(str, reasons)) if isinstance(reasons, Sequence) else []
    advice = "`sesauditd setup` sets it to BOUNCE."
    if "COMPLAINT" in listed:
        says = (
            "also lists who complains: ONE MIS-CLICK CUTS A PERSON OFF FROM EVERY CUSTOMER, and "
            '"1-2 complaints: go on" is untrue'
        )
        return wrong(Check.SUPPRESSION, what, says, advice)
    if listed != ["BOUNCE"]:
        return wrong(Check.SUPPRESSION, what, "does not list who bounced", advice)
    return good(Check.SUPPRESSION, what, "lists who bounced, and nobody else")


def _standing(account: Document) -> Finding:
    what, status = "standing with SES", str(account.get("enforcement"))
    if not account.get("sending_enabled"):
        says = f"sending is switched off for the whole account ({status})"
        return wrong(Check.ENFORCEMENT, what, says, CONSOLE)
    if status == HEALTHY:
        return good(Check.ENFORCEMENT, what, "healthy")
    if status == SHUTDOWN:
        return wrong(Check.ENFORCEMENT, what, "AWS has stopped the account's sending", CONSOLE)
    return doubtful(Check.ENFORCEMENT, what, f"AWS says {status}", CONSOLE)


def _notices(expected: Expected, seen: Sights) -> Iterator[Finding]:
    """Yield whether the daemon can write mail: its sender, and its own set."""
    if expected.sender_domain is None or seen.notices is None:
        says = "the configuration names no sender: nobody is told anything"
        advice = 'Write from = "postmaster@your.domain" into [notices].'
        yield doubtful(Check.IDENTITY, "notices", says, advice)
        return
    # Setup makes the set of the domain that notices come from, onboarding its identity.
    made = f"`sesauditd onboard {seen.notices.domain} --customer NAME --contact MAIL` makes it."
    for one in domain_checks.sending(
        expected, seen.notices, NOTICE_EVENTS, "`sesauditd setup` repairs it.", made=made
    ):
        # Which set is the default of the sender's domain is the domain's business.
        if one.check is not Check.DEFAULT_SET:
            yield one


def _database(seen: DatabaseSight) -> Finding:
    what = "database"
    if seen.problem is not None:
        return wrong(Check.DATABASE, what, seen.problem, UNSHARED)
    size = f"{(seen.size_bytes or 0) / MEBIBYTE:.1f} MiB"
    says = f"writable, schema {seen.schema}, {size}"
    if seen.free_bytes is not None and seen.free_bytes < LEAST_FREE_BYTES:
        free = f"{seen.free_bytes / MEBIBYTE:.0f} MiB"
        return doubtful(Check.DATABASE, what, f"{says}, {free} free", "Make room on its disk.")
    return good(Check.DATABASE, what, says)
