"""What the store must hold, computed from the set of readings alone, without a database."""

from __future__ import annotations

from collections import defaultdict
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sesauditd.model.addresses import domain_of
from sesauditd.model.calendar import hour_of
from sesauditd.model.classify import could_be_auto_reply
from sesauditd.model.events import STRIKING, Event, Flag, Outcome, Suffered
from sesauditd.model.statistics import sketch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sesauditd.model.events import Reading
    from sesauditd.model.register import Register

Row = dict[str, Any]
Judged = list[tuple[Event, Suffered, Outcome]]
"""Every event and recipient, with the outcome that all events of the message lead to."""


def expected(
    readings: Iterable[Reading], register: Register, no_feedback: frozenset[str]
) -> dict[str, list[Row]]:
    """Return the rows of every table that follows from readings, sorted by their keys."""
    events = {one.event.feedback.key: one.event for one in readings if one.event is not None}
    judged = _judged(events)
    owners = {key: register.attribute(event.feedback) for key, event in events.items()}
    owned = [(event, one, outcome) for event, one, outcome in judged if owners[event.feedback.key]]
    struck = [_strike(*each, register) for each in owned if each[2] in STRIKING]
    tables = {
        "events": [_event(event, register) for event in events.values()],
        "event_recipients": [_recipient(*each) for each in judged],
        "strikes": struck,
        "rollups": _rollups(owned, register, no_feedback),
        "deliveries": _deliveries(owned, struck, register),
        "reached": _reached(owned, struck, register),
    }
    keys = {
        "events": ("key",),
        "event_recipients": ("event", "recipient"),
        "strikes": ("event", "recipient"),
        "rollups": ("domain", "hour", "outcome", "feeds_back"),
        "deliveries": ("customer", "recipient", "at"),
        "reached": ("domain", "receiving_domain"),
    }
    return {
        name: sorted(found, key=itemgetter(*keys[name], keys[name][0]))
        for name, found in tables.items()
    }


def _judged(events: Mapping[bytes, Event]) -> Judged:
    delivered = {
        (event.feedback.message_id, one.recipient)
        for event in events.values()
        for one in event.suffered
        if one.outcome is Outcome.DELIVERED
    }
    judged = []
    for event in events.values():
        for one in event.suffered:
            copy = (event.feedback.message_id, one.recipient)
            is_answer = could_be_auto_reply(event.feedback, one.outcome) and copy in delivered
            judged.append((event, one, Outcome.AUTO_REPLY if is_answer else one.outcome))
    return judged


def _event(event: Event, register: Register) -> Row:
    feedback = event.feedback
    found = register.attribute(feedback)
    flags = set(event.flags)
    if found is None:
        flags.add(Flag.UNATTRIBUTED)
    elif found.foreign_caller:
        flags.add(Flag.FOREIGN_CALLER)
    return {
        "key": feedback.key,
        "kind": feedback.kind,
        "message_id": feedback.message_id,
        "at": event.at,
        "domain": found.domain if found else None,
        "source": feedback.source,
        "identity": feedback.identity,
        "caller": feedback.caller,
        "configuration_set": feedback.configuration_set,
        "type": feedback.type,
        "subtype": feedback.subtype,
        "detail": feedback.complaint_type or feedback.reason,
        "flags": " ".join(sorted(flags)),
    }


def _recipient(event: Event, one: Suffered, outcome: Outcome) -> Row:
    return {
        "event": event.feedback.key,
        "recipient": one.recipient,
        "spelling": None if one.spelling == one.recipient else one.spelling,
        "outcome": str(outcome),
        "blockable": one.blockable,
        "counted_as": None if one.counted_as == one.recipient else one.counted_as,
        "status": one.status,
        "diagnostic": one.diagnostic,
    }


def _strike(event: Event, one: Suffered, outcome: Outcome, register: Register) -> Row:
    found = register.attribute(event.feedback)
    assert found is not None
    return {
        "event": event.feedback.key,
        "recipient": one.recipient,
        "customer": found.customer,
        "domain": found.domain,
        "at": event.at,
        "outcome": str(outcome),
        "message_id": event.feedback.message_id,
        "subtype": event.feedback.subtype,
        "status": one.status,
        "diagnostic": one.diagnostic,
        "spelling": one.spelling,
        "blockable": one.blockable,
        "counted_as": one.counted_as,
    }


def _rollups(owned: Judged, register: Register, no_feedback: frozenset[str]) -> list[Row]:
    found: dict[tuple[str, int, str, bool], list[str]] = defaultdict(list)
    counts: dict[tuple[str, int, str, bool], int] = defaultdict(int)
    complainers = set()
    for event, one, outcome in sorted(owned, key=lambda each: each[1].recipient):
        feeds_back = domain_of(one.recipient) not in no_feedback
        key = (_domain(event, register), hour_of(event.at), str(outcome), feeds_back)
        found[key].append(one.recipient)
        complainer = (event.feedback.key, one.counted_as)
        if outcome is Outcome.COMPLAINT and complainer in complainers:
            continue
        complainers.add(complainer)
        counts[key] += 1
    return [
        {
            "domain": key[0],
            "hour": key[1],
            "outcome": key[2],
            "feeds_back": key[3],
            "count": counts[key],
            "sketch": sketch(recipients),
        }
        for key, recipients in found.items()
    ]


def _deliveries(owned: Judged, struck: list[Row], register: Register) -> list[Row]:
    first_soft: dict[tuple[str, str], Any] = {}
    for row in struck:
        if row["outcome"] == Outcome.SOFT_BOUNCE:
            pair = (row["customer"], row["recipient"])
            first_soft[pair] = min(row["at"], first_soft.get(pair, row["at"]))
    found = set()
    for event, one, outcome in owned:
        customer = register.owners[_domain(event, register)]
        first = first_soft.get((customer, one.recipient))
        if outcome is Outcome.DELIVERED and first is not None and event.at >= first:
            found.add((customer, one.recipient, event.at))
    return [
        {"customer": customer, "recipient": recipient, "at": at}
        for customer, recipient, at in found
    ]


def _reached(owned: Judged, struck: list[Row], register: Register) -> list[Row]:
    failed = {
        (row["domain"], row["message_id"], row["recipient"])
        for row in struck
        if row["outcome"] == Outcome.HARD_BOUNCE
    }
    firsts: dict[tuple[str, str], tuple[Any, str, str]] = {}
    for event, one, outcome in owned:
        domain, message = _domain(event, register), event.feedback.message_id
        if outcome is Outcome.DELIVERED and (domain, message, one.recipient) not in failed:
            place = (domain, domain_of(one.recipient))
            here = (event.at, message, one.recipient)
            firsts[place] = min(here, firsts.get(place, here))
    return [
        {
            "domain": domain,
            "receiving_domain": receiving_domain,
            "first_at": at,
            "message_id": message,
            "recipient": recipient,
        }
        for (domain, receiving_domain), (at, message, recipient) in firsts.items()
    ]


def _domain(event: Event, register: Register) -> str:
    found = register.attribute(event.feedback)
    assert found is not None
    return found.domain
