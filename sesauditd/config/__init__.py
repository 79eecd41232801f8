"""Settings and limits: read from TOML and the environment, refused in one line when wrong."""

from __future__ import annotations

from sesauditd.config.limits_file import (
    Policies,
    limits_for,
    load_limits,
    policies_of,
    policy_name,
)
from sesauditd.config.reading import DEFAULT_FILE, load
from sesauditd.config.settings import CustomerPolicy, Mode, Settings, Termination, Trust

__all__ = [
    "DEFAULT_FILE",
    "CustomerPolicy",
    "Mode",
    "Policies",
    "Settings",
    "Termination",
    "Trust",
    "limits_for",
    "load",
    "load_limits",
    "policies_of",
    "policy_name",
]
