"""What is wanted of a domain, and what speaks against it before anything is made; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sesauditd.model.newcomer import Asked
from sesauditd.model.plan import Conflict
from sesauditd.onboard.access import user_name
from sesauditd.onboard.zones import Elsewhere

if TYPE_CHECKING:
    from sesauditd.model.newcomer import Newcomer
    from sesauditd.onboard.onboarding_outcomes import Wish
    from sesauditd.onboard.onboarding_stages import Layout
    from sesauditd.onboard.zones import ZoneChoice


def wanted(wish: Wish, newcomer: Newcomer, layout: Layout) -> Asked:
    """Return what is kept of a wish: its own words, and those of one that is to be gone on with."""
    tenant = layout.account.tenant_name(wish.customer) if wish.tenant else None
    begun = newcomer.asked if newcomer.is_wanted else None
    taking = wish.take_over or layout.ownership.take_over
    return Asked(
        customer=wish.customer,
        contact=wish.contact,
        tenant=tenant if newcomer.tenancy is None else newcomer.tenancy.tenant,
        take_over=taking or (begun is not None and begun.take_over),
        by_hand=_by_hand(wish, newcomer),
    )


def refusals(wish: Wish, newcomer: Newcomer) -> tuple[Conflict, ...]:
    """Return what the register has against it, before anything is asked of AWS."""
    found = []
    begun = newcomer.asked if newcomer.is_wanted and newcomer.owner is None else None
    if newcomer.owner not in {None, wish.customer}:
        found.append(
            Conflict(
                resource=f"domain {wish.domain}",
                found=f"a domain of customer {newcomer.owner}",
                wanted=f"a domain of customer {wish.customer}",
                advice="Name its own customer, or take it from that one by `sesauditd offboard`.",
            )
        )
    if begun is not None and begun.customer != wish.customer:
        found.append(
            Conflict(
                resource=f"domain {wish.domain}",
                found=f"an onboarding that was begun for customer {begun.customer}",
                wanted=f"a domain of customer {wish.customer}",
                advice=f"`sesauditd onboard {wish.domain}` goes on with what was begun, and "
                f"`sesauditd offboard {wish.domain}` takes it back.",
            )
        )
    if newcomer.terminated:
        found.append(
            Conflict(
                resource=f"customer {wish.customer}",
                found="access that was ended",
                wanted="a customer who may send",
                advice=f"`sesauditd restore {wish.customer}` takes the termination back.",
            )
        )
    return tuple(found)


def above(domain: str, label: str) -> str | None:
    """Return the domain whose MAIL FROM name this one is, None if it is nobody's."""
    rest = domain.removeprefix(f"{label}.")
    return None if rest == domain else rest


def crowded(
    domain: str, label: str, *, below: Newcomer, upper: Newcomer | None
) -> tuple[Conflict, ...]:
    """Return whether a sender and the MAIL FROM name of another would be one name.

    A MAIL FROM name cannot receive mail, so nobody could answer its sender: SES API 2,
    PutEmailIdentityMailFromAttributes. `below` has the domain's own such name, `upper` is above it.
    """
    advice = "Choose another subdomain to send from, or another [onboarding] mail_from."
    found = []
    # What was adopted may have another MAIL FROM name; what was offboarded has no user any more.
    if upper is not None and upper.iam_users and upper.asked is not None:
        found.append(f"the MAIL FROM name of {above(domain, label)}")
    if below.iam_users:
        found.append(f"{label}.{domain}, a domain of customer {below.owner}")
    return tuple(
        Conflict(
            resource=f"domain {domain}",
            found=said,
            wanted="a name that sends, and another for its bounces",
            advice=advice,
        )
        for said in found
    )


def in_the_way(wish: Wish, choice: ZoneChoice, newcomer: Newcomer) -> Conflict | None:
    """Return why the records cannot go where they belong, before anything else is made."""
    match choice:
        case Conflict():
            return choice
        case Elsewhere(conflict=Conflict() as unasked):
            # Of a domain that was set up, the zone may have moved since: its records are shown.
            is_ours = user_name(wish.domain) in newcomer.iam_users
            return None if is_ours or _by_hand(wish, newcomer) else unasked
        case _:
            return None


def _by_hand(wish: Wish, newcomer: Newcomer) -> bool:
    before = newcomer.asked
    is_same = before is not None and before.customer == wish.customer
    return wish.by_hand or (is_same and before is not None and before.by_hand)
