"""What the front hands to whoever answers a call of an AWS client, and what it gets back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One signed request of a client.

    `service` is the name in the credential scope ("ses" for SES v1 and v2 alike), `operation`
    its name in the service model where the front knows it, `path` percent-encoded as it came,
    `query` decoded with the last value of each name, `query_string` as it
    came without the "?", `headers` with names in lower case.
    """

    service: str
    operation: str | None = None
    method: str = "POST"
    path: str = "/"
    query: Mapping[str, str] = field(default_factory=dict)
    query_string: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    access_key_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back to the client, in the service's own protocol."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
