"""What public DNS answers: the hosted zones that are delegated to, and a world beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sesauditd.model.dns_text import ancestors, is_under, plain_name

LONGEST_CHAIN = 8
"""Aliases that are followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicZone:
    """A hosted zone; names are plain, values as Route 53 writes them."""

    name: str
    servers: tuple[str, ...]
    records: Mapping[tuple[str, str], tuple[str, ...]]


@dataclass(slots=True, kw_only=True)
class World:
    """What is not in Route 53: other people's zones, and what registrars say.

    `delegations`: servers by the name of a zone, in place of those that would be asked; none means
    servers that know nothing of it. `records`: values by name and type, in zones that no hosted
    zone holds.
    """

    delegations: dict[str, tuple[str, ...]] = field(default_factory=dict)
    records: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An answer: `values` of the asked type, and the aliases that led there."""

    exists: bool
    values: tuple[str, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    """Each name and what it stands for, in order."""
    owner: str = ""
    """Where the values are: the last of the chain."""
    fails: bool = False
    """True if nobody answers for the name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """Who answers for a name."""

    top: str
    servers: tuple[str, ...]
    records: Mapping[tuple[str, str], tuple[str, ...]]
    is_ours: bool


def lookup(zones: Sequence[PublicZone], world: World, name: str, kind: str) -> Found:
    """Return what a resolver would answer; aliases are followed, except if they are asked for."""
    asked = plain_name(name)
    aliases: list[tuple[str, str]] = []
    for _ in range(LONGEST_CHAIN):
        source = _source(zones, world, asked)
        if source is None:
            return Found(exists=True, fails=True)
        values = _at(source, asked, kind)
        target = () if kind == "CNAME" or values else _at(source, asked, "CNAME")
        if not target:
            exists = bool(values or aliases) or _exists(source, asked)
            return Found(exists=exists, values=values, aliases=tuple(aliases), owner=asked)
        aliases.append((asked, plain_name(target[0])))
        asked = aliases[-1][1]
    return Found(exists=True, aliases=tuple(aliases), owner=asked)


def _source(zones: Sequence[PublicZone], world: World, name: str) -> _Source | None:
    """Go down from the top-level domain, from one delegation to the next; None if one is lame."""
    source = _Source(top="", servers=(), records=world.records, is_ours=False)
    for cut in reversed(ancestors(name)):
        if world.delegations.get(cut) == ():
            return None
        servers = world.delegations.get(cut) or _delegated(zones, source, cut)
        if not servers:
            continue
        asked = {plain_name(one) for one in servers}
        zone = next((one for one in zones if one.name == cut and asked & set(one.servers)), None)
        kept = world.records if zone is None else zone.records
        source = _Source(top=cut, servers=servers, records=kept, is_ours=zone is not None)
    return source


def _delegated(zones: Sequence[PublicZone], source: _Source, cut: str) -> tuple[str, ...]:
    """Return to whom a name is handed on: by NS records, or by a registrar to its first zone."""
    if source.is_ours:
        return source.records.get((cut, "NS"), ()) if cut != source.top else ()
    if source.top:
        return ()
    return next((one.servers for one in zones if one.name == cut), ())


def _at(source: _Source, name: str, kind: str) -> tuple[str, ...]:
    if kind == "NS" and name == source.top:
        return source.records.get((name, kind), source.servers)
    found = source.records.get((name, kind))
    if found is not None or _exists(source, name):
        return found or ()
    for one in ancestors(name)[1:]:
        # A wildcard answers for names that do not exist (RFC 4592 section 2.2).
        if _exists(source, f"*.{one}"):
            return source.records.get((f"*.{one}", kind), ())
        if _exists(source, one):
            break
    return ()


def _exists(source: _Source, name: str) -> bool:
    return name == source.top or any(is_under(one, name) for one, _ in source.records)
