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


def renamed(document: str, *names: str) -> str:
    """Return a document as somebody writes it whose topic, queues and bucket have other names."""
    topic, queue, bucket = names
    return (
        document.replace("sesaudit-123456789012-archive", bucket)
        .replace(":sesaudit-feedback", f":{topic}")
        .replace(":sesaudit-*", f":{queue}")
    )


ADMINISTRATOR = policies("look", "setup", "onboard", "takeover")
"""Who sets an account up, onboards domains, and takes over what stands there."""
