"""Who signed is read from the credential scope."""

from __future__ import annotations

import pytest

from sesauditd.sandbox.signing import signer_of

GOOD = (
    "AWS4-HMAC-SHA256 Credential=AKIA1/20261124/eu-central-1/ses/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=" + "a" * 64
)


def test_a_signature_names_key_region_and_service() -> None:
    signer = signer_of(GOOD)
    assert signer is not None
    assert (signer.access_key_id, signer.region, signer.service) == ("AKIA1", "eu-central-1", "ses")


@pytest.mark.parametrize(
    "header",
    ["", "Bearer x", GOOD[:-1], GOOD.replace("/ses/", "/"), GOOD.replace("HMAC", "RSA")],
    ids=["none", "another-scheme", "short-signature", "no-service", "another-algorithm"],
)
def test_what_is_no_signature_names_nobody(header: str) -> None:
    assert signer_of(header) is None
