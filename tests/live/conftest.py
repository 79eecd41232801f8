"""A stage for each test: two customers with a domain each, and nothing that runs yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.daemons import stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.daemons import Stage

SHOP, CLUB = "shop.example", "club.example"


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with stage(tmp_path / "p", monkeypatch, {SHOP: "shop", CLUB: "club"}) as opened:
        yield opened
