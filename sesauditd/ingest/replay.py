"""From files and folders that a person names to lines, in flat memory."""

from __future__ import annotations

import gzip
import os
import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from sesauditd.errors import Failed, Refused
from sesauditd.ingest.reader import RawLine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from io import BufferedReader

LONGEST_LINE = 4 * 1024 * 1024
"""Bytes: a full SQS message of 1 MiB, its characters escaped once more, fits three times."""
KEPT_OF_LONGER = 64 * 1024
"""Bytes of an over-long line that go into quarantine."""
LINES_A_STEP = 256
"""How often progress is told."""
ENDINGS = (".jsonl", ".jsonl.gz")

JOURNAL = re.compile(r"(?:^|/)journal/dt=[^/]+/\d+-\d+-[0-9a-f]{64}\.jsonl$")

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_GZIP_MAGIC = b"\x1f\x8b"


def _unseen(_: int) -> None:
    return


def files_of(sources: Iterable[str | Path]) -> tuple[Path, ...]:
    """Return the files that the sources name, those of a folder in sorted order.

    A named file is read whatever it is called; of a folder all `.jsonl` and `.jsonl.gz` files
    below it, but the journal of decisions. Raises Refused for a missing source and an empty
    folder.
    """
    return tuple(path for source in sources for path in _files_of_one(source))


def bytes_total(sources: Iterable[str | Path]) -> int:
    """Return the size of all files together, compressed ones as they lie on the disk."""
    return sum(path.stat().st_size for path in files_of(sources))


def lines(
    sources: Iterable[str | Path], progress: Callable[[int], None] = _unseen
) -> Iterator[RawLine]:
    """Return every line that is not blank, file by file; `progress` is told the bytes done.

    Raises Refused as `files_of` does, at once; raises Failed, naming the file, on reaching
    one that cannot be opened or breaks off.
    """
    return _lines_of_all(files_of(sources), progress)


def is_journal(path: str) -> bool:
    """Say whether a file or object is a copy of the journal: it holds no notifications."""
    return JOURNAL.search(path) is not None


def _files_of_one(source: str | Path) -> list[Path]:
    named = str(source)
    path = Path(source).absolute()
    try:
        path.stat()
    except FileNotFoundError:
        raise Refused(f"{named}: no such file or folder") from None
    except (OSError, ValueError) as error:
        raise Refused(f"{named}: {_words(error)}") from error
    if not path.is_dir():
        return [path]
    found = sorted(_below(path))
    if not found:
        raise Refused(f"{named}: the folder holds no {' or '.join(ENDINGS)} file")
    return found


def _below(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> NoReturn:
        # A folder that cannot be listed must not pass for an empty one.
        raise Refused(f"{error.filename}: {_words(error)}") from error

    for parent, _, names in os.walk(folder, onerror=refuse):
        found = (Path(parent, name) for name in names if name.endswith(ENDINGS))
        yield from (one for one in found if not is_journal(one.as_posix()))


def _lines_of_all(files: tuple[Path, ...], progress: Callable[[int], None]) -> Iterator[RawLine]:
    done = 0
    for path in files:
        for raw, position in _lines_of(path):
            if raw is not None:
                yield raw
            if position is not None:
                progress(done + position)
        done += path.stat().st_size
        progress(done)


def _lines_of(path: Path) -> Iterator[tuple[RawLine | None, int | None]]:
    """Yield each line, None for a blank one, and now and then the position in the file."""
    # A file name need not be UTF-8, but the store keeps only what is.
    source = os.fsencode(path).decode(errors="backslashreplace")
    number = 0
    try:
        with path.open("rb") as file:
            packed = file.peek(len(_GZIP_MAGIC)).startswith(_GZIP_MAGIC)
            stream = gzip.GzipFile(fileobj=file) if packed else file
            while line := stream.readline(LONGEST_LINE):
                number += 1
                position = _position(file) if number % LINES_A_STEP == 0 else None
                yield _raw(line, stream, source, number), position
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Failed(
            f"{source}: the gzip file breaks off or is damaged after line {number}; "
            "what was read before is recorded, the rest is not"
        ) from error
    except OSError as error:
        raise Failed(f"{source}: {_words(error)} after line {number}") from error


def _raw(
    line: bytes, stream: BufferedReader | gzip.GzipFile, source: str, number: int
) -> RawLine | None:
    """Return the line, or the start of one that is too long, whose rest is skipped."""
    if number == 1:
        line = line.removeprefix(_BYTE_ORDER_MARK)
    fault = None
    if len(line) >= LONGEST_LINE and not line.endswith(b"\n"):
        fault = f"a line of more than {LONGEST_LINE // 1024**2} MiB"
        line = line[:KEPT_OF_LONGER]
        rest = stream.readline(KEPT_OF_LONGER)
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(KEPT_OF_LONGER)
    text = line.rstrip(b"\r\n")
    if not text.strip():
        return None
    return RawLine(text=text, origin_source=source, line=number, fault=fault)


def _position(file: BufferedReader) -> int | None:
    return file.tell() if file.seekable() else None


def _words(error: Exception) -> str:
    words = getattr(error, "strerror", None) or str(error)
    return words[:1].lower() + words[1:]
