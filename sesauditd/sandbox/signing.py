"""The Authorization header of Signature Version 4: who signed, and for which service."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEADER = re.compile(
    r"AWS4-HMAC-SHA256 +Credential=(?P<key>[^/, ]+)/(?P<day>\d{8})/(?P<region>[a-z0-9-]+)"
    r"/(?P<service>[a-z0-9-]+)/aws4_request, *SignedHeaders=(?P<signed>[a-z0-9;_-]+)"
    r", *Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """The credential scope of a signed request."""

    access_key_id: str
    region: str
    service: str


def signer_of(authorization: str) -> Signer | None:
    """Return who signed, or None if the header is not a well-formed signature.

    The signature itself is not computed anew: the sandbox is no gate, but a client that
    does not sign would not reach AWS.
    """
    found = _HEADER.fullmatch(authorization.strip())
    if found is None:
        return None
    return Signer(access_key_id=found["key"], region=found["region"], service=found["service"])
