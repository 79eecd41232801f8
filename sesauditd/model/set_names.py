"""What a domain's configuration set is called: the one rule that everything here goes by."""

from __future__ import annotations

import hashlib
from typing import Final

LONGEST: Final = 64
"""Letters of a set's name (ses-facts 6.1)."""
DIGEST: Final = 8


def set_name(prefix: str, domain: str) -> str:
    """Return the name of the set of a domain, an A-label: `-` becomes `_`, then `.` becomes `-`.

    A set's name holds no dot; a domain holds no underscore, so a-b.com and a.b.com differ. What
    is longer than 64 letters is cut, with a hash of the domain at its end.
    """
    name = f"{prefix}-{domain.replace('-', '_').replace('.', '-')}"
    if len(name) <= LONGEST:
        return name
    mark = hashlib.sha256(domain.encode()).hexdigest()[:DIGEST]
    return f"{name[: LONGEST - DIGEST - 1]}-{mark}"
