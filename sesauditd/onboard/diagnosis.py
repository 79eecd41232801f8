"""Names the broken link of a closed loop, from what became of the mail and what was seen; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sesauditd.onboard.access import activated
from sesauditd.onboard.findings import Check, Level
from sesauditd.onboard.sights import Untold

if TYPE_CHECKING:
    from sesauditd.onboard.findings import Finding
    from sesauditd.onboard.loop import Trace
    from sesauditd.onboard.sights import UserSight

REFUSING: Final = (
    Check.ENFORCEMENT,
    Check.IDENTITY,
    Check.SET,
    Check.IAM_POLICY,
    Check.PRODUCTION,
)
"""What makes SES refuse a mail, what concerns most mails first."""
TELLING: Final = (
    Check.DEFAULT_SET,
    Check.SET,
    Check.DESTINATION,
    Check.TOPIC,
    Check.TOPIC_POLICY,
    Check.SUBSCRIPTION,
    Check.QUEUE,
    Check.QUEUE_POLICY,
    Check.UNDELIVERED,
    Check.DEAD_LETTERS,
    Check.BUCKET,
    Check.PERMISSIONS,
)
"""The links of the way of feedback, in its order."""


def broken_link(
    domain: str,
    traces: Sequence[Trace],
    findings: Sequence[Finding],
    users: Sequence[UserSight],
    *,
    login: str,
    region: str,
) -> str | None:
    """Return the sentence that names what is broken, None if all came back.

    `login` is the access key's id that the trial logged in with.
    """
    about = [one for one in findings if one.domain in {None, domain}]
    turned = next((one for one in traces if one.turned), None)
    if turned is not None:
        return _refused_login(turned, users, login=login, region=region)
    refused = next((one for one in traces if one.answer and not one.is_taken), None)
    if refused is not None:
        return _refused_mail(refused, about)
    unsent = next((one for one in traces if one.problem), None)
    if unsent is not None:
        return f"SMTP: {unsent.problem}."
    lost = [one for one in traces if one.waits]
    return _lost(lost, about) if lost else _misattributed(domain, traces)


def is_whole(domain: str, traces: Sequence[Trace]) -> bool:
    """Return whether all came back and counts for the domain."""
    return all(one.is_recorded for one in traces) and _misattributed(domain, traces) is None


def _refused_login(trace: Trace, users: Sequence[UserSight], *, login: str, region: str) -> str:
    for user in users:
        if isinstance(user.keys, Untold) or login not in user.keys:
            continue
        if not user.keys[login]:
            return (
                f"Access key {login} of IAM user {user.name} is inactive. Find out who made it "
                f"so; {activated(user.name, login)} lets it log in again."
            )
        return (
            f"Access key {login} is active, but its password was refused: SMTP passwords are "
            f"good in one Region only, and this one is not of {region}, or was mistyped."
        )
    if users and not any(isinstance(user.keys, Untold) for user in users):
        named = ", ".join(user.name for user in users)
        return f"{login} is no access key of {named}: log in as the domain's own user."
    return f"SMTP: {trace.problem}."


def _refused_mail(trace: Trace, findings: Sequence[Finding]) -> str:
    found = _first(REFUSING, findings)
    return found.sentence if found is not None else f"SES {trace.problem}."


def _lost(lost: Sequence[Trace], findings: Sequence[Finding]) -> str:
    found = _first(TELLING, findings, worst_only=True)
    if found is not None:
        return found.sentence
    names = ", ".join(f"{one.probe.expects} of {one.probe.name}" for one in lost)
    return (
        f"Not recorded in time: {names}. Every link looks right from here: read the daemon's "
        "log, and run this again with a longer --wait."
    )


def _misattributed(domain: str, traces: Sequence[Trace]) -> str | None:
    for trace in traces:
        owner = trace.kinds.get(trace.probe.expects)
        if owner != domain:
            counted = f"for {owner}" if owner else "for nobody"
            return (
                f"The events are recorded {counted}, not for {domain}: register the user that it "
                "sends by (`sesauditd adopt ... --iam-user NAME`)."
            )
    return None


def _first(
    order: Sequence[Check], findings: Sequence[Finding], *, worst_only: bool = False
) -> Finding | None:
    """Return the first link that is wrong, else the first that somebody should know of."""
    levels = (Level.WRONG,) if worst_only else (Level.WRONG, Level.WARNING)
    for level in levels:
        for check in order:
            for one in findings:
                if one.check is check and one.level is level:
                    return one
    return None
