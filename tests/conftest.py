"""Every test runs alone with itself: no settings of this machine, no network, no deadline."""

from __future__ import annotations

import gc
import logging
import os
import socket
from typing import TYPE_CHECKING

import hypothesis
import pytest
import structlog

from sesauditd.store import schema
from tests.support import compiled
from tests.support.schema import copied

if TYPE_CHECKING:
    from collections.abc import Iterator

FOREIGN_SETTINGS = ("AWS_", "SESAUDITD_")
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

# Under CI hypothesis loads a profile of its own that repeats the same examples each time.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("soak", deadline=None, max_examples=5000)
if not os.environ.get("CI"):
    hypothesis.settings.load_profile("here")


# What the libraries and the tests themselves consist of never becomes garbage, and to look through
# it again and again took up to a quarter of a run.
gc.set_threshold(50_000, 20, 50)


def pytest_collection_finish() -> None:
    """Leave what was imported out of every later search for garbage."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _no_settings_of_this_machine() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(FOREIGN_SETTINGS):
                patch.delenv(name)
        yield


@pytest.fixture(scope="session", autouse=True)
def _statements_compiled_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        compiled.share(patch)
        yield


@pytest.fixture(autouse=True)
def _schema_at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare each test the migrations, but for those that are about them."""
    if request.node.get_closest_marker("migrations") is None:
        monkeypatch.setattr(schema, "_upgrade", copied)


@pytest.fixture(autouse=True)
def _logs_end_with_their_test() -> Iterator[None]:
    """Forget where a command of an earlier test logged to: that stream is closed by now."""
    yield
    structlog.reset_defaults()
    for handler in list(logging.getLogger().handlers):
        if type(handler) is logging.StreamHandler:
            logging.getLogger().removeHandler(handler)


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    connect = socket.socket.connect

    def connect_here_only(self: socket.socket, address: tuple[str, int] | str | bytes) -> None:
        if isinstance(address, tuple) and address[0] not in LOOPBACK:
            pytest.fail(f"a test reached for the network: {address[0]}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_here_only)
        yield
