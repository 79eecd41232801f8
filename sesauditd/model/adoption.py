"""A domain that somebody else set up: what of its feedback arrives, and what could stop it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedUser:
    """An IAM user that a domain is registered to send by."""

    name: str
    exists: bool = True
    is_ours: bool = False
    """It carries our tag."""
    is_in_reach: bool = False
    """It is under our path and inside our boundary, as the daemon's rights ask."""
    shared_with: tuple[str, ...] = ()
    """Other domains that are registered to send by it."""
    active_keys: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedDomain:
    """What was seen of one domain."""

    name: str
    owner: str | None = None
    has_identity: bool = False
    set_name: str | None = None
    """Its identity's default set."""
    set_shared_with: tuple[str, ...] = ()
    """Other registered domains whose default it is too."""
    told: tuple[str, ...] = ()
    """Event types that the set reports to our topic."""
    needed: tuple[str, ...] = ()
    users: Sequence[AdoptedUser] = field(default_factory=tuple)

    @property
    def own_users(self) -> Sequence[AdoptedUser]:
        """Return the users that this domain alone sends by."""
        return [one for one in self.users if one.exists and not one.shared_with]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that works or does not, and what to do."""

    what: str
    works: bool
    says: str
    advice: str = ""


def attribution(seen: AdoptedDomain) -> Sequence[Line]:
    """Return what its events need to arrive and to count for the right customer."""
    return [_register(seen), _identity(seen), _events(seen), _caller(seen)]


def levers(seen: AdoptedDomain) -> Sequence[Line]:
    """Return which of the ways to stop it would work (policy.md section 4)."""
    return [_set_off(seen), *_denies(seen)]


def is_complete(seen: AdoptedDomain) -> bool:
    """Return whether all of it is heard, and every way to stop it would work."""
    return all(one.works for one in (*attribution(seen), *levers(seen)))


def document(seen: AdoptedDomain) -> Mapping[str, object]:
    """Return all of it for a program."""
    return {
        "domain": seen.name,
        "customer": seen.owner,
        "attribution": [_row(one) for one in attribution(seen)],
        "levers": [_row(one) for one in levers(seen)],
    }


def _row(line: Line) -> Mapping[str, object]:
    return {"what": line.what, "works": line.works, "says": line.says, "advice": line.advice}


def _register(seen: AdoptedDomain) -> Line:
    if seen.owner is not None:
        return Line(what="register", works=True, says=f"it is customer {seen.owner}'s")
    advice = f"sesauditd adopt {seen.name} --customer CUSTOMER --contact ADDRESS"
    return Line(what="register", works=False, says="nobody's yet", advice=advice)


def _identity(seen: AdoptedDomain) -> Line:
    if seen.has_identity:
        return Line(what="identity", works=True, says="its events name it in sourceArn")
    return Line(
        what="identity",
        works=False,
        says="SES has none in this account and Region",
        advice=f"sesauditd onboard {seen.name} makes it",
    )


def _events(seen: AdoptedDomain) -> Line:
    missing = sorted(set(seen.needed) - set(seen.told))
    if seen.set_name is None:
        says = "no default configuration set: no event is told of mail that names none"
    elif not seen.told:
        says = f"{seen.set_name} reports nothing to our topic"
    elif missing:
        says = f"{seen.set_name} does not report {', '.join(missing)}"
    else:
        return Line(what="events", works=True, says=f"{seen.set_name} reports all of them")
    return Line(what="events", works=False, says=says, advice=_take_over(seen))


def _caller(seen: AdoptedDomain) -> Line:
    what = "caller"
    own = [one.name for one in seen.own_users]
    if own:
        return Line(what=what, works=True, says=f"{', '.join(own)} sends for it alone")
    shared = [one for one in seen.users if one.shared_with]
    if shared:
        others = ", ".join(shared[0].shared_with)
        says = f"{shared[0].name} sends for {others} too: it identifies nobody"
        return Line(what=what, works=False, says=says, advice="sesauditd credentials split")
    says = "no IAM user is registered: events are told apart by their identity alone"
    advice = f"sesauditd adopt {seen.name} ... --iam-user NAME"
    return Line(what=what, works=False, says=says, advice=advice)


def _set_off(seen: AdoptedDomain) -> Line:
    what = "switch its set off"
    if seen.set_name is None:
        says = "it has no default set"
    elif seen.set_shared_with:
        says = f"{seen.set_name} carries {', '.join(seen.set_shared_with)} too: it is left alone"
    else:
        return Line(what=what, works=True, says=f"{seen.set_name} is its own")
    return Line(what=what, works=False, says=says, advice=_take_over(seen))


def _denies(seen: AdoptedDomain) -> Iterator[Line]:
    what = "deny its IAM user"
    if not seen.users:
        yield Line(what=what, works=False, says="none is registered")
    for one in seen.users:
        if not one.exists:
            yield Line(what=what, works=False, says=f"{one.name} does not exist")
        elif one.shared_with:
            says = f"{one.name} is shared, so it is left alone"
            yield Line(what=what, works=False, says=says, advice="sesauditd credentials split")
        elif not one.is_in_reach:
            says = f"{one.name} is not under our path and boundary: outside the daemon's rights"
            yield Line(what=what, works=False, says=says, advice=_take_over(seen))
        else:
            keys = "one active key" if one.active_keys == 1 else f"{one.active_keys} active keys"
            says = f"{one.name}, with {keys}: block, disable, terminate"
            yield Line(what=what, works=True, says=says)


def _take_over(seen: AdoptedDomain) -> str:
    return f"sesauditd adopt {seen.name} --take-over"
