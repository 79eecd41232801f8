"""The certificate and the key with which the sandbox signs as SNS does."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

BITS = 2048
EXPONENT = 65537
SIGNED = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
"""The keys of a notification that are signed, in byte order (ses-facts 2.2)."""
DIGESTS = {"1": "SHA1", "2": "SHA256"}
"""By the topic attribute SignatureVersion; the weak one is SNS's own default."""
VALID_FROM = datetime(2010, 1, 1, tzinfo=UTC)
VALID_UNTIL = datetime(2060, 1, 1, tzinfo=UTC)
"""Wide enough for the clock of any story."""


class Signer:
    """A key of its own for each sandbox, certified by an authority of its own."""

    def __init__(self, region: str) -> None:
        authority = rsa.generate_private_key(public_exponent=EXPONENT, key_size=BITS)
        self._key = rsa.generate_private_key(public_exponent=EXPONENT, key_size=BITS)
        issuer = _name("Sandbox of sesauditd")
        host = f"sns.{region}.amazonaws.com"
        root = _certificate(issuer, issuer, authority, authority, None)
        leaf = _certificate(_name(host), issuer, self._key, authority, host)
        self.root_pem = root.public_bytes(serialization.Encoding.PEM)
        self.certificate_pem = leaf.public_bytes(serialization.Encoding.PEM)
        digest = leaf.fingerprint(hashes.SHA256()).hex()[:32]
        self.certificate_path = f"/SimpleNotificationService-{digest}.pem"
        """Where the front serves the certificate; AWS's own hosts have it under the same path."""
        self.certificate_url = f"https://{host}{self.certificate_path}"

    def signature(self, envelope: Mapping[str, str], version: str) -> str:
        """Return the signature: version 1 is RSA with SHA-1, 2 with SHA-256 (ses-facts 2.2)."""
        text = "".join(f"{key}\n{envelope[key]}\n" for key in SIGNED if key in envelope)
        digest = getattr(hashes, DIGESTS[version])()
        return base64.b64encode(self._key.sign(text.encode(), padding.PKCS1v15(), digest)).decode()


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    owner: rsa.RSAPrivateKey,
    authority: rsa.RSAPrivateKey,
    host: str | None,
) -> x509.Certificate:
    """Return a certificate of an authority, or of a host."""
    constraints = x509.BasicConstraints(ca=host is None, path_length=None)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(owner.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(VALID_FROM)
        .not_valid_after(VALID_UNTIL)
        .add_extension(constraints, critical=True)
    )
    if host is not None:
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = builder.add_extension(names, critical=False).add_extension(usage, critical=False)
    return builder.sign(authority, hashes.SHA256())
