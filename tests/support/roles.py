"""The policies of docs/iam, for sandboxes that hold callers to them."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "iam"
RUN = ("consume", "archive", "observe", "notify", "enforce")
"""What the running daemon is given."""
SETUP = ("look", "setup")
ONBOARD = ("look", "onboard")


def policies(*names: str) -> tuple[str, ...]:
    """Return the documents of these roles."""
    return tuple((FOLDER / f"{name}.json").read_text(encoding="utf-8") for name in names)
