"""Which local parts of addresses are spellings of one person's name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sesauditd.model.given_names import SHORT_FOR

SHORTEST_KEY = 3
"""Letters that a name has at least if an initial stands beside it without a separator."""
LEFT_OUT = frozenset({"von", "van", "der", "den", "de", "di", "da", "del", "la", "le", "du", "zu"})

_SEPARATORS = re.compile(r"[._\s]+")
_HYPHENS = re.compile(r"[-']+")
_DIGIT = re.compile(r"\d")
_NO_LETTERS = re.compile(r"[^a-z]+")
_DIGRAPH = re.compile(r"([aou])e")
_STROKES = str.maketrans({"ß": "ss", "ø": "o", "æ": "a", "œ": "o", "ł": "l", "đ": "d", "ð": "d"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Spellings:
    """One person and the ways in which the person's address was spelled."""

    person: str
    locals: tuple[str, ...]
    """Sorted local parts, each a different spelling."""


def spellings(local_parts: Iterable[str]) -> tuple[Spellings, ...]:
    """Return the persons that two or more of the local parts spell, most spellings first.

    Knows orders, initials, separators, hyphenated and several names, accents, and short names.
    Each local part is counted for one person only. Digits at the end are no other spelling:
    `john.smith2` is the second John Smith.
    """
    known = _one_each(local_parts)
    index = _index(known)
    candidates = {found: names for names, found in _candidates(known, index)}
    taken: set[str] = set()
    people = []
    ordered = sorted(candidates.items(), key=lambda one: (-len(one[0]), one[1], sorted(one[0])))
    for found, names in ordered:
        left = tuple(sorted(found - taken))
        if len(left) > 1:
            taken.update(left)
            people.append(Spellings(person=" ".join(names), locals=left))
    return tuple(sorted(people, key=lambda one: (-len(one.locals), one.person)))


@lru_cache(maxsize=65_536)
def plain(name: str) -> str:
    """Return a name without accents, in lower case."""
    if name.isascii():
        return name.lower()
    decomposed = unicodedata.normalize("NFKD", name.lower().translate(_STROKES))
    return "".join(one for one in decomposed if not unicodedata.combining(one))


def letters_of(local_part: str) -> str:
    """Return the local part as it is spelled, but for a tag, accents and digits at its end."""
    return plain(local_part.partition("+")[0]).rstrip("0123456789").rstrip("._-")


def key_of(name: str) -> str:
    """Return what a name is found by: `mueller` and `muller` are one, and so are short names."""
    same = _DIGRAPH.sub(r"\1", name) if "e" in name and len(name) > SHORTEST_KEY + 1 else name
    return SHORT_FOR.get(same, same)


def names_in(spelled: str) -> tuple[str, ...]:
    """Return the names in a local part, as the separators show them."""
    parts = _SEPARATORS.split(spelled)
    if len(parts) == 1:
        parts = _HYPHENS.split(spelled)
    found = [_NO_LETTERS.sub("", part) for part in parts]
    kept = tuple(one for one in found if one and one not in LEFT_OUT)
    return kept or tuple(one for one in found if one)


Index = dict[str, dict[str, list[str]]]
"""A name, then what stands beside it (a name, an initial, nothing), then the local parts."""


def _one_each(local_parts: Iterable[str]) -> dict[str, str]:
    """Return a local part for each spelling; nobody has digits within the name."""
    known: dict[str, str] = {}
    for local in sorted(set(local_parts), key=lambda one: (len(one), one)):
        spelled = letters_of(local)
        if spelled and not _DIGIT.search(spelled):
            known.setdefault(spelled, local)
    return known


def _index(known: dict[str, str]) -> Index:
    index: Index = {}
    for spelled, local in known.items():
        for name, beside in dict.fromkeys(_readings(names_in(spelled))):
            index.setdefault(key_of(name), {}).setdefault(key_of(beside), []).append(local)
    return index


def _readings(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each way to read a local part as a name and what stands beside it."""
    if len(names) == 1:
        whole = names[0]
        yield whole, ""
        for cut in (1, 2):
            if len(whole) - cut >= SHORTEST_KEY:
                yield whole[cut:], whole[:cut]
                yield whole[:-cut], whole[-cut:]
    elif names:
        first, last = names[0], names[-1]
        yield last, first
        yield first, last
        if len(names) > len((first, last)):
            yield "".join(names[1:]), first
            yield last, "".join(names[:-1])
            yield names[1], first


def _candidates(
    known: dict[str, str], index: Index
) -> Iterator[tuple[tuple[str, ...], frozenset[str]]]:
    """Yield persons, by two names or by a name and an initial, and what may spell them."""
    for names in sorted(_full_names(known, index)):
        found = _spelling(index, names)
        if len(found) > 1:
            yield names, found
    for name, beside in index.items():
        for initial, locals_found in beside.items():
            if len(initial) == 1 and len(locals_found) > 1:
                yield (initial, name), frozenset(locals_found)


def _full_names(known: dict[str, str], index: Index) -> set[tuple[str, str]]:
    """Return pairs of names that belong together, the parts of `johnsmith` if something says so."""
    pairs = set()
    for spelled, local in known.items():
        names = names_in(spelled)
        if len(names) == 1:
            for one, other in list(_joined(names[0], known, index)):
                index.setdefault(one, {}).setdefault(other, []).append(local)
                pairs.add(_in_order(one, other))
            continue
        for name, beside in _readings(names):
            if min(len(name), len(beside)) > 1:
                pairs.add(_in_order(key_of(name), key_of(beside)))
    return pairs


def _in_order(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one <= other else (other, one)


def _joined(whole: str, known: dict[str, str], index: Index) -> Iterator[tuple[str, str]]:
    for cut in range(2, len(whole) - 1):
        one, other = whole[:cut], whole[cut:]
        if (
            _stands_beside(index, one, other)
            or _stands_beside(index, other, one)
            or other + one in known
        ):
            yield key_of(one), key_of(other)


def _stands_beside(index: Index, name: str, other: str) -> bool:
    beside = index.get(key_of(name))
    return beside is not None and (key_of(other) in beside or other[0] in beside)


def _spelling(index: Index, names: tuple[str, str]) -> frozenset[str]:
    """Return the local parts that may spell a person; one name alone only beside other proof."""
    found: set[str] = set()
    alone: list[str] = []
    for name, other in (names, names[::-1]):
        beside = index.get(name, {})
        for key in (other, other[0], other[:2]):
            found.update(beside.get(key, ()))
        alone += beside.get("", ())
    return frozenset(found.union(alone) if len(found) > 1 else found)
