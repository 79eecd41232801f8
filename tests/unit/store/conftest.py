"""A database of its own for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sesauditd.store.engine import Database
from sesauditd.store.schema import upgrade
from tests.support.databases import url_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """Return an empty database with the newest schema."""
    opened = Database.open(url_of(tmp_path / "test.db"))
    await upgrade(opened)
    yield opened
    await opened.close()
