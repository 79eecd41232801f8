"""Where new credentials go: onto the terminal, or into a file that did not exist; nowhere else."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import typer

from sesauditd.cli import output
from sesauditd.errors import Failed, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sesauditd.onboard.credentials import Credentials

READABLE_BY_OWNER = 0o600


def check(file: Path | None, *, as_json: bool) -> None:
    """Refuse, before anything is asked or made, where a secret would end wrong.

    That is in a pipe, in a log, or over what stands in a file.
    """
    if file is not None:
        refuse_unless_new(file)
        return
    if as_json:
        raise Refused("--json never holds a password: add --out FILE for the credentials")
    if not sys.stdout.isatty():
        raise Refused(
            "passwords are shown to a terminal only: add --out FILE to run this in a pipe"
        )


def refuse_unless_new(file: Path) -> None:
    """Refuse a file that exists, or whose folder does not."""
    if file.exists() or file.is_symlink():
        raise _taken(file)
    if not file.parent.is_dir():
        raise Refused(f"{file.parent}: no such folder; make it first: mkdir -p {file.parent}")


@contextmanager
def outlet(file: Path | None, *, as_json: bool) -> Iterator[Callable[[Credentials], None]]:
    """Yield what hands credentials over, and returns once they cannot be lost.

    The file is made at once, readable by its owner alone, and removed if nothing came into it.
    With `as_json` it has one JSON document a line. Raises Refused if it exists or cannot be
    made, and Failed if it cannot be written.
    """
    if file is None:
        yield _to_terminal
        return
    number = _made(file)
    written = False

    def to_file(credentials: Credentials) -> None:
        nonlocal written
        # Also half a text is somebody's password: such a file is kept.
        written = True
        _append(number, file, _text(credentials, as_json=as_json))

    try:
        yield to_file
    finally:
        os.close(number)
        if not written:
            with suppress(OSError):
                file.unlink()


def _to_terminal(credentials: Credentials) -> None:
    from sesauditd.onboard.credentials import whole_text

    with output.without_bar():
        typer.echo(whole_text(credentials))
        sys.stdout.flush()


def _made(file: Path) -> int:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        number = os.open(file, flags, READABLE_BY_OWNER)
    except FileExistsError as error:
        raise _taken(file) from error
    except OSError as error:
        raise Refused(f"{file} cannot be made: {error.strerror}") from error
    _keep_its_name(file)
    return number


def _taken(file: Path) -> Refused:
    return Refused(f"{file} exists: name a new file, nothing is written over")


def _keep_its_name(file: Path) -> None:
    """Have the folder written, so that the file is still there after a power cut."""
    folder = os.open(file.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(OSError):
            os.fsync(folder)
    finally:
        os.close(folder)


def _append(number: int, file: Path, text: str) -> None:
    left = text.encode()
    try:
        while left:
            left = left[os.write(number, left) :]
        os.fsync(number)
    except OSError as error:
        raise Failed(
            f"{file} cannot be written ({error.strerror}): the key is of no use to anybody and "
            "the next run deletes it"
        ) from error


def _text(credentials: Credentials, *, as_json: bool) -> str:
    from sesauditd.onboard.credentials import document, whole_text

    if as_json:
        return json.dumps(document(credentials)) + "\n"
    return whole_text(credentials) + "\n"
