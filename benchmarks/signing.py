"""Signed messages, and the host that offers the certificate they name: for queue.trust = signature.

SNS's own host cannot be asked for a certificate of ours. The daemon follows the proxy of its
environment and believes the authorities in SSL_CERT_FILE, so that a proxy of one page stands in.
"""

from __future__ import annotations

import base64
import contextlib
import json
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import backlog
import bench
import generator
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

if TYPE_CHECKING:
    from pathlib import Path

SIGNED = ("Message", "MessageId", "Timestamp", "TopicArn", "Type")
HOST = generator.CERTIFICATE.split("/")[2]
CERTIFICATE = f"https://{HOST}/SimpleNotificationService-{'0' * 32}.pem"
"""A name as SNS gives them; others are not fetched."""
SINCE, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)


def signed_file(events: int) -> Path:
    """Return a file of so many whole messages that are signed, made once with its certificate."""
    file = bench.MADE / f"signed-{events}-{bench.patterns_file().stem}.jsonl"
    if not file.exists():
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        _write_certificate(file, key)
        draft = file.with_suffix(".draft")
        with draft.open("w") as lines:
            for body, _ in backlog.bodies(events):
                lines.write(f"{_signed(body, key)}\n")
        draft.replace(file)
    return file


@contextmanager
def authority(file: Path) -> Iterator[dict[str, str]]:
    """Offer the certificate of a signed file; yields the daemon's environment for it."""
    pem, secret = file.with_suffix(".pem"), file.with_suffix(".key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    page = pem.read_bytes()

    class Proxy(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline().strip():
                pass
            self.request.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            with (
                contextlib.suppress(OSError),
                context.wrap_socket(self.request, server_side=True) as inside,
            ):
                inside.recv(65536)
                length = str(len(page)).encode()
                inside.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: " + length + b"\r\n\r\n" + page)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Proxy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        yield {"HTTPS_PROXY": f"http://127.0.0.1:{port}", "SSL_CERT_FILE": str(pem)}
        server.shutdown()


def _signed(body: str, key: rsa.RSAPrivateKey) -> str:
    envelope = json.loads(body)
    text = "".join(f"{name}\n{envelope[name]}\n" for name in SIGNED)
    signature = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    encoded = base64.b64encode(signature).decode()
    return json.dumps(envelope | {"Signature": encoded, "SigningCertURL": CERTIFICATE})


def _write_certificate(file: Path, key: rsa.RSAPrivateKey) -> None:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(SINCE)
        .not_valid_after(UNTIL)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file.with_suffix(".pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.with_suffix(".key").write_bytes(secret)
