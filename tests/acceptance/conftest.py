"""What every acceptance test starts from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli import Cli, program


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Return the program over an empty database, at the Monday after the judged week."""
    return program(tmp_path)
