"""A daemon looks whether its database is older than its archive, as far as it may look."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
from structlog.testing import capture_logs

from sesauditd.aws.shelf import Item, Shelf
from sesauditd.bootstrap.older import check_not_older, last_in
from sesauditd.errors import Forbidden, Missing, Refused, Unavailable
from tests.support.running import running

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sesauditd.aws.clients import Clients

SHA256 = "0" * 64
PLACE = "sesauditd/journal/"


class Bucket:
    """Stands for the service of which only the list is asked."""

    s3 = None


CLIENTS = cast("Clients", Bucket())


def listing(patch: pytest.MonkeyPatch, answer: Sequence[Item] | Exception) -> list[str]:
    """Let the list of the journal be this; return the places from which it was asked."""
    asked: list[str] = []

    async def items(_shelf: Shelf, prefix: str, since: str = "") -> Sequence[Item]:
        assert prefix == PLACE
        asked.append(since)
        if isinstance(answer, Exception):
            raise answer
        return answer

    patch.setattr(Shelf, "items", items)
    return asked


def kept(first: int, last: int, day: str = "2026-11-16") -> Item:
    return Item(key=f"{PLACE}dt={day}/{first}-{last}-{SHA256}.jsonl", size=1)


def test_the_last_number_is_that_of_the_objects_names_and_of_nothing_else() -> None:
    strange = [Item(key=f"{PLACE}dt=2026-11-16/{name}", size=1) for name in ("1-99.jsonl", "x")]
    assert last_in([kept(1, 7), kept(8, 12), kept(8, 10), *strange]) == 12
    assert last_in([]) == 0


async def test_an_archive_that_goes_further_is_refused_and_an_equal_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as program:
        await program.adopt("a.example", "k")
        listing(monkeypatch, [kept(1, 1), kept(2, 3)])
        await check_not_older(program.application, CLIENTS)
        asked = listing(monkeypatch, [kept(1, 1), kept(2, 9)])
        with pytest.raises(Refused, match=r"row 3 of the journal here, 9 in s3://.*db rebuild"):
            await check_not_older(program.application, CLIENTS)
    assert asked == [f"{PLACE}dt={program.now[0]:%Y-%m-%d}"], "only the days since are listed"


async def test_what_cannot_be_listed_is_waited_for_or_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as program:
        for error in (Forbidden("not allowed"), Missing("no bucket")):
            listing(monkeypatch, error)
            with capture_logs() as lines:
                await check_not_older(program.application, CLIENTS)
            assert [one["event"] for one in lines] == ["journal_not_compared"]
        listing(monkeypatch, Unavailable("away"))
        with pytest.raises(Unavailable):
            await check_not_older(program.application, CLIENTS)
