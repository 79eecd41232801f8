"""Taking over a domain that sends already: its set, its identity and the user that it sends by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sesauditd.onboard.access import SendPolicy, User, policy_name, sending
from sesauditd.onboard.identity import Identity
from sesauditd.onboard.sets import ConfigurationSet, EventDestination

if TYPE_CHECKING:
    from sesauditd.onboard.engine import Resource, Stage
    from sesauditd.onboard.onboarding_stages import Adapters, Layout


def stages(layout: Layout, at: Adapters, domain: str, *, user: str | None) -> Sequence[Stage]:
    """Return what a domain needs that was set up by somebody else; its records stay as they are.

    The user comes first: with a default set on the identity, SES asks for rights on that set
    too, and a user whose policy names the identity alone would be refused (ses-facts 5).
    """
    allowing: Sequence[Stage] = (
        () if user is None else (lambda _facts: _user(layout, at, domain, user),)
    )
    return [*allowing, lambda _facts: _ses(layout, at, domain)]


def _user(layout: Layout, at: Adapters, domain: str, user: str) -> Sequence[Resource]:
    return [
        User(
            users=at.users,
            user=user,
            path=layout.account.path,
            boundary=layout.account.boundary_arn,
            ownership=layout.ownership,
        ),
        SendPolicy(
            policies=at.policies,
            user=user,
            policy=policy_name(layout.account.prefix),
            statements=sending(layout.account, domain),
        ),
    ]


def _ses(layout: Layout, at: Adapters, domain: str) -> Sequence[Resource]:
    set_name = layout.account.set_name(domain)
    return [
        ConfigurationSet(sets=at.sets, set_name=set_name, ownership=layout.ownership),
        EventDestination(
            destinations=at.destinations,
            set_name=set_name,
            destination=layout.account.prefix,
            topic_arn=layout.topic_arn,
        ),
        Identity(
            identities=at.identities,
            domain=domain,
            set_name=set_name,
            ownership=layout.ownership,
        ),
    ]
