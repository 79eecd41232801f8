"""A key is made last and once; what nobody knows is deleted, what is somebody's never is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import pytest

from sesauditd.errors import Failed, Forbidden, Missing, Uncertain
from sesauditd.model.access_keys import Full, KeyNote, Known, Needed, judged
from sesauditd.onboard.access_keys import KeyMaker, NewKey

DOMAIN, USER = "bakery.example", "bakery.example"


@dataclass(frozen=True)
class Key:
    id: str
    secret: str = ""


class PowerCutError(Exception):
    """Nothing after it happens, as when the process dies."""


@dataclass
class Iam:
    """Keeps at most two keys, shows a new one `late` looks later, and may lose an answer."""

    present: list[str] = field(default_factory=list)
    lost_answers: int = 0
    late: int = 0
    made: int = 0
    most: int = 0
    deleted: list[str] = field(default_factory=list)
    hidden: dict[str, int] = field(default_factory=dict)
    has_user: bool = True

    async def keys(self, user: str) -> list[Key]:
        if not self.has_user:
            raise Missing("no such user")
        shown = [Key(one) for one in self.present if self.hidden.get(one, 0) <= 0]
        self.hidden = {one: left - 1 for one, left in self.hidden.items()}
        return shown

    async def create_key(self, user: str) -> Key:
        if len(self.present) >= 2:
            raise Forbidden("LimitExceeded")
        self.made += 1
        name = f"AKIA{self.made}"
        self.present.append(name)
        self.most = max(self.most, len(self.present))
        self.hidden[name] = self.late
        if self.lost_answers:
            self.lost_answers -= 1
            raise Uncertain("the answer was lost")
        return Key(name, f"secret of {name}")

    async def delete_key(self, user: str, key_id: str) -> None:
        self.deleted.append(key_id)
        if key_id in self.present:
            self.present.remove(key_id)


@dataclass
class Notes:
    """Keeps notes, and dies before or after the n-th of them is written."""

    kept: dict[str, KeyNote] = field(default_factory=dict)
    dies_at: str = ""

    async def note(self, domain: str) -> KeyNote | None:
        return self.kept.get(domain)

    async def begin(self, domain: str, before: Collection[str]) -> None:
        self._keep("begin", domain, KeyNote(before=tuple(before)))

    async def made(self, domain: str, key: str) -> None:
        self._keep("made", domain, replace(self.kept[domain], key=key))

    async def shown(self, domain: str, key: str) -> None:
        self._keep("shown", domain, replace(self.kept[domain], key=key, shown=True))

    def _keep(self, what: str, domain: str, note: KeyNote) -> None:
        if self.dies_at == f"before {what}":
            raise PowerCutError
        self.kept[domain] = note
        if self.dies_at == f"after {what}":
            raise PowerCutError


def maker(iam: Iam, notes: Notes) -> KeyMaker:
    return KeyMaker(keys=iam, notes=notes, patience_seconds=(0.0, 0.0, 0.0))


def noted(*before: str, key: str | None = None, shown: bool = False) -> KeyNote:
    return KeyNote(before=before, key=key, shown=shown)


@pytest.mark.parametrize(
    ("note", "present", "state"),
    [
        pytest.param(None, [], Needed(), id="a new user"),
        pytest.param(None, ["a"], Needed(), id="one of somebody's"),
        pytest.param(None, ["a", "b"], Full(present=("a", "b")), id="two of somebody's"),
        pytest.param(noted(key="a", shown=True), ["a"], Known(key="a"), id="shown"),
        pytest.param(noted(key="a", shown=True), ["a", "b"], Known(key="a"), id="shown, and one"),
        pytest.param(noted(key="a", shown=True), ["b"], Needed(), id="shown, deleted by hand"),
        pytest.param(noted(), ["a"], Needed(orphans=("a",)), id="died with a key made"),
        pytest.param(noted("a"), ["a"], Needed(), id="died before a key was made"),
        pytest.param(noted("a"), ["a", "b"], Needed(orphans=("b",)), id="died, another's beside"),
        pytest.param(noted(key="a"), ["a"], Needed(orphans=("a",)), id="made, never shown"),
        pytest.param(noted("a"), ["a", "b", "c"], Needed(orphans=("b", "c")), id="two lost"),
    ],
)
def test_what_is_to_be_done_follows_from_note_and_keys(
    note: KeyNote | None, present: list[str], state: object
) -> None:
    assert judged(note, present) == state


async def test_a_key_is_made_shown_and_then_known() -> None:
    iam, notes = Iam(), Notes()
    seen: list[NewKey] = []
    assert await maker(iam, notes).issue(DOMAIN, USER, seen.append) == "AKIA1"
    assert [key.secret for key in seen] == ["secret of AKIA1"]
    assert await maker(iam, notes).state(DOMAIN, USER) == Known(key="AKIA1")


async def test_a_user_that_does_not_exist_needs_a_key() -> None:
    assert await maker(Iam(has_user=False), Notes()).state(DOMAIN, USER) == Needed()


DEATHS = [f"{when} {what}" for what in ("begin", "made", "shown") for when in ("before", "after")]


@pytest.mark.parametrize("foreign", [[], ["HERS"]], ids=["alone", "beside another's"])
@pytest.mark.parametrize("death", DEATHS)
async def test_a_death_anywhere_leaves_one_key_that_is_known(
    death: str, foreign: list[str]
) -> None:
    iam, notes = Iam(present=list(foreign)), Notes(dies_at=death)
    seen: list[NewKey] = []
    with pytest.raises(PowerCutError):
        await maker(iam, notes).issue(DOMAIN, USER, seen.append)
    notes.dies_at = ""
    state = await maker(iam, notes).state(DOMAIN, USER)
    if not isinstance(state, Known):
        await maker(iam, notes).issue(DOMAIN, USER, seen.append)
    assert iam.present == [*foreign, seen[-1].id]
    assert iam.most <= 2
    assert "HERS" not in iam.deleted


async def test_a_death_while_showing_makes_another_and_deletes_the_first() -> None:
    iam, notes = Iam(), Notes()
    seen: list[NewKey] = []

    def torn(_key: NewKey) -> None:
        raise PowerCutError

    with pytest.raises(PowerCutError):
        await maker(iam, notes).issue(DOMAIN, USER, torn)
    await maker(iam, notes).issue(DOMAIN, USER, seen.append)
    assert iam.present == ["AKIA2"]
    assert [key.id for key in seen] == ["AKIA2"]


@pytest.mark.parametrize("late", [0, 1, 2])
@pytest.mark.parametrize("lost", [1, 2])
async def test_a_lost_answer_leaves_no_key_that_nobody_knows(lost: int, late: int) -> None:
    iam, notes = Iam(lost_answers=lost, late=late), Notes()
    seen: list[NewKey] = []
    await maker(iam, notes).issue(DOMAIN, USER, seen.append)
    assert iam.present == [seen[-1].id]
    assert iam.most <= 2


async def test_answers_that_are_all_lost_are_left_to_the_next_run() -> None:
    iam, notes = Iam(lost_answers=3), Notes()
    seen: list[NewKey] = []
    with pytest.raises(Uncertain):
        await maker(iam, notes).issue(DOMAIN, USER, seen.append)
    assert not seen
    await maker(iam, notes).issue(DOMAIN, USER, seen.append)
    assert iam.present == [seen[-1].id]


def never(_key: object) -> None:
    pytest.fail("a key was shown")


async def test_two_keys_of_somebody_else_leave_no_room() -> None:
    iam = Iam(present=["a", "b"])
    with pytest.raises(Failed, match="access keys full"):
        await maker(iam, Notes()).issue(DOMAIN, USER, never)
    assert (iam.made, iam.deleted) == (0, [])
