"""What the operator of the sandbox decides in AWS's place: the account's standing, switches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace

from sesauditd.errors import Refused
from sesauditd.sandbox.ses.state import Ses, Switches, canonical
from sesauditd.sandbox.ses.values import Account, Check, Enforcement, Reputation

BESIDE = frozenset({"switches", "confirm", "reputation"})
"""What is steered beside the members of the account."""


def steer(ses: Ses, wanted: Mapping[str, object]) -> None:
    """Change the account, its switches or the verification of addresses; all or nothing.

    `wanted` holds members of the account (`production`, `sending_enabled`, `enforcement`,
    `max_24_hours`, `max_rate`), `switches` as a mapping of names to true or false, `confirm`, a
    list of addresses whose verification mail counts as answered, and `reputation`, which
    CloudWatch is told in place of what was counted: `bounce_rate` and `complaint_rate` as
    fractions of 1, `published`; an empty one is honest again.

    Raises:
        Refused: an unknown name, or a value that cannot be.
    """
    switches, addresses = wanted.get("switches", {}), wanted.get("confirm", [])
    members = {key: one for key, one in wanted.items() if key not in BESIDE}
    with ses.lock:
        account = _account(ses.account, members)
        reputation = _reputation(ses.reputation, wanted.get("reputation"))
        turned = _switches(switches)
        confirmed = _confirmed(ses, addresses)
        ses.account, ses.reputation = account, reputation
        for name, value in turned.items():
            setattr(ses.switches, name, value)
        for name in confirmed:
            ses.identities[name] = replace(ses.identities[name], verification=Check.SUCCESS)


def _account(account: Account, members: Mapping[str, object]) -> Account:
    for name, value in members.items():
        match name, value:
            case "enforcement", str() if value in set(Enforcement):
                account = replace(account, enforcement=Enforcement(value))
            case "production", bool():
                account = replace(account, production=value)
            case "sending_enabled", bool():
                account = replace(account, sending_enabled=value)
            case "max_24_hours" | "max_rate", int() | float() if not isinstance(value, bool):
                account = _limited(account, name, float(value))
            case _:
                raise Refused(f"the sandbox's account cannot have {name} = {value!r}")
    return account


def _limited(account: Account, name: str, value: float) -> Account:
    if name == "max_rate":
        return replace(account, max_rate=value)
    return replace(account, max_24_hours=value)


def _reputation(now: Reputation, wanted: object) -> Reputation:
    if wanted is None:
        return now
    told = Reputation()
    for name, value in (wanted if isinstance(wanted, Mapping) else {"": wanted}).items():
        match name, value:
            case "bounce_rate", float() | int() if _is_share(value):
                told = replace(told, bounce_rate=float(value))
            case "complaint_rate", float() | int() if _is_share(value):
                told = replace(told, complaint_rate=float(value))
            case "published", bool():
                told = replace(told, published=value)
            case _:
                raise Refused(f"the sandbox's reputation cannot have {name} = {value!r}")
    return told


def _is_share(value: float) -> bool:
    return not isinstance(value, bool) and 0 <= value <= 1


def _switches(wanted: object) -> Mapping[str, bool]:
    known = {each.name for each in fields(Switches)}
    turned: dict[str, bool] = {}
    for name, value in (wanted if isinstance(wanted, Mapping) else {"": wanted}).items():
        if name not in known or not isinstance(value, bool):
            raise Refused(f"the sandbox has no switch {name!r} to turn to {value!r}")
        turned[name] = value
    return turned


def _confirmed(ses: Ses, addresses: object) -> list[str]:
    named = addresses if isinstance(addresses, list) else [addresses]
    names = [canonical(str(one)) for one in named]
    unknown = [one for one in names if one not in ses.identities or "@" not in one]
    if unknown:
        raise Refused(f"the sandbox knows no such address: {', '.join(unknown)}")
    return names
