"""What every acceptance test starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.cli import Cli, program

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Return the program over an empty database, at the Monday after the judged week."""
    return program(tmp_path)
