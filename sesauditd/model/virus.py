"""Virus incidents of one customer: when they open, when they end, and what they bring."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sesauditd.model.addresses import domain_of
from sesauditd.model.calendar import iso
from sesauditd.model.history import shadow_end
from sesauditd.model.verdicts import Does, Rule, Verdict, Window

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sesauditd.model.history import Infection, VirusHistory
    from sesauditd.model.limits import Limits

EVIDENCE_SHOWN = 20
FED_FORM = "every infected message went only to the customer's own addresses, as from a form"
"""Why an operator must look at a termination first; a Reject of other mail ends that."""


@dataclass(slots=True, kw_only=True)
class Incident:
    """One outbreak: every Reject from its opening until its domains are reinstated."""

    number: int
    infections: list[Infection] = field(default_factory=list)

    @property
    def opened_at(self) -> datetime:
        """Return the time of the first Reject."""
        return self.infections[0].at

    @property
    def last_at(self) -> datetime:
        """Return the time of the newest Reject."""
        return self.infections[-1].at

    @property
    def domains(self) -> tuple[str, ...]:
        """Return the domains with a Reject in it, in the order of their first."""
        return tuple(dict.fromkeys(one.domain for one in self.infections))


def judge_virus(
    history: VirusHistory, limits: Limits, *, confirm: bool = False
) -> tuple[Verdict, ...]:
    """Return every disable and termination that the customer's Rejects justify.

    A termination that waits for the operator, as all do with `confirm`, leaves the disables
    of its incident standing; else it absorbs them.
    """
    found = incidents(history, limits)
    verdicts: list[Verdict] = []
    for incident in found:
        termination = _termination(history, incident, found, limits)
        if termination is not None:
            verdicts.append(termination)
        shadowed = _shadow_end(incident, history)
        went_on = shadowed is not None and incident.last_at > shadowed
        if termination is None or termination.waits or confirm or went_on:
            verdicts += _disables(history, incident, limits)
    return tuple(verdicts)


def incidents(history: VirusHistory, limits: Limits) -> list[Incident]:
    """Return the customer's incidents in order (policy.md section 2)."""
    found: list[Incident] = []
    for one in sorted(history.infections, key=lambda infection: (infection.at, infection.event)):
        if not found or _is_over(found[-1], one.at, history, limits):
            found.append(Incident(number=len(found) + 1))
        found[-1].infections.append(one)
    return found


def _is_over(incident: Incident, at: datetime, history: VirusHistory, limits: Limits) -> bool:
    ends = [_reinstated(incident, domain, history) for domain in incident.domains]
    explained = all(end is not None and end < at for end in ends)
    if history.decisions.in_shadow_at(incident.opened_at):
        shadowed = _shadow_end(incident, history)
        quiet = timedelta(days=limits.virus.disable.shadow_incident_days)
        stopped = shadowed is not None and incident.last_at > shadowed
        return at - incident.last_at > quiet or (stopped and explained)
    return explained


def _shadow_end(incident: Incident, history: VirusHistory) -> datetime | None:
    """Return when the shadow mode ended in which the incident opened, None if in none."""
    return shadow_end(history.decisions.shadows, incident.opened_at)


def _reinstated(incident: Incident, domain: str, history: VirusHistory) -> datetime | None:
    last = max(one.at for one in incident.infections if one.domain == domain)
    return history.decisions.next_after(domain, last)


def _disables(history: VirusHistory, incident: Incident, limits: Limits) -> Iterable[Verdict]:
    for domain in incident.domains:
        own = [one for one in incident.infections if one.domain == domain]
        yield _disable(history, incident, limits, own, "")
        shadowed = _shadow_end(incident, history)
        since = [one for one in own if shadowed is not None and one.at > shadowed]
        if since and len(since) < len(own):
            # What shadow mode saw stopped nothing, and the outbreak goes on.
            yield _disable(history, incident, limits, since, "-armed")


def _disable(
    history: VirusHistory, incident: Incident, limits: Limits, own: list[Infection], mark: str
) -> Verdict:
    domain = own[0].domain
    return Verdict(
        rule=Rule.VIRUS_DISABLE,
        lane=limits.virus.disable.lane,
        does=Does.DISABLE,
        customer=history.customer,
        domain=domain,
        incident=f"incident-{incident.number}-{domain}{mark}",
        window=Window(start=incident.opened_at, end=own[0].at),
        reason=f"Amazon found a virus in a message sent from {domain} "
        f"on {own[0].at:%Y-%m-%d %H:%M} UTC ({len(own)} rejected so far)",
        evidence=_evidence(incident, own),
    )


def _termination(
    history: VirusHistory, incident: Incident, found: list[Incident], limits: Limits
) -> Verdict | None:
    rule = limits.virus.terminate
    since = incident.opened_at - timedelta(days=rule.within_days)
    recent = [one for one in found[: incident.number] if one.opened_at >= since]
    if len(recent) < rule.incidents:
        return None
    first = incident.infections[0]
    return Verdict(
        rule=Rule.VIRUS_TERMINATE,
        lane=rule.lane,
        does=Does.TERMINATE,
        customer=history.customer,
        domain=first.domain,
        incident=f"incident-{incident.number}",
        window=Window(start=recent[0].opened_at, end=first.at),
        reason=f"{len(recent)} virus incidents within {rule.within_days} days: the first on "
        f"{recent[0].opened_at:%Y-%m-%d}, this one on {first.at:%Y-%m-%d %H:%M} UTC",
        evidence={
            **_evidence(incident, incident.infections),
            "incidents": [iso(one.opened_at) for one in recent],
        },
        waits=_fed_form(history, incident),
    )


def _fed_form(history: VirusHistory, incident: Incident) -> str | None:
    """Say why an operator must look first: mail only to the customer's own people.

    Somebody may have put the virus into a contact form, which the site then mailed home.
    """
    own = history.own_addresses
    recipients = {one for infection in incident.infections for one in infection.recipients}
    if recipients and all(one in own or domain_of(one) in own for one in recipients):
        return FED_FORM
    return None


def _evidence(incident: Incident, infections: list[Infection]) -> dict[str, object]:
    return {
        "incident": incident.number,
        "rejects": len(infections),
        "newest_at": iso(infections[-1].at),
        "domains": list(incident.domains),
        "strikes": [one.as_evidence() for one in infections[:EVIDENCE_SHOWN]],
    }
