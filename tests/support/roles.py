"""The policies of docs/iam, for sandboxes that hold callers to them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER = Path(__file__).parents[2] / "docs" / "iam"
RUN = ("consume", "archive", "observe", "notify", "enforce")
"""What the running daemon is given."""
KEEPER = (*RUN, "look", "keep")
"""The same with what its keeper is given."""
SETUP = ("look", "setup")
ONBOARD = ("look", "onboard")
TAKE_OVER = (*ONBOARD, "takeover")
COMMANDS = {
    "db": ("recover",),
    "queue": ("recover",),
    "doctor": ("look",),
    "test": ("look",),
    "drift": ("look",),
    "export": ("look",),
    "adopt --check": ("look",),
    "setup": SETUP,
    "production-access": SETUP,
    "onboard": ONBOARD,
    "credentials": ONBOARD,
    "offboard": (*ONBOARD, "offboard"),
    "onboard --take-over": TAKE_OVER,
    "adopt --take-over": TAKE_OVER,
    "credentials split": TAKE_OVER,
    "run": KEEPER,
}
"""The files of docs/iam that a command runs with, as docs/operations.md says."""
NOBODY = "{}"
"""What a command may do that asks nothing of AWS."""


def policies(*names: str) -> tuple[str, ...]:
    """Return the documents of these roles."""
    return tuple((FOLDER / f"{name}.json").read_text(encoding="utf-8") for name in names)


def renamed(document: str, *names: str) -> str:
    """Return a document as somebody writes it whose topic, queues and bucket have other names."""
    topic, queue, bucket = names
    return (
        document.replace("sesaudit-123456789012-archive", bucket)
        .replace(":sesaudit-feedback", f":{topic}")
        .replace(":sesaudit-*", f":{queue}")
    )


def role_of(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the files for a command line; none for a command that needs no AWS."""
    words = [
        one for one in arguments if one in {name for many in COMMANDS for name in many.split()}
    ]
    if "--plan" in arguments and words[:1] != ["run"]:
        return ("look",)
    fitting = [name for name in COMMANDS if words[:1] == name.split()[:1]]
    exact = [name for name in fitting if set(name.split()) <= set(words)]
    return COMMANDS[max(exact, key=len)] if exact else ()


ADMINISTRATOR = policies("look", "setup", "onboard", "takeover")
"""Who sets an account up, onboards domains, and takes over what stands there."""
