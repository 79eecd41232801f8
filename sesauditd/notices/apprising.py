"""Tells one address of Apprise, in a process of its own: `python -m sesauditd.notices.apprising`.

A service that hangs can then be killed, and nothing that the library or a service prints,
addresses with passwords among it, gets anywhere. Reads a JSON object from standard input.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

NOT_UNDERSTOOD = 3
NOT_TAKEN = 4
NOT_INSTALLED = 5


def main() -> int:
    """Return 0 if the service took it, else a code that says why not."""
    order: dict[str, str] = json.load(sys.stdin)
    try:
        library: Any = importlib.import_module("apprise")
    except ImportError:
        return NOT_INSTALLED
    messenger = library.Apprise()
    if not messenger.add(order["address"]):
        return NOT_UNDERSTOOD
    # As text: services that show HTML or Markdown get it escaped.
    taken = messenger.notify(
        title=order["title"], body=order["body"], notify_type=order["type"], body_format="text"
    )
    return 0 if taken else NOT_TAKEN


if __name__ == "__main__":
    raise SystemExit(main())
