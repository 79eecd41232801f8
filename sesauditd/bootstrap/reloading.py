"""Takes new settings at SIGHUP, and goes on with the old ones where the new cannot be right."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from sesauditd.errors import Broken, Refused, SesauditdError

if TYPE_CHECKING:
    from sesauditd.config.settings import Settings

log = structlog.get_logger()


def check_admissible(settings: Settings, environment: Mapping[str, str]) -> None:
    """Raise Refused, without asking anybody, for what no daemon can run with."""
    from sesauditd.aws.clients import endpoint_conflicts
    from sesauditd.bootstrap.dashboard import entrance
    from sesauditd.bootstrap.telling import roads_of
    from sesauditd.config import policies_of
    from sesauditd.config.readiness import check_runnable

    conflict = endpoint_conflicts(environment, settings.aws.endpoint_url)
    if conflict is not None:
        raise Refused(conflict)
    entrance(settings)
    check_runnable(settings)
    policies_of(settings)
    roads_of(settings)


@dataclass(slots=True, kw_only=True)
class Course:
    """The settings that a daemon works by, and the ones before until the newer proved right."""

    settings: Settings
    environment: Mapping[str, str]
    reread: Callable[[], Settings]
    """Reads the configuration anew; raises Refused in one line if it is wrong."""
    settle: Callable[[Settings], None]
    """Does what settings say about the process itself: how it logs."""
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by SIGHUP."""
    _before: Settings | None = field(default=None, init=False)

    @property
    def is_new(self) -> bool:
        """Return whether the settings have not been worked by yet."""
        return self._before is not None

    async def run(self, stop: asyncio.Event) -> None:
        """Stop everything as soon as there are new settings; ends when something else stops it."""
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                asked = asyncio.create_task(self.asked.wait())
                await asyncio.wait({asked, stopped}, return_when=asyncio.FIRST_COMPLETED)
                asked.cancel()
                if not stop.is_set() and self.renew():
                    stop.set()
        finally:
            stopped.cancel()

    def renew(self) -> bool:
        """Read the settings anew; return whether they can be right, and say so if not."""
        self.asked.clear()
        try:
            found = self.reread()
            check_admissible(found, self.environment)
            if found.database.url != self.settings.database.url:
                raise Refused("database.url is changed by a restart only")
        except SesauditdError as error:
            _complain(error)
            return False
        changed = sorted(
            name
            for name in type(found).model_fields
            if getattr(found, name) != getattr(self.settings, name)
        )
        log.info("reload_begun", changed=changed)
        self._before = self._before or self.settings
        self.settings = found
        return True

    def hold(self) -> None:
        """Take the settings for right: everything could be put together from them."""
        if self.is_new:
            self.settle(self.settings)
            self._before = None

    def go_back(self, error: SesauditdError) -> None:
        """Return to the settings before; raises the error if it is of those or of the disk."""
        if self._before is None or isinstance(error, Broken):
            raise error
        _complain(error)
        self.settings, self._before = self._before, None


def _complain(error: SesauditdError) -> None:
    log.error("reload_refused", reason=str(error))
