"""Secrets that systemd or a container hands over as files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sesauditd.config import load
from sesauditd.errors import Refused

if TYPE_CHECKING:
    from pathlib import Path

WEBHOOK = "SESAUDITD_ALERTS__WEBHOOK"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"CREDENTIALS_DIRECTORY": str(tmp_path)}


@pytest.mark.parametrize("name", [WEBHOOK, WEBHOOK.lower()])
def test_a_credential_counts_as_the_variable_that_it_is_named_like(
    tmp_path: Path, environ: dict[str, str], name: str
) -> None:
    (tmp_path / name).write_text("https://hooks.example/secret\n")
    (tmp_path / "SESAUDITD_aws").write_text("[default]\n")

    assert load(None, environ).alerts.webhook == "https://hooks.example/secret"


def test_a_variable_wins_over_a_credential_and_a_credential_over_the_file(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    (tmp_path / "SESAUDITD_AWS__REGION").write_text("eu-west-1")
    (tmp_path / "SESAUDITD_DATABASE__URL").write_text("/from/a/credential.db")
    (tmp_path / "config.toml").write_text('[database]\nurl = "/from/the/file.db"\n')
    settings = load(None, environ | {"SESAUDITD_AWS__REGION": "eu-central-1"})

    assert settings.aws.region == "eu-central-1"
    assert settings.database.url.endswith("/from/a/credential.db")


def test_the_configuration_itself_may_be_a_credential_unless_another_is_named(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    (tmp_path / "config.toml").write_text('[aws]\nregion = "eu-west-3"\n')
    other = tmp_path / "other.toml"
    other.write_text('[aws]\nregion = "eu-west-2"\n')

    assert load(None, environ).aws.region == "eu-west-3"
    assert load(other, environ).aws.region == "eu-west-2"


def test_a_credential_of_no_key_is_refused_by_name(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "SESAUDITD_ALERTS__WEBHOK").write_text("https://hooks.example/secret")

    with pytest.raises(Refused, match=f"did you mean {WEBHOOK}"):
        load(None, environ)


def test_what_cannot_be_read_is_refused_and_not_shown(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    (tmp_path / WEBHOOK).write_bytes(b"hunter2\xff")

    with pytest.raises(Refused) as refusal:
        load(None, environ)
    assert WEBHOOK in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="CREDENTIALS_DIRECTORY"):
        load(None, {"CREDENTIALS_DIRECTORY": str(tmp_path / "none")})
