"""The image: what its file says, its steps done by hand, and the compose file for it."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from typing_extensions import override

from sesauditd.config.settings import known_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "config" / "compose.yaml"
HADOLINT = shutil.which("hadolint", path=Path(sys.executable).parent)
IN_IMAGE = ("/opt/", "/source", "/wheels")
"""Folders of the image that the steps name, and that the test puts elsewhere."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction of the Dockerfile, and the stage in which it stands."""

    stage: str
    word: str
    rest: str


def instructions() -> list[Instruction]:
    """Return the Dockerfile's instructions, with continued lines joined."""
    text = re.sub(r"(?m)^\s*#.*\n", "", (ROOT / "Dockerfile").read_text())
    found, stage = [], ""
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            stage = rest.rsplit(" ", 1)[-1]
        if word:
            found.append(Instruction(stage, word, rest))
    return found


def of(stage: str, word: str) -> list[str]:
    """Return what a stage says by one word, that of the stages it begins from included."""
    begun = [
        one.rest.split()[0] for one in instructions() if (one.stage, one.word) == (stage, "FROM")
    ]
    own = [one.rest for one in instructions() if (one.stage, one.word) == (stage, word)]
    return [*(rest for earlier in begun for rest in of(earlier, word)), *own]


def sources() -> list[str]:
    """Return the names that are copied from the checkout into the image."""
    copies = [one.rest.split() for one in instructions() if one.word == "COPY"]
    return [name for words in copies if not words[0].startswith("--") for name in words[:-1]]


@pytest.mark.parametrize("stage", ["daemon", "sandbox"])
def test_nobody_in_the_image_has_rights(stage: str) -> None:
    assert of(stage, "USER")[-1].isdecimal()
    assert of(stage, "USER")[-1] != "0"
    assert json.loads(of(stage, "ENTRYPOINT")[-1]) == ["sesauditd"]


def test_what_builds_is_not_in_what_runs() -> None:
    copied = [rest for rest in of("daemon", "COPY") if rest.startswith("--from")]
    assert copied == ["--from=build /opt/sesauditd /opt/sesauditd"]
    bases = {one.rest.split()[0] for one in instructions() if one.word == "FROM"}
    assert {base for base in bases if ":" in base} == {"python:3.13-slim"}


def test_what_is_copied_is_there_and_goes_to_the_builder() -> None:
    allowed = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    assert set(sources()) == allowed
    assert [name for name in sources() if not (ROOT / name).exists()] == []


@pytest.mark.skipif(HADOLINT is None, reason="hadolint has no package for this machine")
def test_hadolint_finds_nothing() -> None:
    assert HADOLINT
    found = subprocess.run(
        [HADOLINT, ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stdout) == (0, "")


@contextmanager
def answering(status: int) -> Iterator[str]:
    """Answer like a daemon whose health is this, and yield where."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        @override
        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"0.0.0.0:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_the_image_is_as_healthy_as_the_daemon(status: int, healthy: bool) -> None:
    (check,) = of("daemon", "HEALTHCHECK")
    _, *command = json.loads(check[check.index("[") :])
    with answering(status) as at:
        ran = subprocess.run(
            [sys.executable, *command],
            env={"SESAUDITD_WEB__BIND": at},
            capture_output=True,
            check=False,
        )
    assert (ran.returncode == 0) == healthy


@pytest.mark.slow
def test_the_steps_of_the_image_done_by_hand_make_a_program_that_runs(tmp_path: Path) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COV", "PYTHON", "PYTEST", "VIRTUAL"))
    }
    for one in instructions():
        if one.stage != "build":
            continue
        if one.word == "COPY":
            *names, _ = one.rest.split()
            for name in names:
                _copy(ROOT / name, folder / name)
        elif one.word == "RUN":
            step = f'set -eu; python() {{ {shlex.quote(sys.executable)} "$@"; }}; {one.rest}'
            for there in IN_IMAGE:
                step = re.sub(rf"(?<![\w.]){there}", f"{tmp_path}{there}", step)
            done = subprocess.run(
                ["sh", "-c", step],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"{one.rest}\n{done.stdout}{done.stderr}"
    made = tmp_path / "opt" / "sesauditd"
    assert not (made / "bin" / "pip").exists()
    url = tmp_path / "store.db"
    for arguments in (["--version"], ["db", "upgrade"], ["status", "--json"]):
        ran = subprocess.run(
            [made / "bin" / "sesauditd", *arguments],
            cwd=tmp_path,
            env={"SESAUDITD_DATABASE__URL": str(url)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
    assert url.is_file()


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        kept = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, target, ignore=kept)
    else:
        shutil.copy(source, target)


def test_the_compose_file_shuts_the_daemon_in_and_names_what_it_uses() -> None:
    file = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    ours = file["services"]["sesauditd"]
    assert ours["read_only"] is True
    assert ours["cap_drop"] == ["ALL"]
    assert all(fnmatch(port, "127.0.0.1:*") for port in ours["ports"])
    for service in file["services"].values():
        assert set(service.get("secrets", [])) <= set(file["secrets"])
        assert set(service["networks"]) <= set(file["networks"])
        named = {volume.partition(":")[0] for volume in service["volumes"]}
        assert {name for name in named if not name.startswith(".")} <= set(file["volumes"])


def test_the_compose_file_sets_keys_that_exist() -> None:
    ours = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]["sesauditd"]
    keys = {
        name.removeprefix("SESAUDITD_").lower().replace("__", ".")
        for name in ours["environment"]
        if name.startswith("SESAUDITD_")
    }
    assert keys
    assert keys <= set(known_keys())
