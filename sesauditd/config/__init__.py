"""Settings and limits: read from TOML and the environment, refused in one line when wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sesauditd.config.reading import DEFAULT_FILE, load
from sesauditd.config.settings import CustomerPolicy, Mode, Settings, Termination, Trust

if TYPE_CHECKING:
    from sesauditd.config.limits_file import (
        Policies,
        limits_for,
        load_limits,
        policies_of,
        policy_name,
    )

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


def __getattr__(name: str) -> object:
    """Return what is about limits: who needs settings alone does not import it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sesauditd.config import limits_file

    return getattr(limits_file, name)
