"""File systems that are small, full or read-only, where this machine lets a test mount one."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILLER = "filler"
BLOCK = b"\0" * 4096


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[None]:
    """Put the folder on a disk of its own while the block runs; skip where that is forbidden."""
    folder.mkdir(exist_ok=True)
    _mounted("-t", "tmpfs", "-o", f"size={mebibytes}m,mode=700", "tmpfs", str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Leave no room on the folder's disk while the block runs."""
    filler = folder / FILLER
    number = os.open(filler, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        _fill(number)
        yield
    finally:
        os.close(number)
        filler.unlink()


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let nothing be written on the small disk of a folder while the block runs."""
    _mounted("-o", "remount,ro", str(folder))
    try:
        yield
    finally:
        _mounted("-o", "remount,rw", str(folder))


def _fill(number: int) -> None:
    while True:
        try:
            os.write(number, BLOCK)
        except OSError:
            return


def _mounted(*arguments: str) -> None:
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("only root can mount the disk that this test fills")
    ran = subprocess.run([mount, *arguments], capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        pytest.skip(f"this machine mounts no disk for a test: {ran.stderr.strip()}")
