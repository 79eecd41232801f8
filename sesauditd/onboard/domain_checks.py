"""Whether a domain can send, and whether what becomes of its mail is told; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from sesauditd.onboard import allowing, tenant_checks
from sesauditd.onboard.access import activated, user_name
from sesauditd.onboard.allowing import Question
from sesauditd.onboard.findings import Check, Finding, doubtful, good, wrong
from sesauditd.onboard.path_checks import untold
from sesauditd.onboard.sets import EVENTS, resumed
from sesauditd.onboard.sights import Untold

if TYPE_CHECKING:
    from sesauditd.model.plan import Document
    from sesauditd.onboard.sights import DomainSight, Expected, UserSight

SEND: Final = "ses:SendRawEmail"
SUCCESS: Final = "SUCCESS"


def domain(expected: Expected, seen: DomainSight) -> Iterator[Finding]:
    """Yield what there is to say of one registered domain."""
    command = f"`sesauditd onboard {seen.domain}`"
    made = f"{command} makes it anew: its DKIM records change."
    yield from sending(expected, seen, EVENTS, f"{command} repairs it.", made=made)
    yield from _users(expected, seen)
    yield from tenant_checks.tenant(seen)


def sending(
    expected: Expected, seen: DomainSight, events: Sequence[str], advice: str, *, made: str
) -> Iterator[Finding]:
    """Yield whether its identity, its set and its event destination do their work."""
    identity = seen.identity
    what = f"identity {seen.domain}"
    if isinstance(identity, Untold):
        yield untold(Check.IDENTITY, what, identity, seen.domain)
        return
    if identity is None:
        says = f"SES has none in {expected.region}"
        yield wrong(Check.IDENTITY, what, says, made, seen.domain)
        return
    yield from _identity(seen.domain, identity)
    yield from _set(expected, seen, events, advice)


def _identity(name: str, identity: Document) -> Iterator[Finding]:
    what = f"identity {name}"
    if identity.get("verified"):
        yield good(Check.IDENTITY, what, "is verified", name)
    else:
        says = f"is not verified ({_why(identity)})"
        advice = f"`sesauditd onboard {name} --plan` shows the records that SES looks for."
        yield wrong(Check.IDENTITY, what, says, advice, name)
    dkim, mail_from = str(identity.get("dkim")), str(identity.get("mail_from"))
    if dkim == SUCCESS:
        yield good(Check.DKIM, f"DKIM of {name}", "its mail is signed", name)
    else:
        advice = (
            f"`sesauditd onboard {name}` puts back whichever of the three CNAME records is "
            "missing, or shows them if the zone is elsewhere; SES sees it within hours."
        )
        yield wrong(Check.DKIM, f"DKIM of {name}", f"SES says {dkim or 'nothing'}", advice, name)
    if mail_from == SUCCESS:
        yield good(Check.MAIL_FROM, f"MAIL FROM of {name}", "is verified", name)
    else:
        says = f"SES says {mail_from}" if mail_from else "has no name of its own"
        advice = (
            f"`sesauditd onboard {name}` sets up what is missing; until SES has seen it, mail goes "
            "out by SES's own name."
        )
        yield doubtful(Check.MAIL_FROM, f"MAIL FROM of {name}", says, advice, name)


def _why(identity: Document) -> str:
    return ", ".join(str(one) for one in (identity.get("status"), identity.get("error")) if one)


def _set(
    expected: Expected, seen: DomainSight, events: Sequence[str], advice: str
) -> Iterator[Finding]:
    name, used = seen.domain, seen.set_name
    what = f"default configuration set of {name}"
    if used is None:
        says = "there is none: no event tells what becomes of its mail"
        yield wrong(Check.DEFAULT_SET, what, says, advice, name)
        return
    yield good(Check.DEFAULT_SET, what, used, name)
    yield _is_on(seen, used, advice)
    if seen.configuration_set is not None:
        yield _destination(expected, seen, used, events, advice)


def _is_on(seen: DomainSight, used: str, advice: str) -> Finding:
    what, name, found = f"configuration set {used}", seen.domain, seen.configuration_set
    if isinstance(found, Untold):
        return untold(Check.SET, what, found, name)
    if found is None:
        says = "does not exist, though it is the default: every mail is refused"
        return wrong(Check.SET, what, says, advice, name)
    if found.get("sending_enabled"):
        return good(Check.SET, what, "sends", name)
    if seen.stopped:
        says = "is paused: the domain is stopped"
        return doubtful(Check.SET, what, says, f"`sesauditd reinstate {name}` lets it send.", name)
    says = "is paused, and sesauditd did not stop the domain"
    advice = f"Somebody paused it at SES, and knows why; {resumed(used)} lets it send again."
    return wrong(Check.SET, what, says, advice, name)


def _destination(
    expected: Expected, seen: DomainSight, used: str, events: Sequence[str], advice: str
) -> Finding:
    what, name = f"event destination of {used}", seen.domain
    if isinstance(seen.destinations, Untold):
        return untold(Check.DESTINATION, what, seen.destinations, name)
    ours = [one for one in seen.destinations if one.get("topic") in expected.topic_arns]
    if not ours:
        says = f"none reports to {' or '.join(expected.topic_arns) or 'our topic'}"
        return wrong(Check.DESTINATION, what, says, advice, name)
    enabled = [one for one in ours if one.get("enabled")]
    if not enabled:
        says = "is switched off: nothing is told of the domain's mail"
        return wrong(Check.DESTINATION, what, says, advice, name)
    missing = sorted(set(events).difference(*(allowing.texts(one.get("types")) for one in enabled)))
    if missing:
        says = f"does not tell {', '.join(missing)}, which the policy judges by"
        return wrong(Check.DESTINATION, what, says, advice, name)
    return good(Check.DESTINATION, what, "reports everything to our topic", name)


def _users(expected: Expected, seen: DomainSight) -> Iterator[Finding]:
    if not seen.users:
        yield doubtful(
            Check.IAM_USER,
            f"IAM user of {seen.domain}",
            "none is registered: nobody can be stopped by IAM",
            f"`sesauditd adopt {seen.domain} ... --iam-user NAME` registers the one it sends by.",
            seen.domain,
        )
    for user in seen.users:
        yield from _user(expected, seen, user)


def _user(expected: Expected, seen: DomainSight, user: UserSight) -> Iterator[Finding]:
    what, name = f"IAM user {user.name}", seen.domain
    if isinstance(user.user, Untold):
        yield untold(Check.IAM_USER, what, user.user, name)
    elif user.user is None:
        advice = f"`sesauditd onboard {name}` makes it."
        yield wrong(Check.IAM_USER, what, "does not exist", advice, name)
        return
    elif user.user.get("boundary") != expected.boundary_arn:
        says = "is not bounded by ours, so the daemon may not stop it"
        # Taking over what was made here would make it somebody's own, which offboarding leaves.
        is_made_here = user.name == user_name(name) and user.user.get("path") == expected.path
        command = f"onboard {name}" if is_made_here else f"adopt {name} --take-over"
        advice = f"`sesauditd {command}` bounds it."
        yield doubtful(Check.IAM_USER, what, says, advice, name)
    else:
        yield good(Check.IAM_USER, what, "exists inside the boundary", name)
    yield _policy(expected, seen, user)
    yield _keys(seen, user)


def _policy(expected: Expected, seen: DomainSight, user: UserSight) -> Finding:
    """Return whether the user may send: SES asks for identity and set (ses-facts 5)."""
    what, name = f"policies of {user.name}", seen.domain
    if isinstance(user.policies, Untold):
        return untold(Check.IAM_POLICY, what, user.policies, name)
    needed = {f"identity {name}": f"{expected.identity_arn_start}{name}"}
    if seen.set_name:
        needed[f"configuration set {seen.set_name}"] = f"{expected.set_arn_start}{seen.set_name}"
    asked = {label: _may_send(arn, name) for label, arn in needed.items()}
    refused = [label for label, one in asked.items() if not allowing.allows(user.policies, one)]
    if refused:
        says = f"do not allow {SEND} on {' and '.join(refused)}: SES asks for both"
        advice = f"`sesauditd onboard {name}` repairs it."
        return wrong(Check.IAM_POLICY, what, says, advice, name)
    denied = [label for label, one in asked.items() if allowing.denies(user.policies, one)]
    if denied and seen.stopped:
        says = f"deny {SEND} on {' and '.join(denied)}: the domain is stopped"
        advice = f"`sesauditd reinstate {name}` lets it send."
        return doubtful(Check.IAM_POLICY, what, says, advice, name)
    if denied:
        says = f"deny {SEND} on {' and '.join(denied)}, and sesauditd did not stop the domain"
        return wrong(Check.IAM_POLICY, what, says, "Look which policy does, in IAM.", name)
    return good(Check.IAM_POLICY, what, "allow its identity and its set", name)


def _may_send(arn: str, name: str) -> Question:
    context = {"ses:fromaddress": f"wordpress@{name}"}
    return Question(action=SEND, resource=arn, context=context)


def _keys(seen: DomainSight, user: UserSight) -> Finding:
    what, name = f"access keys of {user.name}", seen.domain
    if isinstance(user.keys, Untold):
        return untold(Check.KEYS, what, user.keys, name)
    if not user.keys:
        advice = f"`sesauditd onboard {name}` makes one, and shows it once."
        return wrong(Check.KEYS, what, "there is none", advice, name)
    active = [key for key, works in user.keys.items() if works]
    if active:
        return good(Check.KEYS, what, f"active: {', '.join(active)}", name)
    says = f"none is active: {', '.join(user.keys)}"
    if seen.stopped:
        advice = f"`sesauditd domains` says how it was stopped, `sesauditd report {name}` why."
        return doubtful(Check.KEYS, what, f"{says}; the domain is stopped", advice, name)
    commands = " or ".join(activated(user.name, one) for one in user.keys)
    advice = f"Find out who made it so; {commands} lets its sites log in again."
    return wrong(Check.KEYS, what, says, advice, name)
