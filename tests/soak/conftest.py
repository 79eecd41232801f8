"""Soak tests take minutes and an emulator: they run where their folder is named (`make soak`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.soak.processes import ministack_program
from tests.soak.stand import stand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.soak.stand import Stand

HERE = Path(__file__).parent
PROGRAM = ministack_program()
"""Looked up before the tests' environment loses the settings of this machine."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the soak tests out of every run that does not name them or their folder."""
    if not collection_path.name.startswith("test_"):
        return None
    named = [config.invocation_params.dir / one.partition("::")[0] for one in config.args]
    return None if any(HERE in {one, *one.parents} for one in named) else True


@pytest.fixture
def soaking(tmp_path: Path) -> Iterator[Stand]:
    """Return a stand whose daemon has not been started."""
    if PROGRAM is None:
        pytest.skip("needs ministack: set SESAUDITD_MINISTACK, or run `make soak`")
    with stand(tmp_path, PROGRAM) as made:
        yield made
