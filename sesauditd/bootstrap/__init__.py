"""Builds the program: settings to parts, by hand; the only owner of a clock."""

from __future__ import annotations

from sesauditd.bootstrap.program import (
    NOTICES_SET,
    Application,
    application,
    now,
    upgrade_database,
)

__all__ = ["NOTICES_SET", "Application", "application", "now", "upgrade_database"]
