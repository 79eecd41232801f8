"""Where the files that ship beside the code are: migrations and configuration."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from sesauditd.errors import Failed


def migrations_folder() -> Path:
    """Return the folder of the Alembic migrations; raises Failed if it was not installed."""
    return _shipped("migrations")


def policy_file(name: str) -> Path:
    """Return a file of `config/` by name; raises Failed if it was not installed."""
    return _shipped("config") / name


def _shipped(folder: str) -> Path:
    # A wheel carries the folders inside the package; a checkout or editable install has them
    # beside it.
    package = Path(str(files("sesauditd")))
    for candidate in (package / "_shipped" / folder, package.parent / folder):
        if candidate.is_dir():
            return candidate
    message = f"the folder {folder!r} is missing from the installation: install sesauditd again"
    raise Failed(message)
