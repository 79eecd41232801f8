"""Taking over a domain that sends already: its set, its identity and the user that it sends by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sesauditd.onboard.onboarding_stages import access, identity_and_set, tenancy

if TYPE_CHECKING:
    from sesauditd.onboard.engine import Stage
    from sesauditd.onboard.onboarding_stages import Adapters, Layout


def stages(
    layout: Layout, at: Adapters, domain: str, *, user: str | None, tenant: str | None = None
) -> Sequence[Stage]:
    """Return what a domain needs that was set up by somebody else; its records stay as they are.

    The user comes first: with a default set on the identity, SES asks for rights on that set
    too, and a user whose policy names the identity alone would be refused (ses-facts 5).
    """
    allowing: Sequence[Stage] = (
        () if user is None else (lambda _facts: access(layout, at, domain, user),)
    )
    return [
        *allowing,
        lambda _facts: identity_and_set(layout, at, domain),
        *tenancy(layout, at, domain, tenant),
    ]
