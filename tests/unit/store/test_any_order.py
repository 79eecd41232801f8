"""What is stored is a function of the set of readings: no order, repetition or cut changes it."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sesauditd.model.register import Register
from sesauditd.store import late, register
from sesauditd.store.engine import Database
from sesauditd.store.schema import upgrade
from tests.support.sweeps import examples
from tests.unit.store.expected import expected
from tests.unit.store.making import (
    NO_FEEDBACK,
    START,
    Message,
    adopt,
    adoption,
    contents,
    keep,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sesauditd.model.events import Reading

ADOPTIONS = (
    adoption("a.example", "k", "k-smtp"),
    adoption("b.example", "k"),
    adoption("c.example", "l", "l-smtp"),
)
"""Two customers, one with two domains; `u.example` stays unknown."""
PEOPLE = ("ann@x.example", "bob@x.example", "cy@gmail.com", "box@simulator.amazonses.com")
SENDERS = [
    ("a.example", None),
    ("b.example", None),
    ("u.example", None),
    ("c.example", "k-smtp"),
    ("a.example", "stranger"),
]


class Told(NamedTuple):
    """What SES tells about a message, in few words: what hypothesis draws and shows."""

    number: int
    """Of the message; it decides all else about it, as the id does with SES."""
    kind: str
    after: int
    """Seconds from the mail to the event."""
    people: tuple[int, ...]
    """Whom of the message's recipients it is about, by their places."""

    @property
    def message(self) -> Message:
        """Return the message."""
        domain, caller = SENDERS[self.number % len(SENDERS)]
        return Message(
            name=f"m{self.number}",
            to=PEOPLE[:1] if self.number % 2 else PEOPLE,
            domain=domain,
            caller=caller,
            at=START + timedelta(minutes=30 * (self.number // 2)),
        )

    @property
    def reading(self) -> Reading:
        """Return what the parser makes of it."""
        message, after = self.message, timedelta(seconds=self.after)
        people = tuple(dict.fromkeys(message.to[one % len(message.to)] for one in self.people))
        match self.kind:
            case "soft":
                return message.bounced_soft(*people, after=after)
            case "refused":
                return message.tells(
                    "Bounce", *people, after=after, type="Transient", subtype="ContentRejected"
                )
            case "hard":
                return message.bounced_hard(*people, after=after)
            case "abuse":
                return message.complained(*people, after=after)
            case kind:
                return message.tells(kind, *people, after=after)


TOLD = st.builds(
    Told,
    number=st.integers(0, 7),
    kind=st.sampled_from(["Delivery", "soft", "hard", "Send", "abuse", "refused"]),
    after=st.sampled_from([0, 2, 3, 3600, 7200]),
    people=st.lists(st.integers(0, 3), min_size=1, max_size=2, unique=True).map(tuple),
)


@st.composite
def batches(draw: st.DrawFn) -> list[list[Told]]:
    """Draw what is told in some order, some of it repeated, cut into batches."""
    once = draw(st.lists(TOLD, min_size=1, max_size=24))
    again = draw(st.lists(st.sampled_from(once), max_size=6))
    order = draw(st.permutations([*once, *again]))
    cuts = sorted(draw(st.lists(st.integers(0, len(order)), max_size=8)))
    edges = [0, *cuts, len(order)]
    return [order[start:end] for start, end in itertools.pairwise(edges)]


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    """Return an empty database file with the newest schema, to copy from."""

    async def make(path: Path) -> None:
        database = Database.open(f"sqlite:///{path}")
        await upgrade(database)
        await database.close()

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        asyncio.run(make(path))
        yield path


@pytest.fixture(scope="module", autouse=True)
def _small_pieces() -> Iterator[None]:
    """Let what comes late be attributed in many pieces."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(late, "BATCH", 3)
        yield


async def stored(template: Path, steps: Sequence[Sequence[Any]]) -> object:
    """Return what a new database holds after batches and adoptions, in that order."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database.open(f"sqlite:///{shutil.copy(template, folder)}")
        try:
            for step in steps:
                if step is ADOPTIONS:
                    await adopt(database, *ADOPTIONS)
                    await catch_up(database)
                else:
                    await keep(database, *(one.reading for one in step))
            return await contents(database)
        finally:
            await database.close()


async def catch_up(database: Database) -> None:
    """Attribute what came before somebody was registered for it."""
    async with database.write() as connection:
        owners = await register.snapshot(connection)
        await late.attribute_late(connection, owners, no_feedback=NO_FEEDBACK)


def wanted(parts: Sequence[Sequence[Told]]) -> object:
    """Return what must be stored of all batches together."""
    return expected([one.reading for part in parts for one in part], REGISTER, NO_FEEDBACK)


REGISTER = Register(
    owners={one.domain: one.customer for one in ADOPTIONS},
    callers={one.iam_user: ((one.customer, one.domain),) for one in ADOPTIONS if one.iam_user},
)
"""The register in which everybody is registered."""


@examples(40)
@given(parts=batches())
def test_what_is_stored_follows_from_the_set_of_readings(
    template: Path, parts: list[list[Told]]
) -> None:
    assert asyncio.run(stored(template, [ADOPTIONS, *parts])) == wanted(parts)


@pytest.mark.slow
@examples(40)
@given(parts=batches())
def test_adopting_late_equals_adopting_early(template: Path, parts: list[list[Told]]) -> None:
    assert asyncio.run(stored(template, [*parts, ADOPTIONS])) == wanted(parts)


@pytest.mark.slow
@examples(40)
@given(parts=batches(), place=st.integers(0, 8))
def test_adopting_in_between_equals_adopting_early(
    template: Path, parts: list[list[Told]], place: int
) -> None:
    steps = [*parts[:place], ADOPTIONS, *parts[place:]]
    assert asyncio.run(stored(template, steps)) == wanted(parts)
