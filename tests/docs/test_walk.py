"""The tutorial and the how-tos are walked through, word for word, against the sandbox."""

from __future__ import annotations

import shlex
import socket
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.support.pages import ROOT, Typed, typed

if TYPE_CHECKING:
    from pathlib import Path

WALK = (
    "docs/tutorial.md",
    "docs/howto/adopt.md",
    "docs/howto/onboard-many.md",
    "docs/howto/terraform.md",
    "docs/howto/tune-the-policy.md",
    "docs/howto/explain-a-verdict.md",
    "docs/howto/hand-over.md",
    "docs/howto/rotate.md",
    "docs/howto/under-review.md",
    "docs/howto/lost-disk.md",
)
"""In this order: a how-to goes on where the tutorial ended."""
PORTS = ("4570", "2587", "5354", "8080")
SECONDS = 1800
BEGINNING = """
cd {folder}
SANDBOX= DAEMON= starts=0
trap 'kill $DAEMON $SANDBOX 2>/dev/null; wait' EXIT
until_said() {{  # until_said WORDS FILE: what goes on in another terminal is ready
  for _ in $(seq 600); do grep -q "$1" "$2" && return; sleep 0.2; done
  cat "$2" >&2; return 1
}}
""".format


def test_every_how_to_is_walked_through() -> None:
    found = [str(one.relative_to(ROOT)) for one in (ROOT / "docs/howto").glob("*.md")]
    assert sorted(found) == sorted(WALK[1:])


@pytest.mark.slow
def test_the_tutorial_and_the_how_tos_do_what_they_say(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "sesauditd"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m sesauditd "$@"\n')
    program.chmod(0o755)
    folder = tmp_path / "walk"
    folder.mkdir()
    script = tmp_path / "walk.sh"
    script.write_text(
        "".join(
            [BEGINNING(folder=folder), *(_step(page, one) for page in WALK for one in run(page))]
        )
    )
    with (tmp_path / "said").open("w") as said:
        walked = subprocess.run(
            ["bash", str(script)],
            env={
                "PATH": f"{program.parent}:/usr/local/bin:/usr/bin:/bin",
                "HOME": str(tmp_path),
                "LANG": "C.UTF-8",
                "PYTHONPATH": str(ROOT),
                "SESAUDITD_WEB__BIND": f"127.0.0.1:{PLACES['8080']}",
            },
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
    assert walked.returncode == 0, (tmp_path / "said").read_text()[-3000:]


def run(page: str) -> list[Typed]:
    """Return the commands of a page that are run."""
    return [one for one in typed(page) if not one.not_run]


def _step(page: str, one: Typed) -> str:
    """Return the lines of shell for one command: what is to go on goes on in the background."""
    text = one.text
    for port, place in PLACES.items():
        text = text.replace(port, place)
    where = f"{page}:{one.line}"
    if text.startswith("sesauditd sandbox"):
        text = (
            f"{text} --port {PLACES['4570']} --smtp-port {PLACES['2587']} >sandbox.log 2>&1 &\n"
            "SANDBOX=$!\nuntil_said AWS_REGION sandbox.log"
        )
    elif text.startswith("sesauditd run"):
        text = (
            f"starts=$((starts + 1))\n{text} >daemon-$starts.log 2>&1 & DAEMON=$!\n"
            "until_said daemon_ready daemon-$starts.log"
        )
    check = (
        f"code=$?; [ $code -eq {one.code} ] || "
        f'{{ echo "{where} ended with $code, not {one.code}"; exit 99; }}'
    )
    return f'echo "== {where}"\n{text}\n{check}\n'


def _free() -> str:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


PLACES = {port: _free() for port in PORTS}
"""Each port of the pages, and a free one in its place."""
