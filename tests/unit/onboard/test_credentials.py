"""What a site needs to log in: AWS's derivation, and texts that a person can paste."""

from __future__ import annotations

import pytest

from sesauditd.onboard.credentials import (
    Credentials,
    Server,
    blocks,
    document,
    host_of,
    smtp_password,
    whole_text,
)

SAMPLE = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
"""The secret of AWS's own documents."""


def login(port: int = 587, password: str | None = None) -> Credentials:
    server = Server(host="email-smtp.eu-central-1.amazonaws.com", port=port)
    return Credentials(
        domain="bakery.example",
        server=server,
        user="AKIAIOSFODNN7EXAMPLE",
        password="B/x+y=" if password is None else password,
    )


@pytest.mark.parametrize(
    ("region", "password"),
    [
        ("us-east-1", "BLBM/9hSUELfq8Gw+rU1YcBjkOxGbhT2XG763xVLGWL9"),
        ("eu-west-1", "BMW5RDrXmmVs0lV7GpI4oLkHXpZ4stDsk6q91z1g38Pk"),
    ],
)
def test_a_password_is_derived_for_one_region(region: str, password: str) -> None:
    assert smtp_password(SAMPLE, region) == password


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-central-1", "email-smtp.eu-central-1.amazonaws.com"),
        ("cn-north-1", "email-smtp.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_the_server_is_that_of_the_region(region: str, host: str) -> None:
    assert host_of(region) == host


@pytest.mark.parametrize(
    ("port", "word"),
    [(25, "tls"), (587, "tls"), (2587, "tls"), (465, "ssl"), (2465, "ssl")],
)
def test_each_port_has_its_kind_of_tls(port: int, word: str) -> None:
    texts = {one.title: one.text for one in blocks(login(port))}
    assert document(login(port))["encryption"] == word
    constants = next(text for title, text in texts.items() if "constants" in title)
    assert f"define( 'WPMS_SSL', '{word}' );" in constants
    assert f"define( 'WPMS_SMTP_PORT', {port} );" in constants


def test_every_block_names_server_user_or_password() -> None:
    for block in blocks(login()):
        assert "AKIAIOSFODNN7EXAMPLE" in block.text
        assert "B/x+y=" in block.text
    assert whole_text(login()).startswith("=== bakery.example ===\n")


def test_php_sees_the_text_that_was_meant() -> None:
    hostile = login(password="it's \\ here")
    constants = next(one.text for one in blocks(hostile) if "constants" in one.title)
    assert r"'it\'s \\ here'" in constants


def test_no_representation_holds_the_password() -> None:
    made = login(password="BSECRET")
    assert "BSECRET" not in repr(made)
    assert all("BSECRET" not in repr(one) for one in blocks(made))
