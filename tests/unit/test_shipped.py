"""Shipped files are found in a wheel, in a checkout, and missed in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from sesauditd import shipped
from sesauditd.errors import Failed

ROOT = Path(__file__).parents[2]


def test_a_checkout_has_them_beside_the_package() -> None:
    assert shipped.migrations_folder() == ROOT / "migrations"
    assert shipped.policy_file("policy.toml") == ROOT / "config" / "policy.toml"


def test_a_wheel_has_them_inside_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "sesauditd"
    for folder in ("migrations", "config"):
        (package / "_shipped" / folder).mkdir(parents=True)
        (tmp_path / folder).mkdir()
    monkeypatch.setattr(shipped, "files", lambda _: package)
    assert shipped.migrations_folder() == package / "_shipped" / "migrations"
    assert shipped.policy_file("x.toml") == package / "_shipped" / "config" / "x.toml"


def test_an_installation_without_them_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipped, "files", lambda _: tmp_path / "sesauditd")
    with pytest.raises(Failed, match=r"'migrations' is missing .* install sesauditd again"):
        shipped.migrations_folder()
