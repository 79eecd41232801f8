from __future__ import annotations

from ipaddress import IPv4Address
from typing import TYPE_CHECKING

import pytest

from sesauditd.errors import Refused
from sesauditd.web.access import Gate, Place, gate, is_loopback, place

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "a" * 31 + "7"
EVERY = str(IPv4Address(0))


@pytest.mark.parametrize(
    ("bind", "host", "port", "loopback"),
    [
        pytest.param("127.0.0.1:8080", "127.0.0.1", 8080, True, id="this machine"),
        pytest.param("[::1]:80", "::1", 80, True, id="this machine by IPv6"),
        pytest.param("localhost:0", "localhost", 0, True, id="by name"),
        pytest.param("0.0.0.0:8080", EVERY, 8080, False, id="everybody"),
        pytest.param(":8080", "", 8080, False, id="no address is everybody"),
        pytest.param("[::]:8080", "::", 8080, False, id="everybody by IPv6"),
        pytest.param("192.0.2.7:8080", "192.0.2.7", 8080, False, id="another address"),
        pytest.param("dash.example:8080", "dash.example", 8080, False, id="another name"),
    ],
)
def test_what_a_bind_names(bind: str, host: str, port: int, loopback: bool) -> None:
    at = place(bind)
    assert (at.host, at.port, at.is_loopback) == (host, port, loopback)


def test_what_names_no_port_is_refused() -> None:
    with pytest.raises(Refused, match=r"web\.bind"):
        place("127.0.0.1")


def test_an_address_that_others_reach_is_refused_without_a_token() -> None:
    with pytest.raises(Refused, match=r"set web\.token_file"):
        gate(place("0.0.0.0:8080"), None)


def test_an_address_of_this_machine_needs_no_token() -> None:
    assert gate(place("127.0.0.1:8080"), None).token is None


def test_the_token_is_read_without_the_line_break_behind_it(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    assert gate(place("0.0.0.0:8080"), file).is_token(TOKEN)


@pytest.mark.parametrize("text", ["", "short", "two words of a long enough token", "ä" * 40])
def test_a_token_that_could_be_guessed_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "token"
    file.write_text(text)
    with pytest.raises(Refused, match="openssl rand"):
        gate(place("0.0.0.0:8080"), file)


def test_a_token_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be read"):
        gate(place("127.0.0.1:8080"), tmp_path / "none")


@pytest.mark.parametrize(
    ("host", "answered"),
    [
        ("127.0.0.1:8080", True),
        ("localhost:8080", True),
        ("LOCALHOST", True),
        ("[::1]:8080", True),
        ("127.1.2.3", True),
        ("evil.example:8080", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("", False),
        (None, False),
        ("192.0.2.7", False),
    ],
)
def test_without_a_token_only_names_of_this_machine_are_answered_to(
    host: str | None, answered: bool
) -> None:
    assert Gate(None).answers_to(host) is answered


def test_with_a_token_any_name_is_answered_to() -> None:
    assert Gate(TOKEN).answers_to("dash.example")


@pytest.mark.parametrize(
    ("authorization", "let_in"),
    [
        (f"Bearer {TOKEN}", True),
        (f"bearer  {TOKEN} ", True),
        (f"Bearer {TOKEN}x", False),
        (f"Basic {TOKEN}", False),
        ("Bearer ", False),
        ("Bearer \udcff", False),
        (None, False),
    ],
)
def test_the_header_has_to_show_the_token(authorization: str | None, let_in: bool) -> None:
    assert Gate(TOKEN).lets_in(authorization, None) is let_in


def test_the_cookie_lets_in_and_does_not_hold_the_token() -> None:
    guarded = Gate(TOKEN)
    assert guarded.lets_in(None, guarded.cookie)
    assert TOKEN not in guarded.cookie
    assert not guarded.lets_in(None, Gate(f"{TOKEN}x").cookie)


def test_nothing_is_a_token_where_there_is_none() -> None:
    assert not Gate(None).is_token("")


def test_an_address_is_written_as_a_link() -> None:
    assert Place(host="::1", port=0).url(8080) == "http://[::1]:8080/"
    assert Place(host="", port=0).url(81) == "http://localhost:81/"
    assert not is_loopback("example.org")
