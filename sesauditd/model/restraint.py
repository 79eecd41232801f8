"""What holds simulated stops back, and which mail they would have stopped already."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from sesauditd.model.actions import Weighty, within_blast_radius
from sesauditd.model.verdicts import Does

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from sesauditd.model.history import Decisions
    from sesauditd.model.limits import Lane
    from sesauditd.model.whatif import Hit

TOO_MANY = "more disables and terminations than one run may do on its own"
CONFIRMED = "terminations are confirmed by the operator"


def restrained(
    hits: Sequence[Hit],
    decided: Mapping[str, Decisions],
    cap: int,
    confirms: Callable[[str], bool],
) -> list[Hit]:
    """Return all hits of a policy in order of time, with what waits and what came too late.

    Every week is taken as judged when it was over. A stop counts once for the blast radius,
    until its domain is reinstated; what goes on under a stop that did not wait would not have
    been sent.
    """
    ordered = sorted(hits, key=lambda one: (one.at, -one.does.severity, one.key))
    confirmed = [
        replace(one, waits=CONFIRMED)
        if one.does is Does.TERMINATE and not one.waits and confirms(one.customer)
        else one
        for one in ordered
    ]
    fresh = [one for one in _followed(confirmed, decided) if one.stops and not one.stopped_since]
    held = _beyond(fresh, cap)
    waiting = [
        replace(one, waits=TOO_MANY) if one.key in held and not one.waits else one
        for one in confirmed
    ]
    return list(_followed(waiting, decided))


def _followed(ordered: Iterable[Hit], decided: Mapping[str, Decisions]) -> Iterable[Hit]:
    """Yield the hits, each with since when the mail that it is about was stopped."""
    stopped: dict[tuple[str, str], datetime] = {}
    for one in ordered:
        since = _since(one, stopped, decided[one.customer])
        yield replace(one, stopped_since=since)
        if one.stops and not one.waits and since is None:
            stopped[one.customer, "" if one.does is Does.TERMINATE else one.domain] = one.at


def _since(
    one: Hit, stopped: Mapping[tuple[str, str], datetime], decisions: Decisions
) -> datetime | None:
    """Return since when the hit's mail was stopped; a domain stopped does not end a customer."""
    whole = stopped.get((one.customer, ""))
    own = None if one.does is Does.TERMINATE else stopped.get((one.customer, one.domain))
    standing = [
        at
        for at in (whole, own)
        if at is not None and not _reinstated(decisions, one.domain, at, one.at)
    ]
    return min(standing, default=None)


def _reinstated(decisions: Decisions, domain: str, since: datetime, until: datetime) -> bool:
    after = decisions.next_after(domain, since)
    return after is not None and after <= until


def _beyond(stops: Iterable[Hit], cap: int) -> set[str]:
    """Return the keys of those that one run, or 24 hours of the fast lane, may not do alone."""
    lanes: dict[Lane, list[Weighty]] = defaultdict(list)
    for one in stops:
        if not one.waits:
            lanes[one.lane].append(Weighty(id=one.key, at=one.at, fixed=False))
    beyond: set[str] = set()
    for weighty in lanes.values():
        beyond |= {one.id for one in weighty} - within_blast_radius(weighty, cap)
    return beyond
