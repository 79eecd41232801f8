"""An installation with two weeks behind it, for whoever loses or damages a copy of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import lost as installation

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="package")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of an installation that lived for two weeks; nobody changes it."""
    folder = tmp_path_factory.mktemp("lived") / "p"
    installation.live(folder)
    return folder


@pytest.fixture
def lost(kept: Path, tmp_path: Path) -> Path:
    """Return a copy of it."""
    return installation.copied(kept, tmp_path / "p")
