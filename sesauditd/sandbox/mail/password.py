"""The password with which an IAM user logs in to SES by SMTP."""

from __future__ import annotations

import base64
import hashlib
import hmac

VERSION = b"\x04"
FIXED_DATE = "11111111"


def smtp_password(secret: str, region: str) -> str:
    """Return the password derived from a secret access key for one Region (ses-facts 6.3)."""
    key = b"AWS4" + secret.encode()
    for part in (FIXED_DATE, region, "ses", "aws4_request", "SendRawEmail"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return base64.b64encode(VERSION + key).decode()
