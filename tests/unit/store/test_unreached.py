"""A first contact that is taken back can make guesses of bounces that were none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support import feedback as ses
from tests.support.running import running

if TYPE_CHECKING:
    from pathlib import Path

GUESSES = [ses.bounce(f"guess{number}@acme.example", ses.at(4, 10, number)) for number in range(25)]
CONTACT = ses.delivery("info@acme.example", ses.at(0), message="first")
TAKEN_BACK = ses.bounce("info@acme.example", ses.at(9), message="first")


async def rules_after(folder: Path, *batches: list[ses.Event]) -> set[str]:
    """Return the rules that stand after batches, but for the blocks."""
    async with running(folder) as program:
        await program.adopt()
        for batch in batches:
            await program.feed(batch, proposed=True)
        documents = await program.application.verdict_documents()
        standing = [str(one["rule"]) for one in documents if one["state"] != "withdrawn"]
        return {rule for rule in standing if not rule.endswith(".block")}


async def test_guesses_at_a_known_receiver_are_none(tmp_path: Path) -> None:
    assert await rules_after(tmp_path, [CONTACT], GUESSES) == set()


async def test_they_are_guesses_once_the_only_contact_has_bounced(tmp_path: Path) -> None:
    assert await rules_after(tmp_path / "late", [CONTACT], GUESSES, [TAKEN_BACK]) == {
        "guessing.disable"
    }
    assert await rules_after(tmp_path / "first", [CONTACT, TAKEN_BACK], GUESSES) == {
        "guessing.disable"
    }
