"""`sesauditd test` and `sesauditd doctor` where there is nothing to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.program import Program

if TYPE_CHECKING:
    from pathlib import Path

DOMAIN = "club.example"


@pytest.fixture
def program(tmp_path: Path) -> Program:
    made = Program.made(tmp_path)
    made.adopt(DOMAIN, "club")
    return made


def test_no_login_is_asked_for_while_no_daemon_runs(program: Program) -> None:
    ran = program.run("test", DOMAIN)

    assert ran.code == 4
    assert ran.err.startswith("No daemon runs, so nothing would be recorded")
    assert ran.out == ""


def test_a_domain_that_is_not_registered_is_refused(program: Program) -> None:
    ran = program.run("test", "stranger.example")

    assert ran.code == 2
    assert "stranger.example is not registered" in ran.err


@pytest.mark.parametrize("server", ["2587", "host", "host:", "host:0", "host:70000", ":25"])
def test_a_server_is_a_host_and_a_port(program: Program, server: str) -> None:
    ran = program.run("doctor", "--server", server)

    assert ran.code == 2
    assert "such as 127.0.0.1:2587" in ran.err


def test_a_password_is_no_option(program: Program) -> None:
    assert program.run("test", DOMAIN, "--password", "secret").code == 2


def test_without_a_region_the_database_is_examined_all_the_same(program: Program) -> None:
    ran = program.run("doctor", "--json")

    assert ran.code == 1
    found = {one["check"]: one for one in ran.json["findings"]}
    assert found["database"]["state"] == "ok"
    assert found["region"]["state"] == "wrong"
    assert "Write region" in found["region"]["advice"]
